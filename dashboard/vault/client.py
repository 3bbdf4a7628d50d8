"""The five operations of Vault+, and the account's list of connections, as Python calls."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, Self, TypeVar

import msgspec

from .account import MAX_CONNECTIONS_LISTED, AccountConnection, AccountListing, decode_account_page
from .address import parse_base_url
from .breaker import Breaker, get_breaker
from .concurrency import PROCESS_CONCURRENCY, ConcurrencyLimit
from .deadline import PAGE_DELETE_TIMEOUTS, PAGE_TIMEOUTS, PURGE_TIMEOUTS, Deadline, Timeouts
from .decode import decode_item, decode_page
from .errors import UnreadableResponse
from .gate import Gate, make_busy
from .health import Health
from .query import MediaQuery, check_media_id
from .rate_limit import RateLimit
from .records import MediaItem, MediaPage, UnreadableItem
from .responses import ItemMismatch
from .results import DeleteResult, PurgeResult, decode_delete, decode_purge
from .transport import (
    DELETE_MEDIA,
    GET_BATCH,
    GET_MEDIA,
    LIST_CONNECTIONS,
    PURGE_CONNECTION,
    QUERY_MEDIA,
    Transport,
)

T = TypeVar("T")

BATCH_SIZE: Final = 100
"""Ids in one batch request; the service refuses more."""

ACCOUNT_PAGE_SIZE: Final = 100


class VaultClient:
    """Reads and removes cached media, connection by connection.

    Make one client per process and share it among threads; do not carry it over a fork. It keeps connections
    open between calls. `base_url` is https, or http on loopback, with at most a path prefix. `verify` is True
    for the usual certificate authorities, or the path of a PEM file with others. `pool_size` is the number of
    connections kept open; let it be at least the number of threads. `concurrency` limits the calls under way;
    by default all clients of the process share 16, of which 6 may be removals, 2 of them of one connection.
    `rate_limit` remembers the limits that responses report, and `breaker` how calls ended; by default all
    clients of a base address share one.

    Raises ValueError for an address or key that cannot be used. Every operation raises a VaultError: each
    subclass says what it means. Nothing that is raised, printed or logged contains the key.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        verify: bool | str = True,
        pool_size: int = 32,
        concurrency: ConcurrencyLimit = PROCESS_CONCURRENCY,
        rate_limit: RateLimit | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        base = parse_base_url(base_url)
        self._gate = Gate(concurrency, rate_limit or RateLimit(), breaker or get_breaker(base))
        self._transport = Transport(base, api_key, verify=verify, pool_size=pool_size, gate=self._gate)

    def __repr__(self) -> str:
        return f"VaultClient({self._transport.base!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    def reserve_call(self, connection_id: str) -> float:
        """Count one call to the connection and return the seconds to wait before making it, at most 120.

        0 if no limit is known or it is far away. Near the limit, the calls that remain are spread over the
        time until it is reset. For workers: a person at a screen does not wait.
        """
        return self._gate.rate_limit.reserve_call(connection_id)

    def read_health(self) -> Health:
        """Return what the calls so far say of the service."""
        return self._gate.read_health()

    def may_send(self) -> bool:
        """Return False while no call is sent because the last ones failed."""
        return self._gate.may_send()

    @contextmanager
    def let_helpers_call(self) -> Iterator[None]:
        """Count this thread, which serves a request, as one that waits while its helpers make calls.

        They call with HELPER_TIMEOUTS. Raises Busy at once if too many threads wait for the service already.
        """
        with self._gate.concurrency.let_helpers_call() as is_counted:
            if not is_counted:
                raise make_busy()
            yield

    def query(self, connection_id: str, query: MediaQuery, timeouts: Timeouts = PAGE_TIMEOUTS) -> MediaPage:
        """Return one page of cached media. Items without a usable id come as UnreadableItem."""
        decode = partial(decode_page, asked=query.limit)
        return self._transport.call(
            QUERY_MEDIA, connection_id, decode, Deadline(timeouts), params=query.to_api_params()
        )

    def get(self, connection_id: str, media_id: str, timeouts: Timeouts = PAGE_TIMEOUTS) -> MediaItem:
        """Return one item with fresh links.

        Raises NotCached, MalformedMediaId before anything is sent, and UnreadableResponse if the response
        does not say which item it describes.
        """

        def decode(body: bytes) -> MediaItem | UnreadableItem:
            item = decode_item(body)
            return item if isinstance(item, UnreadableItem) else _check_item(media_id, item, item.id)

        item = self._transport.call(GET_MEDIA, connection_id, decode, Deadline(timeouts), media_id=media_id)
        if isinstance(item, UnreadableItem):
            raise UnreadableResponse(item.reason, status=200)
        return item

    def get_batch(
        self, connection_id: str, media_ids: Iterable[str], timeouts: Timeouts = PAGE_TIMEOUTS
    ) -> dict[str, MediaItem | UnreadableItem]:
        """Return the cached items among `media_ids`, by id and in the order given.

        Any number of ids: 100 go in one request, and `timeouts` covers all requests together. Raises
        MalformedMediaId before anything is sent. An item so broken that it has no id could be any of those
        missing from its response: each of them then comes as an UnreadableItem.
        """
        asked = list(dict.fromkeys(check_media_id(media_id) for media_id in media_ids))
        deadline = Deadline(timeouts)
        found: dict[str, MediaItem | UnreadableItem] = {}
        for start in range(0, len(asked), BATCH_SIZE):
            part = asked[start : start + BATCH_SIZE]
            body = msgspec.json.encode({"mediaIds": part})
            page = self._transport.call(GET_BATCH, connection_id, decode_page, deadline, body=body)
            by_id = {item.id: item for item in reversed(page.items)}
            nameless = by_id.get(None)
            for media_id in part:
                if (item := by_id.get(media_id)) is not None:
                    found[media_id] = item
                elif isinstance(nameless, UnreadableItem):
                    found[media_id] = UnreadableItem(media_id, nameless.reason)
        return found

    def delete(
        self, connection_id: str, media_id: str, timeouts: Timeouts = PAGE_DELETE_TIMEOUTS
    ) -> DeleteResult:
        """Remove one item with all its variants. If `success` is False, nothing was removed.

        The call is repeated only if nothing can have been sent, or if the service refused it and said when to
        come back (as far as `timeouts` permit; else Busy is raised). Raises NotCached if the item is already
        gone, MalformedMediaId before anything is sent, Unreachable if nothing was sent, and OutcomeUnknown if
        the removal may have happened: then read the item, and do not call again.
        """

        def decode(body: bytes) -> DeleteResult:
            result = decode_delete(body)
            return _check_item(media_id, result, result.media_id)

        return self._transport.call(
            DELETE_MEDIA, connection_id, decode, Deadline(timeouts), media_id=media_id
        )

    def purge(self, connection_id: str, timeouts: Timeouts = PURGE_TIMEOUTS) -> PurgeResult:
        """Remove everything cached for the connection. Sent at most once; raises as `delete` does."""
        return self._transport.call(PURGE_CONNECTION, connection_id, decode_purge, Deadline(timeouts))

    def list_account_connections(self, timeouts: Timeouts = PAGE_TIMEOUTS) -> AccountListing:
        """Return the account's connections, each once, with one call per page.

        `timeouts` covers all pages together. Raises KeyRefused where the key may not list them, BadRequest
        where the service does not offer it (a 404, say). The walk ends after MAX_CONNECTIONS_LISTED, and
        where a page brings none that is new: then it says that there are more.
        """
        # The vendor does not document this operation, so callers have to do without where it is missing.
        # Nothing here sends any other method than GET to it: a DELETE would end somebody's connection.
        deadline = Deadline(timeouts)
        found: dict[str, AccountConnection] = {}
        rows = unreadable = 0
        while True:
            params = {"limit": str(ACCOUNT_PAGE_SIZE), "offset": str(rows)}
            page = self._transport.call(LIST_CONNECTIONS, None, decode_account_page, deadline, params=params)
            known = len(found)
            for one in page.connections:
                found.setdefault(one.id, one)
            rows += len(page.connections) + page.unreadable
            unreadable += page.unreadable
            if not page.has_more or len(found) == known or rows >= MAX_CONNECTIONS_LISTED:
                kept = tuple(found.values())[:MAX_CONNECTIONS_LISTED]
                return AccountListing(kept, unreadable, page.has_more or len(found) > len(kept))


def _check_item(media_id: str, result: T, answered: str) -> T:
    if answered != media_id:
        raise ItemMismatch(answered)
    return result
