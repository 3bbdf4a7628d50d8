"""What the program can do with the cache: list, read, look at. No HTML, no HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from django.conf import settings

from .encryption import DecryptionError
from .identity import Person
from .models import Connection
from .problems import Action, Problem
from .vault import (
    MAX_ITEMS_PER_PAGE,
    PAGE_TIMEOUTS,
    WORKER_DELETE_TIMEOUTS,
    WORKER_TIMEOUTS,
    AccountListing,
    DeleteResult,
    MediaItem,
    MediaPage,
    MediaQuery,
    NotCached,
    Timeouts,
    UnreadableItem,
    UnreadableResponse,
    VaultClient,
    VaultError,
)

LARGEST_LOOK: Final = 1000
"""Items that a page looks through, at most, to say what a purge would take."""

LONGEST_LOOK: Final = 2.0
"""Seconds in which it begins another call for them."""


AT_ONCE: Final = 12
"""Batches of look-ups that are asked at once: all of a thousand ids, with places left for other people."""

LONGEST_LOOK_UP: Final = 20.0
"""Seconds in which a look-up begins another call; what is left can be asked for by another press."""


class UnknownConnection(Problem):
    """No connection of this slug for this person: it never was, is archived, or is not theirs to see."""

    title = "No such connection"
    advice = "There is no connection of this name that you may see."
    status = 404
    action = Action("home", "Choose a connection", "choose=1")


@cache
def vault() -> VaultClient:
    """The one client of this process: its connections to the service are kept alive and shared."""
    return VaultClient(settings.VAULTPLUS_API_URL, settings.VAULTPLUS_API_KEY)


def connections(person: Person | None) -> list[Connection]:
    """The connections this person may choose from, by label: those open to all, and those of their groups."""
    if person is None:
        return []
    return [one for one in Connection.objects.in_use() if one.is_open_to(person.groups)]


def connection(slug: str, among: Iterable[Connection]) -> Connection:
    """The one of this slug; raises UnknownConnection."""
    for one in among:
        if one.slug == slug:
            return one
    raise UnknownConnection(slug)


def connection_named(text: str, among: Iterable[Connection]) -> Connection:
    """The one of this slug or raw id; raises UnknownConnection for what is neither, or not among them."""
    named = Connection.objects.in_use().find_by_raw_id(text)
    return connection(named.slug if named else text, among)


def list_media(connection: Connection, query: MediaQuery) -> MediaPage:
    """One page of the connection's cache, by one call."""
    return vault().query(connection.connection_id, query)


def list_each(connection: Connection, queries: Sequence[MediaQuery]) -> list[MediaPage]:
    """The first page of each of these few questions, all asked at once, by threads that use no database."""
    connection_id = connection.connection_id
    with ThreadPoolExecutor(len(queries)) as pool:
        return list(pool.map(lambda query: vault().query(connection_id, query), queries))


def walk_page(connection: Connection, query: MediaQuery) -> MediaPage:
    """One page for the worker, which may take longer than a person at a screen."""
    return vault().query(connection.connection_id, query, WORKER_TIMEOUTS)


def reserve_call(connection: Connection) -> float:
    """Seconds that the worker waits before its next call to the connection; asked once for each call."""
    return vault().reserve_call(connection.connection_id)


def find_item(connection: Connection, media_id: str) -> MediaItem | None:
    """The item with fresh links, or None when nothing is cached under this id."""
    try:
        return vault().get(connection.connection_id, media_id)
    except NotCached:
        return None


def find_item_to_remove(connection: Connection, media_id: str) -> MediaItem | UnreadableItem | None:
    """The same for a removal, which needs an id and no readable facts."""
    try:
        return find_item(connection, media_id)
    except UnreadableResponse as error:
        return UnreadableItem(media_id, error.detail)


Looked: TypeAlias = MediaItem | VaultError | DecryptionError | None


def look_in(connections: Sequence[Connection], media_id: str) -> list[Looked]:
    """What each of these few connections holds under the id, all asked at once: the item, None for nothing,
    or the error in place of an answer. The threads that ask use no database."""

    def ask(connection: Connection) -> Looked:
        try:
            return find_item(connection, media_id)
        except (VaultError, DecryptionError) as error:
            return error

    with ThreadPoolExecutor(max(len(connections), 1)) as pool:
        return list(pool.map(ask, connections))


class Batch(NamedTuple):
    """Some of the ids that somebody looks for, in one of the connections: one call."""

    connection: Connection
    media_ids: tuple[str, ...]


Answered: TypeAlias = dict[str, MediaItem | UnreadableItem] | VaultError | DecryptionError | None


@cache
def askers() -> ThreadPoolExecutor:
    """The threads that ask for look-ups, one set a process: starting a dozen takes as long as a call."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look-up")


def look_up(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answered]]:
    """What each batch was answered, as the answers come, as many asked at once as may be: what is cached,
    or the error in place of it, or None where time was up before its turn. The threads use no database."""
    until = time.monotonic() + LONGEST_LOOK_UP

    def ask(batch: Batch) -> Answered:
        if time.monotonic() > until:
            return None
        try:
            return read_items(batch.connection, batch.media_ids)
        except (VaultError, DecryptionError) as error:
            return error

    asked = {askers().submit(ask, batch): batch for batch in batches}
    return ((asked[done], done.result()) for done in as_completed(asked))


def read_items(
    connection: Connection, media_ids: Sequence[str], timeouts: Timeouts = PAGE_TIMEOUTS
) -> dict[str, MediaItem | UnreadableItem]:
    """Those of the items that are cached, by id, in the order asked."""
    return vault().get_batch(connection.connection_id, media_ids, timeouts)


def delete_for_worker(connection: Connection, media_id: str) -> DeleteResult:
    """Delete an item within a worker's timeouts."""
    return vault().delete(connection.connection_id, media_id, WORKER_DELETE_TIMEOUTS)


def first_look(connection: Connection) -> MediaPage:
    """As much of the connection as one call shows: enough to say "at least"."""
    return list_media(connection, MediaQuery(limit=MAX_ITEMS_PER_PAGE))


def look_through(connection: Connection) -> MediaPage:
    """As much of the connection as a page may wait for, as one page; its cursor says that there is more."""
    until = time.monotonic() + LONGEST_LOOK
    page = first_look(connection)
    items = list(page.items)
    seen = {page.next_cursor}
    while page.next_cursor and len(items) < LARGEST_LOOK and time.monotonic() < until:
        page = list_media(connection, MediaQuery(limit=MAX_ITEMS_PER_PAGE, cursor=page.next_cursor))
        items += page.items
        if page.next_cursor in seen:
            break  # a cursor that leads in a circle: what was read so far is "at least"
        seen.add(page.next_cursor)
    return MediaPage(tuple(items), page.next_cursor)


def list_account_connections() -> AccountListing:
    """What the account lists of its connections. KeyRefused or BadRequest: this key may not ask for it."""
    return vault().list_account_connections()
