"""The service's health, as the calls of this process found it; no call is made for it."""

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from .breaker import BreakerState

RECENT_SECONDS: Final = 300.0
MAX_RECENT_CALLS: Final = 256
"""Calls of the last RECENT_SECONDS that are remembered: the median of so many is the same as of more."""


class KeyState(Enum):
    """What the service said of our key last."""

    UNKNOWN = "unknown"
    OK = "ok"
    REFUSED = "refused"


class Health(NamedTuple):
    """The facts. `p50_ms` is the median of the recent calls that had a usable answer."""

    last_success_seconds: float | None = None
    p50_ms: float | None = None
    key: KeyState = KeyState.UNKNOWN
    breaker: BreakerState = BreakerState.CLOSED
    failures_in_a_row: int = 0


class HealthRecord:
    """Notes how calls went, in bounded memory. Safe for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: deque[tuple[float, float]] = deque(maxlen=MAX_RECENT_CALLS)
        self._last_success: float | None = None
        self._key = KeyState.UNKNOWN

    def note_success(self, seconds: float) -> None:
        """Note a usable answer, and how long it took."""
        with self._lock:
            now = self._clock()
            self._last_success, self._key = now, KeyState.OK
            self._recent.append((now, seconds * 1000))

    def note_key_refused(self) -> None:
        """Note that the service refused our key."""
        self._key = KeyState.REFUSED

    def report(self, breaker: BreakerState, failures_in_a_row: int) -> Health:
        """Return the facts as of now, with those of the breaker."""
        with self._lock:
            now, key = self._clock(), self._key
            age = None if self._last_success is None else now - self._last_success
            recent = sorted(taken for at, taken in self._recent if at > now - RECENT_SECONDS)
        median = recent[len(recent) // 2] if recent else None
        return Health(age, median, key, breaker, failures_in_a_row)
