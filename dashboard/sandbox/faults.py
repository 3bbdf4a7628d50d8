"""Faults that are declared beforehand and used up call by call."""

import re
from collections.abc import Iterator
from threading import Lock
from typing import Any

import msgspec

from .response import Response


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A way in which the next matching calls go wrong. Times are milliseconds.

    Without `status` and `body` the call is carried out and answered as usual, only late, held, cut or
    dripping. With them nothing is carried out, unless `act` says so.
    """

    method: str | None = None
    path: str | None = None
    """A regular expression searched for in the path as sent; None is every API call, no picture."""
    times: int | None = 1
    """How many calls it spoils; None is all until cleared."""
    latency_ms: float = 0
    hold: bool = False
    """Wait until the faults are cleared, then go on: for who has to see what stands meanwhile."""
    status: int | None = None
    body: Any = None
    """Text is sent as it is, anything else as JSON. Alone it is answered with 200."""
    headers: dict[str, str] = {}
    cut: bool = False
    """Promise the whole body by Content-Length, send half of it, close."""
    close: bool = False
    """Close without an answer."""
    hang: bool = False
    """Never answer; the connection stays open until the sandbox stops or forgets its faults."""
    drip_ms: float = 0
    """Pause between pieces of the body."""
    drip_bytes: int = 1
    act: bool = False
    """Carry the call out first: with `close`, `hang` or a `status`, the outcome is unknown to the caller."""

    def __post_init__(self) -> None:
        try:
            re.compile(self.path or "")
        except re.error as wrong:
            raise ValueError(f"path is not a regular expression: {wrong}") from None
        if self.drip_bytes < 1 or min(self.latency_ms, self.drip_ms) < 0:
            raise ValueError("times must not be negative, and a drip has at least one byte")

    @property
    def has_response(self) -> bool:
        """True if the fault replaces the response."""
        return self.status is not None or self.body is not None

    def respond(self) -> Response:
        """Return the response that replaces the usual one."""
        text = isinstance(self.body, str)
        body = b"" if self.body is None else self.body.encode() if text else msgspec.json.encode(self.body)
        headers = dict(self.headers)
        given = [headers.pop(name) for name in list(headers) if name.lower() == "content-type"]
        content_type = given[0] if given else "text/html" if body.startswith(b"<") else "application/json"
        return Response(self.status or 200, body, content_type, headers)

    def matches(self, method: str, path: str, *, of_api: bool) -> bool:
        """Return True if the fault applies to this call."""
        if self.method is not None and self.method.upper() != method:
            return False
        return of_api if self.path is None else re.search(self.path, path) is not None


class Faults:
    """The faults still to come, first declared first used. Safe to change while calls run."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[tuple[Fault, list[int]]] = []
        self.cleared = 0
        """How often they were cleared: calls that hang or are held watch it."""

    def add(self, fault: Fault | None = None, /, **fields: Any) -> Fault:
        """Declare a fault: a `Fault`, or its fields."""
        fault = fault or Fault(**fields)
        with self._lock:
            self._waiting.append((fault, [0]))
        return fault

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._waiting.clear()
            self.cleared += 1

    def take(self, method: str, path: str, *, of_api: bool) -> Fault | None:
        """Return the fault for this call and count it as used, or None."""
        if not self._waiting:
            return None
        with self._lock:
            for place, (fault, used) in enumerate(self._waiting):
                if fault.matches(method, path, of_api=of_api):
                    used[0] += 1
                    if fault.times is not None and used[0] >= fault.times:
                        del self._waiting[place]
                    return fault
        return None

    def __iter__(self) -> Iterator[Fault]:
        return iter([fault for fault, _ in self._waiting])

    def __len__(self) -> int:
        return len(self._waiting)
