"""Holding back floods: what anyone may cause without signing in must not fill the disk, nor pass unseen."""

import threading
import time
from typing import Final


class Throttle:
    """A limit: one event of a kind and `most` of a code in `seconds`; it counts those held back."""

    MAX_KINDS: Final = 10_000
    """Kinds that are remembered; the oldest are forgotten first."""

    def __init__(self, seconds: float = 60, most: int = 120) -> None:
        self.seconds, self.most = seconds, most
        self._kinds: dict[object, tuple[float, int]] = {}
        self._codes: dict[str, tuple[float, int, int]] = {}
        self._lock = threading.Lock()

    def admit(self, code: str, *kind: object) -> int | None:
        """Return the number held back since the last one admitted, or None to hold this one back."""
        now, never = time.monotonic(), -self.seconds
        with self._lock:
            since, held = self._kinds.pop((code, *kind), (never, 0))
            if now - since < self.seconds:
                self._kinds[code, *kind] = (since, held + 1)
                return None
            begun, admitted, over = self._codes.get(code, (never, 0, 0))
            if now - begun >= self.seconds:
                begun, admitted = now, 0
            if admitted >= self.most:
                self._codes[code] = (begun, admitted, over + held + 1)
                return None
            self._codes[code] = (begun, admitted + 1, 0)
            if len(self._kinds) >= self.MAX_KINDS:
                del self._kinds[next(iter(self._kinds))]
            self._kinds[code, *kind] = (now, 0)
            return held + over

    def clear(self) -> None:
        """Forget everything that was admitted or held back."""
        with self._lock:
            self._kinds.clear()
            self._codes.clear()
