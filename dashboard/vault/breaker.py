"""A breaker: leaves a service alone that failed too often, and tries by one call whether it is back.

    closed -> open -> half-open -> closed | open

It counts what ended, holds its lock for no call, and knows nothing but a clock that never jumps.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Final

MAX_FAILURES_IN_A_ROW: Final = 5
MIN_CALLS: Final = 10
"""Calls of the last WINDOW_SECONDS from which on it counts how many of them failed: half are too many."""

WINDOW_SECONDS: Final = 30
"""Whole seconds of the clock, the present one among them: so the memory has as many numbers and no more."""

OPEN_SECONDS: Final = 15.0

PROBE_GRACE_SECONDS: Final = 1.0
"""Seconds beyond its deadline after which a probe that has not ended counts as failed: its thread died."""

PROBE_WAIT_SECONDS: Final = 1.0
"""Seconds after which to ask again while a probe is under way: nobody knows when it ends."""


class BreakerState(Enum):
    """What it does with the next call: pass it, refuse it, or see by it whether the service is back."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """The breaker of one base address. Safe for many threads; times are in seconds.

    It opens when MAX_FAILURES_IN_A_ROW calls failed in a row, or when one fails and with it at least half of
    at least MIN_CALLS. After OPEN_SECONDS one call is let through as a probe, and decides. What ends after
    the state changed that it began in says nothing any more.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._turn = 0
        """The number of the state: it goes up whenever the state changes."""
        self._open_until: float | None = None
        self._probe_until: float | None = None
        self._failures_in_a_row = 0
        self._seconds: deque[list[int]] = deque()
        """For each second in which a call ended: the second, the calls, and those of them that failed."""

    @property
    def state(self) -> BreakerState:
        """The state as of now; half-open also if the next call would be a probe."""
        with self._lock:
            now = self._now()
            if self._open_until is None:
                return BreakerState.CLOSED
            is_refusing = self._probe_until is None and now < self._open_until
            return BreakerState.OPEN if is_refusing else BreakerState.HALF_OPEN

    @property
    def failures_in_a_row(self) -> int:
        """The calls that failed since one did not."""
        return self._failures_in_a_row

    def seconds_to_wait(self) -> float:
        """Return the seconds after which a call may be made, 0 for now. Makes no call the probe."""
        with self._lock:
            return self._seconds_to_wait(self._now())

    def enter(self, seconds: float, *, may_probe: bool = True) -> int | None:
        """Return the turn of a call that may be made now and takes at most so many seconds, or None."""
        with self._lock:
            now = self._now()
            if self._seconds_to_wait(now) or not (may_probe or self._open_until is None):
                return None
            if self._open_until is not None:
                self._turn += 1
                self._probe_until = now + max(seconds, 0) + PROBE_GRACE_SECONDS
            return self._turn

    def leave(self, turn: int, *, failed: bool) -> None:
        """Count an attempt that `enter` let through: whether the service failed, or is alive."""
        with self._lock:
            now = self._now()
            if turn != self._turn:
                return
            is_probe = self._probe_until is not None
            if is_probe and not failed:
                self._close()
            elif is_probe or self._count(now, failed):
                self._open(now)

    def _now(self) -> float:
        """Return the time, after a probe that should have ended was counted as failed."""
        now = self._clock()
        if self._probe_until is not None and now >= self._probe_until:
            self._open(self._probe_until)
        return now

    def _seconds_to_wait(self, now: float) -> float:
        if self._probe_until is not None:
            return PROBE_WAIT_SECONDS
        return 0.0 if self._open_until is None else max(self._open_until - now, 0.0)

    def _count(self, now: float, failed: bool) -> bool:
        """Count a call that ended, and return True if it is one failure too many."""
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        second = int(now)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        self._seconds[-1][1] += 1
        self._seconds[-1][2] += failed
        while self._seconds[0][0] <= second - WINDOW_SECONDS:
            self._seconds.popleft()
        if not failed:
            return False
        calls = sum(counted for _, counted, _ in self._seconds)
        failures = sum(counted for _, _, counted in self._seconds)
        is_half = calls >= MIN_CALLS and 2 * failures >= calls
        return is_half or self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW

    def _open(self, now: float) -> None:
        self._turn += 1
        self._open_until, self._probe_until = now + OPEN_SECONDS, None

    def _close(self) -> None:
        self._turn += 1
        self._open_until = self._probe_until = None
        self._failures_in_a_row = 0
        self._seconds.clear()


@cache
def get_breaker(base_url: str) -> Breaker:
    """Return the one breaker that all clients of this process share for the base address."""
    return Breaker()
