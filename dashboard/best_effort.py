"""Work that accompanies a committed act: if the database refuses it, the act and its response stand."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, transaction

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Attempt:
    """The result of the block."""

    failed: bool = False


@contextmanager
def best_effort(what: str) -> Iterator[Attempt]:
    """Run the block as one transaction. A database error is logged as a failure of `what`, and not raised."""
    attempt = Attempt()
    try:
        with transaction.atomic():
            yield attempt
    except DatabaseError as broken:
        attempt.failed = True
        logger.error("%s failed: %s", what, str(broken).strip())
