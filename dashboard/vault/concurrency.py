"""The limit of calls at the same time, shared by all clients of a process."""

import threading
from typing import Final

from .deadline import Deadline
from .responses import Effect


class ConcurrencyLimit:
    """Limits the calls under way at the same time, and how many of them may remove something."""

    def __init__(self, calls: int = 16, removals: int = 2) -> None:
        self._calls = threading.BoundedSemaphore(calls)
        self._removals = threading.BoundedSemaphore(removals)

    def acquire(self, effect: Effect, deadline: Deadline) -> bool:
        """Wait for a slot until the deadline; return False if none became free."""
        removes = effect is not Effect.READ
        if removes and not self._removals.acquire(timeout=max(deadline.remaining(), 0)):
            return False
        if self._calls.acquire(timeout=max(deadline.remaining(), 0)):
            return True
        if removes:
            self._removals.release()
        return False

    def release(self, effect: Effect) -> None:
        """Free a slot that `acquire` took."""
        self._calls.release()
        if effect is not Effect.READ:
            self._removals.release()


PROCESS_CONCURRENCY: Final = ConcurrencyLimit()
