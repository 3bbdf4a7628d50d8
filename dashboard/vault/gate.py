"""Decides by what earlier calls came to whether one may be sent now, and learns from how it ends."""

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from .breaker import Breaker
from .concurrency import Claim, ConcurrencyLimit
from .deadline import Deadline, Timeouts
from .errors import Busy, KeyRefused, KeyRefusedBefore, NotAnswering, NotCached, VaultError
from .health import Health, HealthRecord
from .rate_limit import RateLimit
from .responses import Effect, FailedAttempt

KEY_REFUSED_SECONDS: Final = 60.0
"""Time for which a key that was refused with 401 is not tried again.

A 403 is not remembered: it may concern one connection, or only what was asked of it, such as a deletion by a
key that may read. To refuse other calls for it would be a guess, and one call a press is no hammering.
"""


class Pass(NamedTuple):
    """An attempt that may be sent: its place, its turn at the breaker, and when it began.

    One `is_hurried` that waited for its place for most of its time: it says little of the service.
    """

    claim: Claim
    turn: int
    began: float
    is_hurried: bool


class Gate:
    """The gate of one client. Safe for many threads."""

    def __init__(
        self,
        concurrency: ConcurrencyLimit,
        rate_limit: RateLimit,
        breaker: Breaker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.concurrency, self.rate_limit, self._breaker = concurrency, rate_limit, breaker
        self._clock = clock
        self._health = HealthRecord(clock)
        self._lock = threading.Lock()
        self._key_refusal: tuple[float, KeyRefused] | None = None

    def read_health(self) -> Health:
        """Return what the calls so far say of the service."""
        return self._health.report(self._breaker.state, self._breaker.failures_in_a_row)

    def may_send(self) -> bool:
        """Return False while no call is sent, for the last ones failed or the key was refused."""
        return not self._breaker.seconds_to_wait() and self._get_key_refusal() is None

    def find_refusal(self, connection_id: str | None, timeouts: Timeouts) -> VaultError | None:
        """Return the error with which the whole call ends before anything is sent, or None."""
        if said := self._get_key_refusal():
            return KeyRefusedBefore(f"{said.detail} Nothing was sent.", code=said.code)
        if connection_id is None or timeouts.asks_in_silence:
            return None
        silent = self.rate_limit.get_silence(connection_id)
        if not silent:
            return None
        return Busy("This connection is to be left alone until then. Nothing was sent.", retry_after=silent)

    def _get_key_refusal(self) -> KeyRefused | None:
        with self._lock:
            until, error = self._key_refusal or (0.0, None)
            return error if self._clock() < until else None

    def enter(
        self, effect: Effect, deadline: Deadline, connection_id: str | None = None
    ) -> Pass | FailedAttempt:
        """Wait for a place and return the pass for one attempt, or the failure if it must not be sent."""
        # Before the wait, so that nobody waits in vain, and after it: it may have opened meanwhile.
        if seconds := self._breaker.seconds_to_wait():
            return FailedAttempt(NotAnswering(retry_after=seconds))
        left = deadline.remaining()
        claim = self.concurrency.acquire(effect, deadline, connection_id)
        if claim is None:
            return FailedAttempt(make_busy())
        is_hurried = deadline.remaining() < left / 2
        # A removal is no probe: it cannot be taken back, and would let nobody else try for a minute.
        may_probe = effect is Effect.READ and not is_hurried
        turn = self._breaker.enter(deadline.remaining(), may_probe=may_probe)
        if turn is None:
            self.concurrency.release(claim)
            return FailedAttempt(NotAnswering(retry_after=max(self._breaker.seconds_to_wait(), 1.0)))
        return Pass(claim, turn, self._clock(), is_hurried)

    def free_place(self, way: Pass) -> None:
        """Free the attempt's place for another, once the answer is here or lost."""
        self.concurrency.release(way.claim)

    def learn(self, way: Pass, failure: FailedAttempt | None, *, of_media: bool) -> None:
        """Note how the attempt ended: with a usable answer, or with this failure."""
        error = failure.error if failure else None
        is_ours = way.is_hurried and error is not None and error.status is None
        if not is_ours:
            self._breaker.leave(way.turn, failed=failure is not None and failure.is_of_service)
        if error is None or isinstance(error, NotCached):
            self._health.note_success(self._clock() - way.began)
            with self._lock:
                self._key_refusal = None
        elif isinstance(error, KeyRefused) and error.status == 401 and of_media:
            # Many keys may not list the account's connections: that says nothing of the media.
            self._health.note_key_refused()
            with self._lock:
                self._key_refusal = self._clock() + KEY_REFUSED_SECONDS, error


def make_busy() -> Busy:
    """Return the error for a call that found no place among those under way from here."""
    return Busy("Too many calls are under way from here; none came free. Nothing was sent.")
