"""The current filter of the list as a file."""

from __future__ import annotations

from uuid import UUID


def run(pk: UUID) -> None:
    raise NotImplementedError
