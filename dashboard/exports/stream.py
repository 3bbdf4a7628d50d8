"""An export that is sent while it is read: a page of the service at a time, and nothing is kept."""

import errno
import logging
from collections.abc import Iterator
from urllib.parse import parse_qsl

from django.utils import timezone

from dashboard import budgets, service
from dashboard.identity import Caller
from dashboard.jobs import paging
from dashboard.jobs.known_items import KnownItems
from dashboard.models import Connection
from dashboard.vault import MediaPage, MediaQuery, VaultError

from .downloads import DownloadAborted, DownloadBody
from .rows import encode_header, make_encoder

logger = logging.getLogger(__name__)


class ExportStream:
    """The bytes of a file, whose first page is read before anything is sent.

    An error with that page is raised as the VaultError; a later one as DownloadAborted while bytes are read.
    """

    def __init__(
        self, connection: Connection, query: MediaQuery, file_format: str, request_id: str = ""
    ) -> None:
        self._request_id = request_id
        self._known = KnownItems()
        self._pages = paging.paginate(connection, query, ask=_ask_for_page)
        self._encode = make_encoder(file_format, connection)
        try:
            items = self._known.add_new(next(self._pages).items)
            self._first = encode_header(file_format) + self._encode(items)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        self._first, stretch = b"", paging.Stretch()
        try:
            for page in self._pages:
                yield self._encode(self._known.add_new(page.items))
                stretch.add(page)
        except (VaultError, paging.CursorLoop, paging.EndlessWalk) as error:
            log_line, extra = "an export was broken off: %s %s", {"request_id": self._request_id}
            logger.warning(log_line, type(error).__name__, error, extra=extra)
            raise DownloadAborted(errno.ECONNRESET, "broken off") from error

    def close(self) -> None:
        """End the walk; a call that is under way is waited for, and none follows it."""
        self._pages.close()
        self._known.close()


def _ask_for_page(connection: Connection, query: MediaQuery) -> MediaPage:
    """Return one page: the first at once, for a person waits, the others within the service's limits."""
    ask = paging.ask_within_limits if query.cursor else service.list_media
    return ask(connection, query)


def open_stream(caller: Caller, connection: Connection, query: MediaQuery, file_format: str) -> DownloadBody:
    """Record it, and return all items that fit; raises as DownloadBody, ExportStream and record_act."""
    budgets.check(caller, "exports")
    with DownloadBody(caller.person) as body:
        export = ExportStream(connection, query, file_format, caller.request_id)
        body.set_content(export, export.close)
        payload = event_payload(query, file_format)
        budgets.record_act(caller, "exports", "media.exported", connection=connection, result=payload)
    return body


def event_payload(query: MediaQuery, file_format: str) -> dict[str, object]:
    """Return what the audit records of an export: its format, and the filters by the service's names."""
    return {"format": file_format, "filters": dict(parse_qsl(query.to_url()))}


def name_file(connection: Connection, file_format: str) -> str:
    """Return the name under which a browser saves the file: `media-studio-a-2026-11-21.csv`."""
    return f"media-{connection.slug}-{timezone.now():%Y-%m-%d}.{file_format}"
