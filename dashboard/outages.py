"""A database that is away or takes no changes: what tells so, and a line a minute in the log of a process."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

LOG_INTERVAL_SECONDS: Final = 60.0

_REFUSED: Final = frozenset({"25006", "53100"})
"""What PostgreSQL calls a transaction that may only read, and a disk that is full."""


def refuses_changes(error: BaseException) -> bool:
    """Return True if the database can be read but not be changed: it is read-only, or full."""
    cause = error.__cause__
    name = getattr(cause, "sqlite_errorname", "")
    return getattr(cause, "sqlstate", "") in _REFUSED or name.startswith(("SQLITE_READONLY", "SQLITE_FULL"))


def is_database_error(error: BaseException | None) -> bool:
    """Return True if the database was away, read-only or full: that passes, and is waited for."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError) or refuses_changes(error):
            return True
        error = error.__cause__ or error.__context__
    return False


class OutageLog:
    """Writes a line in LOG_INTERVAL_SECONDS, however many threads find the database away. Safe for them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget what was logged."""
        self._next_at, self.held = float("-inf"), 0

    def log(self, error: BaseException) -> None:
        """Log the error, and how many were held back since the last; or hold it back."""
        now = self._clock()
        with self._lock:
            if now < self._next_at:
                self.held += 1
                return
            held, self.held, self._next_at = self.held, 0, now + LOG_INTERVAL_SECONDS
        what = "takes no changes" if refuses_changes(error) else "does not answer"
        said = " ".join(str(error).split())
        logger.error("the database %s: %s (%d more since the last line)", what, said, held)

    def log_failure(self, error: BaseException, message: str) -> None:
        """Log a failure that is the database's so, and any other with its trace."""
        if is_database_error(error):
            self.log(error)
        else:
            logger.error(message, exc_info=error)


outages: Final = OutageLog()
