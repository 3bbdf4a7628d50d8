"""All of a connection's cache that fits a question, page by page: the next page is asked for while the one
before is being worked on, so that a walk takes the service's time and little more."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from dashboard import service
from dashboard.models import Connection
from dashboard.vault import MAX_LIMIT, Busy, MediaItem, MediaPage, MediaQuery, UnreadableItem

from . import lifecycle

LONGEST_WAIT: Final = 9.0
"""Seconds that a page waits for the service's limit: with the call after them still within a job's lease."""

HEAD_START: Final = 0.0005
"""Seconds in which the next call leaves: whoever works on a page keeps the interpreter from sending it."""

LOOKS_UP: Final = 0.5
"""Seconds after which a walk that waits for an answer asks whether it is to go on."""


MOST_REPEATS: Final = 3
"""Pages in a row, each of which was there before item for item, that show a circle of ever new cursors."""


class Circle(Exception):
    """The service's pages lead in a circle: what comes next was there before."""


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a walk, and where the walk goes on after it; None at the end."""

    items: tuple[MediaItem | UnreadableItem, ...]
    next_cursor: str | None


def ask_paced(connection: Connection, query: MediaQuery) -> MediaPage:
    """One page, after the pause that the service's limits want; it ends when this process is to end.

    Raises Busy, so that the job rests, instead of a long pause; and any VaultError of the call.
    """
    pause = service.pause_before(connection)
    if pause > LONGEST_WAIT:
        raise Busy("As many calls were made as the service allows for now.", retry_after=pause)
    lifecycle.stopping.wait(pause)
    return service.walk_page(connection, query)


def steps(
    connection: Connection,
    query: MediaQuery,
    *,
    ask: Callable[[Connection, MediaQuery], MediaPage] = ask_paced,
    seen: set[bytes] | None = None,
    look_up: Callable[[], None] = lambda: None,
) -> Generator[Step]:
    """Every page from the query's cursor on, in order, one call after another; a page is decoded, and the
    next one asked for, before it is handed over.

    Raises Circle where a cursor comes again, or page after page does, and any VaultError. Nothing of the
    pages is kept but a mark of each and of its cursor in `seen`; a walk that goes on from where another broke
    off is given the same set, so that it knows the whole way. `look_up` is called twice a second while an
    answer is waited for: what it raises ends the walk at once, and the call that is out is left to itself.
    """
    query = query.replacing(limit=MAX_LIMIT, cursor=query.cursor)
    seen = set() if seen is None else seen
    ahead = ThreadPoolExecutor(1, thread_name_prefix="walk")
    left_alone, repeats = False, 0
    try:
        coming = ahead.submit(ask, connection, query)
        while True:
            left_alone = True
            page = _answer(coming, look_up)
            left_alone = False
            cursor = page.next_cursor
            circle = cursor is not None and (mark := _mark(cursor)) in seen
            if cursor is not None and not circle:
                seen.add(mark)  # eight bytes a page: a thousandth of what a page weighs
                query = query.replacing(cursor=cursor)
                coming = ahead.submit(ask, connection, query)
                time.sleep(HEAD_START)
            repeats = repeats + 1 if _was_there(page, seen) else 0
            circle = circle or (cursor is not None and repeats >= MOST_REPEATS)
            yield Step(page.items, None if circle else cursor)
            if circle:
                raise Circle
            if cursor is None:
                return
    finally:
        ahead.shutdown(wait=not left_alone, cancel_futures=True)


def _answer(coming: Future[MediaPage], look_up: Callable[[], None]) -> MediaPage:
    while True:
        try:
            return coming.result(LOOKS_UP)
        except TimeoutError:
            if coming.done():  # the call itself timed out, and says so
                raise
            look_up()


def _was_there(page: MediaPage, seen: set[bytes]) -> bool:
    """Whether a page of the same items was marked before; it is now. One without any says nothing."""
    ids = [item.id or "" for item in page.items]
    if not any(ids):
        return False
    mark = _mark("\n".join(ids))
    was_there = mark in seen
    seen.add(mark)
    return was_there


def _mark(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
