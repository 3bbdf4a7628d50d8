"""What comes beside an act that is committed: where the database refuses it, the act and its answer stand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, transaction

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Attempt:
    """How it went."""

    failed: bool = False


@contextmanager
def best_effort(what: str) -> Iterator[Attempt]:
    """Run the block as one transaction; an error of the database is logged, with `what` was tried, and ends
    there."""
    attempt = Attempt()
    try:
        with transaction.atomic():
            yield attempt
    except DatabaseError as broken:
        attempt.failed = True
        logger.error("%s failed: %s", what, str(broken).strip())
