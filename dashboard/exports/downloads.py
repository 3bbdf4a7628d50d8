"""Places for downloads: each holds a thread of its web process for as long as whoever takes it needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Self

from dashboard.identity import Person

MAX_DOWNLOADS: Final = 4
"""Downloads that one web process, of sixteen threads, has under way; of one person it has one."""


class TooManyDownloads(Exception):
    """Nothing was begun: other downloads have to end first; `is_own` where it is the person's own."""

    def __init__(self, *, is_own: bool) -> None:
        super().__init__("of this person" if is_own else "of this process")
        self.is_own = is_own


class Places:
    """Who downloads from this process now."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def take(self, person: Person | None) -> Callable[[], None]:
        """Take a place for the person; what gives it back, once or often. Raises TooManyDownloads."""
        assert person is not None  # noqa: S101 - nobody signed in takes anything away
        who = person.issuer, person.subject
        with self._lock:
            if who in self._taken:
                raise TooManyDownloads(is_own=True)
            if len(self._taken) >= MAX_DOWNLOADS:
                raise TooManyDownloads(is_own=False)
            self._taken.add(who)
        left = [who]

        def give_back() -> None:
            while left:
                self._taken.discard(left.pop())

        return give_back

    def forget(self) -> None:
        with self._lock:
            self._taken.clear()


places: Final = Places()


class Placed:
    """The bytes of a download, whose place is taken until it is closed, whether or not it was read."""

    def __init__(self, person: Person | None) -> None:
        self._ends: list[Callable[[], object]] = [places.take(person)]
        self._content: Iterable[bytes] = ()

    def holds(self, content: Iterable[bytes], *ends: Callable[[], object]) -> Self:
        """Give out `content`; `ends` are called when it is closed."""
        self._content = content
        self._ends += ends
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._content)

    def close(self) -> None:
        while self._ends:
            self._ends.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Close it where it was not handed out."""
        if kind is not None:
            self.close()
