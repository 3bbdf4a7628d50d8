"""The service's rate limits, learnt from its responses, connection by connection.

The service documents no limit. The vendor's other APIs send `X-RateLimit-Limit`, `-Remaining` and `-Reset`
without a word on whether Reset counts seconds from now or is a moment (Unix time), so both are understood.
"""

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from .responses import parse_retry_after

MAX_RATE_LIMIT_PAUSE_SECONDS: Final = 120.0
MAX_CONNECTIONS_REMEMBERED: Final = 1000
"""Beyond them, the connection without a response for the longest time is forgotten."""

RESERVED_SHARE: Final = 0.1
"""The share of a limit that workers use slowly, to leave calls for the pages that people open."""

_ROUNDING_SECONDS: Final = 1.0
"""A reset in whole seconds may be early by this much."""

_MAX_RESET_SECONDS: Final = 86_400.0
_MIN_UNIX_SECONDS: Final = 1e9
"""About 30 years: from here on a number is a point in time and no longer a duration."""

_NUMBER: Final = re.compile(r"\s*([0-9]{1,15})(?:\.[0-9]{0,9})?\s*(?:[,;].*)?", re.ASCII | re.DOTALL)
_ASKED_TO_WAIT: Final = frozenset({429, 503})


@dataclass(slots=True)
class _LimitState:
    """The limit of one connection; times are of the monotonic clock."""

    left: int
    reserve: float
    until: float
    silent_until: float
    recorded_at: float


class RateLimit:
    """Remembers reported limits, by digests of connection ids. Safe for many threads. Times in seconds."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, moment: Callable[[], float] = time.time
    ) -> None:
        self._clock, self._moment = clock, moment
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _LimitState] = OrderedDict()

    def record(self, connection_id: str, status: int, headers: Mapping[str, str]) -> None:
        """Record the limits in a response of any status. One without limits changes nothing."""
        left, reset = _parse_number(headers.get("x-ratelimit-remaining")), self._parse_reset(headers)
        asked = parse_retry_after(headers.get("retry-after")) if status in _ASKED_TO_WAIT else None
        if (left is None or reset is None) and asked is None:
            return
        now = self._clock()
        limit = _parse_number(headers.get("x-ratelimit-limit")) or 0
        known = _LimitState(
            left=0 if status == 429 else int(left or 0),
            reserve=limit * RESERVED_SHARE,
            until=now if left is None or reset is None else now + reset + _ROUNDING_SECONDS,
            silent_until=now + (asked or 0),
            recorded_at=now,
        )
        key = _hash_id(connection_id)
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            if len(self._known) > MAX_CONNECTIONS_REMEMBERED:
                self._known.popitem(last=False)

    def reserve_call(self, connection_id: str) -> float:
        """Count one call and return the seconds to wait before it, at most MAX_RATE_LIMIT_PAUSE_SECONDS.

        0 if no limit is known or it is far away. Counting the call here keeps two threads that ask at the
        same time from both taking the last one.
        """
        now = self._clock()
        with self._lock:
            known = self._known.get(_hash_id(connection_id))
            if known is None:
                return 0.0
            pause = max(known.silent_until - now, 0.0)
            if known.until > now and known.left <= known.reserve:
                pause = max(pause, (known.until - now) / (known.left + 1))
            known.left = max(known.left - 1, 0)
        return min(pause, MAX_RATE_LIMIT_PAUSE_SECONDS)

    def get_silence(self, connection_id: str) -> float:
        """Return the seconds for which the service asked to be left alone, 0 if none are left.

        After MAX_RATE_LIMIT_PAUSE_SECONDS it is asked again, however long it said: a person would wait for
        hours because of one odd answer.
        """
        now = self._clock()
        with self._lock:
            known = self._known.get(_hash_id(connection_id))
            if known is None or now >= known.recorded_at + MAX_RATE_LIMIT_PAUSE_SECONDS:
                return 0.0
            return max(known.silent_until - now, 0.0)

    def _parse_reset(self, headers: Mapping[str, str]) -> float | None:
        """Return the seconds until the limit is reset, by the service's own clock if it names a time."""
        number = _parse_number(headers.get("x-ratelimit-reset"))
        if number is None or number < _MIN_UNIX_SECONDS:
            return number if number is None or number <= _MAX_RESET_SECONDS else None
        seconds = number / 1000 if number >= _MIN_UNIX_SECONDS * 1000 else number
        return min(max(seconds - self._get_service_time(headers), 0.0), _MAX_RESET_SECONDS)

    def _get_service_time(self, headers: Mapping[str, str]) -> float:
        try:
            there = parsedate_to_datetime(headers.get("date") or "")
            return there.replace(tzinfo=there.tzinfo or UTC).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            return self._moment()


def _parse_number(text: str | None) -> float | None:
    """Return the number at the beginning, as in "60" and "60, 60;w=60", or None for anything else."""
    found = _NUMBER.fullmatch(text) if text is not None else None
    return None if found is None else float(found[1])


def _hash_id(connection_id: str) -> bytes:
    return hashlib.blake2b(connection_id.encode(), digest_size=16).digest()
