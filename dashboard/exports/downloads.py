"""Limits on downloads: each keeps a thread of its web process busy until its reader has all of it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Self

from dashboard.identity import Person
from dashboard.problems import Problem

MAX_DOWNLOADS: Final = 4
"""Downloads under way in one web process, which has sixteen threads; one person has one."""


class TooManyDownloads(Problem):
    """Nothing was begun: other downloads from this process have to end first."""

    title = "Too many downloads at once"
    advice = (
        "As many downloads are on their way as this server sends at a time. Try again in a moment, or have "
        "an export of media prepared in the background."
    )
    status = 503
    retry = True


class OwnDownloadOpen(TooManyDownloads):
    """Nothing was begun: another download of the same person has to end first."""

    title = "One download at a time"
    advice = (
        "Another download of yours is still on its way. Wait until it has ended, or cancel it in your "
        "browser; then try again."
    )
    status = 429


class DownloadSlots:
    """The downloads that are under way in this process, by person."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def acquire(self, person: Person | None) -> Callable[[], None]:
        """Acquire a slot for the person, and return the function that releases it; to call it again does
        nothing. Raises TooManyDownloads."""
        assert person is not None  # noqa: S101 - nobody signed in takes anything away
        who = person.issuer, person.subject
        with self._lock:
            if who in self._taken:
                raise OwnDownloadOpen
            if len(self._taken) >= MAX_DOWNLOADS:
                raise TooManyDownloads
            self._taken.add(who)
        left = [who]

        def release() -> None:
            """Release the slot once."""
            while left:
                self._taken.discard(left.pop())

        return release

    def clear(self) -> None:
        """Release all slots."""
        with self._lock:
            self._taken.clear()


download_slots: Final = DownloadSlots()


class DownloadBody:
    """The bytes of a download, which has a slot until it is closed, whether or not it was read. Raises
    TooManyDownloads."""

    def __init__(self, person: Person | None) -> None:
        self._on_close: list[Callable[[], object]] = [download_slots.acquire(person)]
        self._content: Iterable[bytes] = ()

    def set_content(self, content: Iterable[bytes], *on_close: Callable[[], object]) -> Self:
        """Yield `content` from now on; `on_close` are called when the download is closed."""
        self._content = content
        self._on_close += on_close
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._content)

    def close(self) -> None:
        """Release the slot, and close what the content was read from."""
        while self._on_close:
            self._on_close.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Close the download if it could not be handed out."""
        if kind is not None:
            self.close()
