"""Work that accompanies a committed act: if the database refuses it, the act and its response stand."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import NoReturn

from django.db import DatabaseError, transaction
from django.db import connection as database

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Attempt:
    """The result of the block."""

    failed: bool = False


@contextmanager
def best_effort(what: str) -> Iterator[Attempt]:
    """Run the block as one transaction. A database error is logged as a failure of `what`, and not raised.

    Where the transaction cannot begin, the block's first query fails.
    """
    attempt = Attempt()
    try:
        with ExitStack() as block:
            try:
                block.enter_context(transaction.atomic())
            except DatabaseError as broken:
                block.enter_context(database.execute_wrapper(_refuse_with(broken)))
            yield attempt
    except DatabaseError as broken:
        attempt.failed = True
        logger.error("%s failed: %s", what, str(broken).strip())


def _refuse_with(error: DatabaseError) -> Callable[..., NoReturn]:
    def refuse(*query: object) -> NoReturn:
        raise error

    return refuse
