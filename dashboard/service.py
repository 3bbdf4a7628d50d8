"""Read and list the cache, and find connections. No HTML, no HTTP."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from django.conf import settings

from .encryption import DecryptionError
from .identity import Person
from .models import SLUG_PATTERN, Connection
from .problems import Action, Problem
from .vault import (
    HELPER_TIMEOUTS,
    MAX_ITEMS_PER_PAGE,
    PAGE_TIMEOUTS,
    WORKER_DELETE_TIMEOUTS,
    AccountListing,
    Busy,
    DeleteResult,
    Health,
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

MAX_ITEMS_LOOKED_AT: Final = 1000
"""Items that a page looks through, at most, to say what a purge would take."""

MAX_LOOK_SECONDS: Final = 2.0
"""Seconds in which it begins another call for them."""

LOOKUP_CONCURRENCY: Final = 12
"""Batches of look-ups that are asked at once: all of a thousand ids, with places left for other people."""

MAX_LOOKUP_SECONDS: Final = 20.0
"""Seconds in which a look-up begins another call; what is left can be asked for by another press."""


class UnknownConnection(Problem):
    """No connection of this slug for this person: it never was, is archived, or is not theirs to see."""

    title = "No such connection"
    advice = "There is no connection of this name that you may see."
    status = 404
    action = Action("home", "Choose a connection", "choose=1")


@cache
def get_client() -> VaultClient:
    """Return the one client of this process: its connections to the service are kept alive and shared."""
    return VaultClient(settings.VAULTPLUS_API_URL, settings.VAULTPLUS_API_KEY)


def list_connections(person: Person | None) -> list[Connection]:
    """Return the connections this person may choose from, by label: those open to all or to their groups."""
    if person is None:
        return []
    return [one for one in Connection.objects.in_use() if one.is_open_to(person.groups)]


_CONNECTION_SQL: Final = """
    SELECT dashboard_connection.*, EXISTS (
        SELECT 1 FROM dashboard_trayitem WHERE issuer = %s AND subject = %s
    ) AS has_selection, (
        SELECT "groups" FROM dashboard_account WHERE issuer = %s AND subject = %s
    ) AS account_groups FROM dashboard_connection WHERE slug = %s AND archived_at IS NULL
"""
"""As SQL, for every page asks it: the ORM takes longer to write it than the database to answer."""


def find_connection(slug: str, person: Person | None) -> Connection:
    """Return the connection of this slug, by one query that reads no other.

    Raises UnknownConnection, and encryption.DecryptionError for a row that was changed outside the dashboard.
    """
    if person is not None and re.fullmatch(SLUG_PATTERN, slug):  # PostgreSQL takes no letter of 0 bytes
        for found in Connection.objects.raw(_CONNECTION_SQL, [*[person.issuer, person.subject] * 2, slug]):
            found.has_selection = bool(found.has_selection)  # SQLite says 0 or 1
            found.check_signature()
            if found.is_open_to(person.groups):
                return found
    raise UnknownConnection(slug)


def check_is_open(connection: Connection, person: Person | None) -> None:
    """Raise UnknownConnection unless the person is in its groups, be it archived or not; DecryptionError."""
    connection.check_signature()
    if person is None or not connection.is_open_to(person.groups):
        raise UnknownConnection(connection.slug)


def get_connection(slug: str, among: Iterable[Connection]) -> Connection:
    """Return the connection of this slug. Raises UnknownConnection."""
    for one in among:
        if one.slug == slug:
            return one
    raise UnknownConnection(slug)


def get_connection_by_name(text: str, among: Iterable[Connection]) -> Connection:
    """Return the connection of this slug or raw id, if it is among these. Raises UnknownConnection."""
    named = Connection.objects.in_use().find_by_raw_id(text)
    return get_connection(named.slug if named else text, among)


def list_media(connection: Connection, query: MediaQuery, timeouts: Timeouts = PAGE_TIMEOUTS) -> MediaPage:
    """Return one page of the connection's cache, by one call."""
    return get_client().query(connection.connection_id, query, timeouts)


def list_each(connection: Connection, queries: Sequence[MediaQuery]) -> list[MediaPage]:
    """Return the first page of each of these few queries, all asked at once. Threads use no database."""
    connection_id, client = connection.connection_id, get_client()
    with client.let_helpers_call(), ThreadPoolExecutor(len(queries)) as pool:
        return list(pool.map(lambda query: client.query(connection_id, query, HELPER_TIMEOUTS), queries))


def reserve_call(connection: Connection) -> float:
    """Return the seconds to wait before the next call to the connection. Ask once for each call."""
    return get_client().reserve_call(connection.connection_id)


def read_health() -> Health:
    """Return what this process's calls so far say of the service. It makes no client, which takes a while."""
    return get_client().read_health() if get_client.cache_info().currsize else Health()


def find_item(connection: Connection, media_id: str, timeouts: Timeouts = PAGE_TIMEOUTS) -> MediaItem | None:
    """Return the item with fresh links, or None if nothing is cached under this id."""
    try:
        return get_client().get(connection.connection_id, media_id, timeouts)
    except NotCached:
        return None


def find_item_to_remove(connection: Connection, media_id: str) -> MediaItem | UnreadableItem | None:
    """Return the same for a removal, which needs an id and no readable facts."""
    try:
        return find_item(connection, media_id)
    except UnreadableResponse as error:
        return UnreadableItem(media_id, error.detail)


FindResult: TypeAlias = MediaItem | VaultError | DecryptionError | None


def find_in_each(connections: Sequence[Connection], media_id: str) -> list[FindResult]:
    """Return what each of these few connections has of the id, or its error. Threads use no database."""

    def ask(connection: Connection) -> FindResult:
        try:
            return find_item(connection, media_id, HELPER_TIMEOUTS)
        except (VaultError, DecryptionError) as error:
            return error

    try:
        with get_client().let_helpers_call(), ThreadPoolExecutor(max(len(connections), 1)) as pool:
            return list(pool.map(ask, connections))
    except Busy as busy:  # of this thread, which was one too many
        return [busy] * len(connections)


class Batch(NamedTuple):
    """Some of the ids that somebody looks for, in one of the connections: one call."""

    connection: Connection
    media_ids: tuple[str, ...]


BatchResult: TypeAlias = dict[str, MediaItem | UnreadableItem] | VaultError | DecryptionError | None


@cache
def get_lookup_threads() -> ThreadPoolExecutor:
    """Return the threads of look-ups, one set a process: starting a dozen takes as long as a call."""
    return ThreadPoolExecutor(LOOKUP_CONCURRENCY, thread_name_prefix="look-up")


def read_batches(batches: Iterable[Batch]) -> Iterator[tuple[Batch, BatchResult]]:
    """Yield each batch with its items or error, or None if time was up. Its threads use no database."""
    until = time.monotonic() + MAX_LOOKUP_SECONDS

    def ask(batch: Batch) -> BatchResult:
        if time.monotonic() > until:
            return None
        try:
            return read_items(batch.connection, batch.media_ids, HELPER_TIMEOUTS)
        except (VaultError, DecryptionError) as error:
            return error

    with ExitStack() as waiting:
        try:
            waiting.enter_context(get_client().let_helpers_call())
        except Busy as busy:
            yield from ((batch, busy) for batch in batches)
            return
        asked = {get_lookup_threads().submit(ask, batch): batch for batch in batches}
        yield from ((asked[done], done.result()) for done in as_completed(asked))


def read_items(
    connection: Connection, media_ids: Sequence[str], timeouts: Timeouts = PAGE_TIMEOUTS
) -> dict[str, MediaItem | UnreadableItem]:
    """Return those of the items that are cached, by id, in the order asked."""
    return get_client().get_batch(connection.connection_id, media_ids, timeouts)


def delete_for_worker(connection: Connection, media_id: str) -> DeleteResult:
    """Delete an item within a worker's timeouts."""
    return get_client().delete(connection.connection_id, media_id, WORKER_DELETE_TIMEOUTS)


def read_first_page(connection: Connection) -> MediaPage:
    """Return as much of the connection as one call shows: enough to say "at least"."""
    return list_media(connection, MediaQuery(limit=MAX_ITEMS_PER_PAGE))


def read_first_pages(connection: Connection) -> MediaPage:
    """Return as much of the connection as a page may wait for, as one page; its cursor says there is more."""
    until = time.monotonic() + MAX_LOOK_SECONDS
    page = read_first_page(connection)
    items = list(page.items)
    seen = {page.next_cursor}
    while page.next_cursor and len(items) < MAX_ITEMS_LOOKED_AT and time.monotonic() < until:
        page = list_media(connection, MediaQuery(limit=MAX_ITEMS_PER_PAGE, cursor=page.next_cursor))
        items += page.items
        if page.next_cursor in seen:
            break  # a cursor that leads in a circle: what was read so far is "at least"
        seen.add(page.next_cursor)
    return MediaPage(tuple(items), page.next_cursor)


def list_account_connections() -> AccountListing:
    """Return the connections that the account lists. Raises KeyRefused or BadRequest if the key may not."""
    return get_client().list_account_connections()
