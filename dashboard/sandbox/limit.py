"""A limit of calls per connection, as the vendor's other APIs have one: a bucket that fills with time."""

import math
from collections.abc import Callable
from threading import Lock


class TokenBuckets:
    """Allows `burst` calls at once and `per_minute` from then on, for each connection by itself."""

    def __init__(self, per_minute: int, burst: int, now: Callable[[], float]) -> None:
        if min(per_minute, burst) < 1:
            raise ValueError("A rate limit is at least one call a minute and a burst of one.")
        self._per_minute, self._burst, self._now = per_minute, burst, now
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def reset(self) -> None:
        """Fill every bucket."""
        with self._lock:
            self._buckets.clear()

    def take_token(self, connection: str) -> tuple[bool, dict[str, str]]:
        """Return True if one more call is allowed, and the headers that report the limit after it."""
        rate, now = self._per_minute / 60, self._now()
        with self._lock:
            held, since = self._buckets.get(connection, (float(self._burst), now))
            held = min(held + max(now - since, 0) * rate, self._burst)
            passes = held >= 1 - 1e-6
            held = max(held - passes, 0)
            self._buckets[connection] = held, now
        headers = {
            "X-RateLimit-Limit": str(self._per_minute),
            "X-RateLimit-Remaining": str(int(held + 1e-6)),
            "X-RateLimit-Reset": str(math.ceil((self._burst - held) / rate)),
        }
        if not passes:
            headers["Retry-After"] = str(max(math.ceil((1 - held) / rate), 1))
        return passes, headers
