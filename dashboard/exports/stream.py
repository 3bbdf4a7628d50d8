"""An export that leaves while it is read: a page of the service at a time, and nothing kept."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from urllib.parse import parse_qsl

from django.utils import timezone

from dashboard import audit, service
from dashboard.identity import Caller
from dashboard.jobs import paging
from dashboard.jobs.repeats import KnownItems
from dashboard.models import Connection
from dashboard.vault import MediaPage, MediaQuery, VaultError

from .downloads import Placed
from .rows import head, writer

logger = logging.getLogger(__name__)


class Cut(ConnectionResetError):
    """What was begun cannot be brought to its end. Servers take it for a connection that broke: they close it
    without the last chunk, so that a browser says that the download failed, and log nothing of their own."""


class Download:
    """The bytes of a file, whose first page is there before anything is sent.

    Trouble with the first page is raised at once, as the VaultError, and can be told on a page. Later trouble
    is logged, and raised as Cut where the bytes are asked for. `close` ends the walk, whether or not anything
    was sent.
    """

    def __init__(self, connection: Connection, query: MediaQuery, form: str, request_id: str = "") -> None:
        self._request_id = request_id
        self._known = KnownItems()
        self._steps = paging.steps(connection, query, ask=_ask)
        self._written = writer(form, connection)
        try:
            self._first = head(form) + self._written(self._known.fresh(next(self._steps).items))
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        self._first = b""
        try:
            for step in self._steps:
                yield self._written(self._known.fresh(step.items))
        except (VaultError, paging.Circle) as trouble:
            words, extra = "an export was broken off: %s %s", {"request_id": self._request_id}
            logger.warning(words, type(trouble).__name__, trouble, extra=extra)
            raise Cut(errno.ECONNRESET, "broken off") from trouble

    def close(self) -> None:
        """End the walk; a call that is under way is waited for, and none follows it."""
        self._steps.close()
        self._known.close()


def _ask(connection: Connection, query: MediaQuery) -> MediaPage:
    """A person waits for the first page; for the others the service may take its time."""
    return paging.ask_paced(connection, query) if query.cursor else service.list_media(connection, query)


def now(caller: Caller, connection: Connection, query: MediaQuery, form: str) -> Placed:
    """All that fits, as it is read: its first page is there, and that it is taken away is recorded.

    Raises TooManyDownloads, what Download raises, and audit.NotRecorded; then nothing is given out.
    """
    with Placed(caller.person) as placed:
        file = Download(connection, query, form, caller.request_id)
        placed.holds(file, file.close)
        audit.record("media.exported", caller, connection=connection, result=told(query, form))
    return placed


def told(query: MediaQuery, form: str) -> dict[str, object]:
    """What the record says of an export: its format, and the filters by the service's names."""
    return {"format": form, "filters": dict(parse_qsl(query.as_url()))}


def file_name(connection: Connection, form: str) -> str:
    """What a file is called where it is kept: `media-studio-a-2026-11-21.csv`."""
    return f"media-{connection.slug}-{timezone.now():%Y-%m-%d}.{form}"
