"""How fast the service lets itself be called: what its answers said of each connection's limit.

The service documents no limit. The vendor's other APIs send `X-RateLimit-Limit`, `-Remaining` and `-Reset`
without a word on whether Reset counts seconds from now or is a moment (Unix time), so both are understood.
"""

from __future__ import annotations

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

from .responses import retry_after

LONGEST_PAUSE: Final = 120.0
MOST: Final = 1000
"""Connections that are remembered; beyond them the one that was silent longest is forgotten."""

RESERVE: Final = 0.1
"""The part of a limit that is used slowly, so that a worker leaves some of it for the pages of people."""

_ROUNDING: Final = 1.0
"""Seconds by which a reset in whole seconds may be too early."""

_LONGEST_RESET: Final = 86_400.0
_UNIX: Final = 1e9
"""From here on a number is a moment and no longer a time to wait: thirty years."""

_NUMBER: Final = re.compile(r"\s*([0-9]{1,15})(?:\.[0-9]{0,9})?\s*(?:[,;].*)?", re.ASCII | re.DOTALL)
_ASKED_TO_WAIT: Final = frozenset({429, 503})


@dataclass(slots=True)
class _Known:
    """Of one connection; moments are of the clock that only goes forward."""

    left: int
    reserve: float
    until: float
    silent_until: float


class Pace:
    """The limits that answers told of, and how long to wait before the next call. For many threads at once.

    `clock` goes forward and nowhere else; `moment` is Unix time. Connections are kept by a digest.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, moment: Callable[[], float] = time.time
    ) -> None:
        self._clock, self._moment = clock, moment
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def note(self, connection_id: str, status: int, headers: Mapping[str, str]) -> None:
        """What an answer of any status said; one that says nothing of limits leaves things as they were."""
        left, reset = _number(headers.get("x-ratelimit-remaining")), self._reset(headers)
        asked = retry_after(headers.get("retry-after")) if status in _ASKED_TO_WAIT else None
        if (left is None or reset is None) and asked is None:
            return
        now = self._clock()
        limit = _number(headers.get("x-ratelimit-limit")) or 0
        known = _Known(
            left=0 if status == 429 else int(left or 0),
            reserve=limit * RESERVE,
            until=now if left is None or reset is None else now + reset + _ROUNDING,
            silent_until=now + (asked or 0),
        )
        key = _digest(connection_id)
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            if len(self._known) > MOST:
                self._known.popitem(last=False)

    def pause_before(self, connection_id: str) -> float:
        """Seconds to wait before the next call, at most LONGEST_PAUSE; 0 where nothing is known against it.

        Whoever asks is counted as calling then, so that two who ask at once do not both take the last call.
        """
        now = self._clock()
        with self._lock:
            known = self._known.get(_digest(connection_id))
            if known is None:
                return 0.0
            pause = max(known.silent_until - now, 0.0)
            if known.until > now and known.left <= known.reserve:
                pause = max(pause, (known.until - now) / (known.left + 1))
            known.left = max(known.left - 1, 0)
        return min(pause, LONGEST_PAUSE)

    def _reset(self, headers: Mapping[str, str]) -> float | None:
        """Seconds until the limit is whole again; by the service's own clock where it says a moment."""
        number = _number(headers.get("x-ratelimit-reset"))
        if number is None or number < _UNIX:
            return number if number is None or number <= _LONGEST_RESET else None
        seconds = number / 1000 if number >= _UNIX * 1000 else number
        return min(max(seconds - self._now_there(headers), 0.0), _LONGEST_RESET)

    def _now_there(self, headers: Mapping[str, str]) -> float:
        try:
            there = parsedate_to_datetime(headers.get("date") or "")
            return there.replace(tzinfo=there.tzinfo or UTC).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            return self._moment()


def _number(text: str | None) -> float | None:
    """The number at the beginning, as in "60" and "60, 60;w=60"; None for anything else."""
    found = _NUMBER.fullmatch(text) if text is not None else None
    return None if found is None else float(found[1])


def _digest(connection_id: str) -> bytes:
    return hashlib.blake2b(connection_id.encode(), digest_size=16).digest()
