"""Limits on downloads: each keeps a thread of its web process busy until its reader has all of it."""

import errno
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Final, Self

from dashboard.identity import Person
from dashboard.jobs import lifecycle
from dashboard.problems import Problem

logger = logging.getLogger(__name__)

MAX_DOWNLOADS: Final = 4
"""Downloads under way in one web process, which has threads for as many; one person has one."""


class TooManyDownloads(Problem):
    """Nothing was begun: other downloads from this process have to end first."""

    title = "Too many downloads at once"
    advice = (
        "As many downloads are on their way as this server sends at a time. Try again in a moment, or have "
        "an export of media prepared in the background."
    )
    status = 503
    retry = True


class DownloadAborted(ConnectionResetError):
    """A begun download cannot be finished. Servers close the connection, so that the browser says so."""


class OwnDownloadOpen(TooManyDownloads):
    """Nothing was begun: another download of the same person has to end first."""

    title = "One download at a time"
    advice = (
        "Another download of yours is still on its way. Wait until it has ended, or cancel it in your "
        "browser; then try again."
    )
    status = 429


slots_taken: Final = set[tuple[str, str]]()
"""Issuer and subject of everybody who has a download under way in this process."""

_slots_lock: Final = threading.Lock()


class DownloadBody:
    """The bytes of a download, which has a slot until it is closed. Raises TooManyDownloads."""

    def __init__(self, person: Person | None) -> None:
        assert person is not None  # noqa: S101 - nobody signed in takes anything away
        who = person.issuer, person.subject
        with _slots_lock:
            if who in slots_taken:
                raise OwnDownloadOpen
            if len(slots_taken) >= MAX_DOWNLOADS:
                raise TooManyDownloads
            slots_taken.add(who)
        self._on_close = ExitStack()
        self._on_close.callback(slots_taken.discard, who)
        self._content: Iterable[bytes] = ()

    def set_content(self, content: Iterable[bytes], on_close: Callable[[], object]) -> None:
        """Yield `content` from now on; `on_close` is called when the download is closed."""
        self._content = content
        self._on_close.callback(on_close)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._content:
            if lifecycle.stopping.is_set():
                logger.warning("a download was broken off: the process is to stop")
                raise DownloadAborted(errno.ECONNRESET, "broken off")
            yield piece

    def close(self) -> None:
        """Release the slot, and close what the content was read from."""
        self._on_close.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Close the download if it could not be handed out."""
        if kind is not None:
            self.close()
