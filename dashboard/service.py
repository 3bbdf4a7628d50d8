"""What the program can do with the cache: list, read, look at. No HTML, no HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from django.conf import settings

from .models import Connection
from .vault import MAX_LIMIT, MediaItem, MediaPage, MediaQuery, NotCached, UnreadableItem, VaultClient


class UnknownConnection(Exception):
    """No connection of this slug for this person: it never was, is archived, or is not theirs to see."""


@cache
def vault() -> VaultClient:
    """The one client of this process: its connections to the service are kept alive and shared."""
    return VaultClient(settings.VAULTPLUS_API_URL, settings.VAULTPLUS_API_KEY)


def connections() -> list[Connection]:
    """The connections a person may choose from, by label."""
    return list(Connection.objects.in_use())


def connection(slug: str, among: Iterable[Connection]) -> Connection:
    """The one of this slug; raises UnknownConnection."""
    for one in among:
        if one.slug == slug:
            return one
    raise UnknownConnection(slug)


def list_media(connection: Connection, query: MediaQuery) -> MediaPage:
    """One page of the connection's cache, by one call."""
    return vault().query(connection.connection_id, query)


def find_item(connection: Connection, media_id: str) -> MediaItem | None:
    """The item with fresh links, or None when nothing is cached under this id."""
    try:
        return vault().get(connection.connection_id, media_id)
    except NotCached:
        return None


def read_items(connection: Connection, media_ids: Sequence[str]) -> dict[str, MediaItem | UnreadableItem]:
    """Those of the items that are cached, by id, in the order asked."""
    return vault().get_batch(connection.connection_id, media_ids)


def first_look(connection: Connection) -> MediaPage:
    """As much of the connection as one call shows: enough to say "at least"."""
    return list_media(connection, MediaQuery(limit=MAX_LIMIT))
