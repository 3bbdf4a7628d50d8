"""The limits of calls at the same time, shared by all clients of a process: a bulkhead.

Whatever is asked, at most `max_requests` threads that serve requests make calls, wait for a place for one, or
wait for helpers that make calls for them. A server with more threads than that always has one for a page that
asks the service nothing, however long the service is silent.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .deadline import Deadline, Waiter
from .responses import Effect

RESERVED_PLACES: Final = 4
"""Calls, and threads of requests, that helpers leave to requests which make their calls themselves."""


class Claim:
    """A call's claim to a place: what it needs, and the lock that the thread waits at for its turn."""

    __slots__ = ("connection_id", "has_place", "is_of_request", "removes", "turn")

    def __init__(self, *, removes: bool, is_of_request: bool, connection_id: str | None = None) -> None:
        self.removes, self.is_of_request, self.connection_id = removes, is_of_request, connection_id
        self.has_place = False
        self.turn = threading.Lock()
        self.turn.acquire()


class Places:
    """The places taken and the claims in line, without any waiting. Not safe for threads.

    A claim that fits has its place at once, and whenever a place becomes free those in line are gone through
    from the first: so none in line ever fits, and nobody overtakes a claim of the same kind.
    """

    def __init__(self, calls: int, removals: int, waiting: int, removals_each: int) -> None:
        self.max_calls, self.max_removals, self.max_waiting = calls, removals, waiting
        self.max_removals_each = removals_each
        self.max_requests = calls + waiting
        self.calls = self.helpers = self.requests = self.helped = 0
        self.removals: Counter[str | None] = Counter()
        """The removals under way, by connection."""
        self.line: list[Claim] = []

    def enter(self, claim: Claim) -> bool:
        """Give the claim its place or put it in line; return False if so many are in line already."""
        if claim.is_of_request and self.requests >= self.max_requests:
            return False
        fits = self.fits(claim)
        waiting = sum(one.is_of_request for one in self.line)
        if claim.is_of_request and not fits and waiting >= self.max_waiting:
            return False
        self.requests += claim.is_of_request
        if fits:
            self._give_place(claim)
        else:
            self.line.append(claim)
        return True

    def leave(self, claim: Claim) -> None:
        """Take the claim out of line, or its place back, which then goes to the first in line that fits."""
        self.requests -= claim.is_of_request
        if not claim.has_place:
            self.line.remove(claim)
            return
        self.calls -= 1
        self.removals -= Counter({claim.connection_id: int(claim.removes)})
        self.helpers -= not claim.is_of_request
        for one in [*self.line]:
            if self.fits(one):
                self.line.remove(one)
                self._give_place(one)

    def enter_helped(self) -> bool:
        """Count the thread of a request whose helpers make its calls; return False if there are too many."""
        if self.requests >= self.max_requests or self.helped >= max(self.max_requests - RESERVED_PLACES, 1):
            return False
        self.requests += 1
        self.helped += 1
        return True

    def leave_helped(self) -> None:
        """Count such a thread no longer."""
        self.requests -= 1
        self.helped -= 1

    def fits(self, claim: Claim) -> bool:
        """Return True if the claim could have a place now."""
        if self.calls >= self.max_calls:
            return False
        if claim.removes and (
            self.removals.total() >= self.max_removals
            or self.removals[claim.connection_id] >= self.max_removals_each
        ):
            return False
        return claim.is_of_request or self.helpers < max(self.max_calls - RESERVED_PLACES, 1)

    def _give_place(self, claim: Claim) -> None:
        self.calls += 1
        self.removals += Counter({claim.connection_id: int(claim.removes)})
        self.helpers += not claim.is_of_request
        claim.has_place = True
        claim.turn.release()


class ConcurrencyLimit:
    """Limits the calls under way at the same time, how many of them remove something, and who waits.

    Of the removals one connection has at most `removals_each`: where the service is silent about it, those of
    others go on. At most `waiting` threads of requests wait for a place, each until its own deadline; others
    are told at once that there is none. Helpers and workers keep no request's thread, so any number of them
    may wait.
    """

    def __init__(self, calls: int = 16, removals: int = 6, waiting: int = 4, removals_each: int = 2) -> None:
        self._places = Places(calls, removals, waiting, removals_each)
        self._lock = threading.Lock()
        self.max_requests = self._places.max_requests

    def acquire(self, effect: Effect, deadline: Deadline, connection_id: str | None = None) -> Claim | None:
        """Wait for a place until the deadline; return the claim that holds it, or None if there is none."""
        claim = Claim(
            removes=effect is not Effect.READ,
            is_of_request=deadline.timeouts.waiter is Waiter.REQUEST,
            connection_id=connection_id,
        )
        with self._lock:
            if not self._places.enter(claim):
                return None
        try:
            claim.turn.acquire(timeout=max(deadline.remaining(), 0))
        finally:
            with self._lock:  # its turn may have come just as the time was up
                if not claim.has_place:
                    self._places.leave(claim)
        return claim if claim.has_place else None

    def release(self, claim: Claim) -> None:
        """Free the place of a claim that `acquire` returned."""
        with self._lock:
            self._places.leave(claim)

    @contextmanager
    def let_helpers_call(self) -> Iterator[bool]:
        """Count this thread as one that waits for the calls of its helpers; False if there are too many."""
        with self._lock:
            is_counted = self._places.enter_helped()
        try:
            yield is_counted
        finally:
            if is_counted:
                with self._lock:
                    self._places.leave_helped()


PROCESS_CONCURRENCY: Final = ConcurrencyLimit()
