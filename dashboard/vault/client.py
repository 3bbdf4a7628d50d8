"""The five operations of Vault+, and the account's list of connections, as Python calls."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from .account import AccountConnection, AccountListing, decode_account_page
from .deadline import PAGE, PAGE_DELETE, PURGE, Clock, Patience
from .decode import decode_item, decode_page
from .errors import UnreadableAnswer
from .query import MediaQuery, checked_media_id
from .rate_limit import Pace
from .records import MediaItem, MediaPage, UnreadableItem
from .responses import AnotherItem
from .results import DeleteResult, PurgeResult, decode_delete, decode_purge
from .transport import BATCH, CONNECTIONS, DELETE, GET, OF_THIS_PROCESS, QUERY, Places, Transport
from .transport import PURGE as PURGE_CONNECTION

T = TypeVar("T")

BATCH_SIZE: Final = 100
"""Ids in one batch; the service refuses more."""

ACCOUNT_PAGE: Final = 100
MOST_CONNECTIONS: Final = 1000
"""Connections of an account that are listed; beyond them it is only said that there are more."""


class VaultClient:
    """Reads and removes what Vault+ has cached, connection by connection.

    Make one per process and share it: it may be used by many threads, keeps connections open between calls,
    and must not be carried over a fork. `base_url` is https, or http for this very machine, with at most a
    path prefix. `verify` is True for the usual certificate authorities or the path of a PEM file with others.
    `pool_size` is how many connections lie ready; at least the number of threads that call. `places`, how
    many calls may be under way, is by default shared by all clients of the process: 16, 2 of them removals.
    `pace` remembers what the answers say of the service's limits.

    Raises ValueError for an address or key that cannot be used. Every operation raises a VaultError: see
    each class for what it means. Nothing is raised, printed or logged that holds the key.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        verify: bool | str = True,
        pool_size: int = 32,
        places: Places = OF_THIS_PROCESS,
        pace: Pace | None = None,
    ) -> None:
        self._transport = Transport(
            base_url, api_key, verify=verify, pool_size=pool_size, places=places, pace=pace
        )

    def __repr__(self) -> str:
        return f"VaultClient({self._transport.base!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that lie ready."""
        self._transport.close()

    def pause_before(self, connection_id: str) -> float:
        """Seconds, at most 120, that whoever is in no hurry waits before the next call to the connection.

        0 where the answers so far spoke of no limit, or of one that is far. Near it, what is left is spread
        over the time until it is whole again. Ask once for each call.
        """
        return self._transport.pace.pause_before(connection_id)

    def query(self, connection_id: str, query: MediaQuery, patience: Patience = PAGE) -> MediaPage:
        """One page of what is cached. Items without a usable id come as UnreadableItem."""
        params = query.api_params()
        return self._transport.call(QUERY, connection_id, decode_page, Clock(patience), params=params)

    def get(self, connection_id: str, media_id: str, patience: Patience = PAGE) -> MediaItem:
        """One item, with fresh links, whatever its fields are. Raises NotCached, or MalformedMediaId before
        anything is sent, and UnreadableAnswer where the answer does not tell which item it is about.
        """

        def decode(body: bytes) -> MediaItem | UnreadableItem:
            item = decode_item(body)
            return item if isinstance(item, UnreadableItem) else _about(media_id, item, item.id)

        item = self._transport.call(GET, connection_id, decode, Clock(patience), media_id=media_id)
        if isinstance(item, UnreadableItem):
            raise UnreadableAnswer(item.reason, status=200)
        return item

    def get_batch(
        self, connection_id: str, media_ids: Iterable[str], patience: Patience = PAGE
    ) -> dict[str, MediaItem | UnreadableItem]:
        """The items of `media_ids`, in the order asked, without those that are not cached.

        Any number of ids: 100 go in one request, and `patience` is for all of them together. Raises
        MalformedMediaId before anything is sent. Where the service sends items so broken that they do not
        even tell their id, an id that is missing may be one of them: it then comes as an UnreadableItem.
        """
        asked = list(dict.fromkeys(checked_media_id(media_id) for media_id in media_ids))
        clock = Clock(patience)
        found: dict[str, MediaItem | UnreadableItem] = {}
        for start in range(0, len(asked), BATCH_SIZE):
            part = asked[start : start + BATCH_SIZE]
            body = msgspec.json.encode({"mediaIds": part})
            page = self._transport.call(BATCH, connection_id, decode_page, clock, body=body)
            by_id = {item.id: item for item in reversed(page.items)}
            nameless = by_id.get(None)
            for media_id in part:
                if (item := by_id.get(media_id)) is not None:
                    found[media_id] = item
                elif isinstance(nameless, UnreadableItem):
                    found[media_id] = UnreadableItem(media_id, nameless.reason)
        return found

    def delete(self, connection_id: str, media_id: str, patience: Patience = PAGE_DELETE) -> DeleteResult:
        """Remove one item with all its variants. `success` False means that nothing was removed.

        Sent again only when nothing can have been sent, or when the service refused it and said when to come
        back (`patience` permitting; else Busy). Raises NotCached when it is already gone, MalformedMediaId
        before anything is sent, Unreachable when nothing was sent, and OutcomeUnknown whenever it may have
        happened: then read, and do not call again.
        """

        def decode(body: bytes) -> DeleteResult:
            result = decode_delete(body)
            return _about(media_id, result, result.media_id)

        return self._transport.call(DELETE, connection_id, decode, Clock(patience), media_id=media_id)

    def purge(self, connection_id: str, patience: Patience = PURGE) -> PurgeResult:
        """Remove everything cached for the connection. Sent once, ever; errors as for `delete`."""
        return self._transport.call(PURGE_CONNECTION, connection_id, decode_purge, Clock(patience))

    def account_connections(self, patience: Patience = PAGE) -> AccountListing:
        """The account's connections, each once, by as many calls as it has pages.

        `patience` is for all pages together. Raises KeyRefused where the key may not list them, BadRequest
        where the service does not offer it (a 404, say). The walk ends after MOST_CONNECTIONS, and where a
        page brings none that is new: then it says that there are more.
        """
        # The vendor does not document this operation, so callers have to do without where it is missing.
        # Nothing here sends any other method than GET to it: a DELETE would end somebody's connection.
        clock = Clock(patience)
        found: dict[str, AccountConnection] = {}
        rows = unreadable = 0
        while True:
            params = {"limit": str(ACCOUNT_PAGE), "offset": str(rows)}
            page = self._transport.call(CONNECTIONS, None, decode_account_page, clock, params=params)
            known = len(found)
            for one in page.connections:
                found.setdefault(one.id, one)
            rows += len(page.connections) + page.unreadable
            unreadable += page.unreadable
            if not page.has_more or len(found) == known or rows >= MOST_CONNECTIONS:
                kept = tuple(found.values())[:MOST_CONNECTIONS]
                return AccountListing(kept, unreadable, page.has_more or len(found) > len(kept))


def _about(media_id: str, result: T, answered: str) -> T:
    if answered != media_id:
        raise AnotherItem(answered)
    return result
