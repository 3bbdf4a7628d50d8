"""Read all pages of a query: the next is asked for while the one before is being worked on."""

import hashlib
import threading
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from typing import Final

from msgspec import Struct

from dashboard import service
from dashboard.models import Connection
from dashboard.units import format_count
from dashboard.vault import MAX_ITEMS_PER_PAGE, WORKER_TIMEOUTS, Busy, MediaPage, MediaQuery

from . import lifecycle
from .retry_policy import LIMIT_REACHED

MAX_PAUSE_SECONDS: Final = 9.0
"""Longest wait for the rate limit before a page: the call after it is still within a job's lease."""

WAITING_INTERVAL_SECONDS: Final = 0.5
MAX_REPEATED_PAGES: Final = 3
"""Pages in a row, each of which came before item for item, that show a loop of ever new cursors."""

MAX_EMPTY_PAGES: Final = 1000
"""Pages without an item, one after the other, after which a walk has to be told to go on."""

MAX_WALKED_ITEMS: Final = 10_000_000
"""Items after which a walk has to be told to go on: ten times as many as it was tried with."""

MAX_FINGERPRINTS: Final = 1_000_000
"""Cursors and pages that a walk remembers, in some 100 MB; then it begins to remember anew."""

AskForPage = Callable[[Connection, MediaQuery], MediaPage]


class CursorLoop(Exception):
    """The service's pages lead in a circle: what comes next came before."""


class EndlessWalk(Exception):
    """A walk has read so much, or so long nothing, that somebody has to say whether it is to go on."""


class Stretch(Struct):
    """What a walk has read since it began or was told to go on."""

    items: int = 0
    empty_pages: int = 0
    """Pages without an item, one after the other, up to the last."""

    def add(self, page: MediaPage) -> None:
        """Count a page. Raises EndlessWalk if others follow it and that is enough for now."""
        self.items += len(page.items)
        self.empty_pages = 0 if page.items else self.empty_pages + 1
        if page.next_cursor is None:
            return
        if self.empty_pages >= MAX_EMPTY_PAGES:
            raise EndlessWalk(f"The service sent {self.empty_pages:,} empty pages, one after the other.")
        if self.items >= MAX_WALKED_ITEMS:
            raise EndlessWalk(f"The list has no end so far: {format_count(self.items, 'item')} were read.")


def ask_within_limits(connection: Connection, query: MediaQuery) -> MediaPage:
    """Return a page after the rate limit's pause; raises Busy in place of a long one, and any VaultError."""
    pause = service.reserve_call(connection)
    if pause > MAX_PAUSE_SECONDS:
        raise Busy(LIMIT_REACHED, retry_after=pause)
    lifecycle.stopping.wait(pause)
    return service.list_media(connection, query, WORKER_TIMEOUTS)


def paginate(
    connection: Connection,
    query: MediaQuery,
    *,
    ask: AskForPage = ask_within_limits,
    seen: set[bytes] | None = None,
    while_waiting: Callable[[], None] = lambda: None,
) -> Generator[MediaPage]:
    """Yield every page from the query's cursor on; while one is worked on, the next one is asked for.

    Raises CursorLoop if a cursor or page after page comes again, and any VaultError. `seen` has fingerprints:
    pass the same set to go on. An exception of `while_waiting`, called twice a second, ends the walk at once.
    """
    first = query.replace(limit=MAX_ITEMS_PER_PAGE, cursor=query.cursor)
    reader = _Reader(connection, first, ask, set() if seen is None else seen)
    try:
        while page := reader.read(while_waiting):
            yield page
    finally:
        reader.close()


class _Reader(threading.Thread):
    """Asks for one page after another, at most one ahead of the page that is worked on.

    What hands over a page still holds the interpreter: its next call leaves before work on that page.
    """

    def __init__(self, connection: Connection, query: MediaQuery, ask: AskForPage, seen: set[bytes]) -> None:
        super().__init__(name="walk")
        self._connection, self._query, self._ask, self._seen = connection, query, ask, seen
        self._turns = threading.Semaphore(1)
        self._answers: SimpleQueue[MediaPage | BaseException | None] = SimpleQueue()
        self._is_closed = self._is_awaited = False
        self.start()

    def read(self, while_waiting: Callable[[], None]) -> MediaPage | None:
        """Return the next page, or None after the last. Raises what the call or `while_waiting` raises."""
        self._turns.release()
        self._is_awaited = True
        answer = self._wait_for_answer(while_waiting)
        self._is_awaited = False
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        """Have no further page asked for. A call under way is waited for, unless `read` was interrupted."""
        self._is_closed = True
        self._turns.release()
        if not self._is_awaited:
            self.join()

    def run(self) -> None:
        """Hand over page after page, then None, or the exception that came in between."""
        try:
            self._ask_for_all()
        except BaseException as error:
            self._answers.put(error)
        else:
            self._answers.put(None)

    def _wait_for_answer(self, while_waiting: Callable[[], None]) -> MediaPage | BaseException | None:
        while True:
            try:
                return self._answers.get(timeout=WAITING_INTERVAL_SECONDS)
            except Empty:
                while_waiting()

    def _ask_for_all(self) -> None:
        repeated_pages = 0
        while self._turns.acquire() and not self._is_closed:
            page = self._ask(self._connection, self._query)
            cursor = page.next_cursor
            if cursor is None:
                self._answers.put(page)
                return
            repeated_pages = repeated_pages + 1 if self._was_page_seen(page) else 0
            if self._was_seen(f"cursor {cursor}") or repeated_pages >= MAX_REPEATED_PAGES:
                self._answers.put(MediaPage(page.items))
                raise CursorLoop
            self._query = self._query.replace(cursor=cursor)
            self._answers.put(page)

    def _was_page_seen(self, page: MediaPage) -> bool:
        """Return True if a page of the same ids came before; a page without any id says nothing."""
        ids = [item.id or "" for item in page.items]
        return any(ids) and self._was_seen("page " + "\n".join(ids))

    def _was_seen(self, text: str) -> bool:
        fingerprint = hashlib.blake2b(text.encode(), digest_size=8).digest()
        was_seen = fingerprint in self._seen
        if len(self._seen) >= MAX_FINGERPRINTS:
            self._seen.clear()
        self._seen.add(fingerprint)
        return was_seen
