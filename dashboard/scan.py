"""Everything a connection has cached, counted by the worker."""

from __future__ import annotations

from uuid import UUID


def run(pk: UUID) -> None:
    raise NotImplementedError
