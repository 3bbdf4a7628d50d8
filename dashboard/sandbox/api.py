"""The five Vault+ media operations, as the vendor's reference pages describe them, and the account's list."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

import msgspec

from .account import Account
from .answer import Answer, error, json_answer
from .cursor import CursorSigner
from .limit import RateLimit
from .links import LinkSigner
from .query import BadParameterError, parse_query
from .shelf import Shelf
from .walk import Walk

COLLECTION = ("v2", "vault-plus", "media")
CONNECTIONS = ("v2", "account", "connections")
BATCH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Route:
    """The operation a path leads to: "query", "purge", "batch", "get", "delete" or "connections"."""

    operation: str
    media_id: str = ""


class _BatchRequest(msgspec.Struct, rename="camel"):
    media_ids: list[str]


def find_route(method: str, segments: tuple[str, ...]) -> Route | Answer:
    """The operation of a method and normalised path; else the 404 or 405."""
    if segments == CONNECTIONS:
        allowed = {"GET": "connections"}
    elif segments[:3] != COLLECTION or len(segments) > 4:
        return error(404, "Not found")
    elif len(segments) == 3:
        allowed = {"GET": "query", "DELETE": "purge"}
    elif segments[3] == "batch":
        allowed = {"POST": "batch"}
    else:
        allowed = {"GET": "get", "DELETE": "delete"}
    if method not in allowed:
        return error(405, "Method not allowed", Allow=", ".join(allowed))
    return Route(allowed[method], segments[3] if len(segments) == 4 else "")


class VaultApi:
    """Answers API calls from the shelves of the connections."""

    def __init__(
        self,
        shelves: Mapping[str, Shelf],
        key: str,
        secret: bytes,
        now: Callable[[], float],
        limit: RateLimit | None = None,
    ) -> None:
        self._limit = limit
        self._shelves, self._key, self._now = shelves, key, now
        self._account = Account(shelves)
        self._removing = Lock()
        self._cursors, self._links = CursorSigner(secret), LinkSigner(secret)

    def answer(self, route: Route, headers: Mapping[str, str], query: str, body: bytes, host: str) -> Answer:
        """Carry out one call. `headers` have lower-case names; `host` begins the media links."""
        if not hmac.compare_digest(headers.get("apikey", "").encode(), self._key.encode()):
            return error(401, "Unauthorized")
        if route.operation == "connections":
            return self._account.answer(query)
        connection = headers.get("x-connection-id", "")
        if not connection:
            return error(400, "x-connection-id header is required")
        shelf = self._shelves.get(connection)
        if shelf is None:
            return error(400, "x-connection-id header is invalid")
        if self._limit is None:
            return self._carry_out(shelf, route, query, body, host)
        passes, told = self._limit.take(connection)
        answer = (
            self._carry_out(shelf, route, query, body, host) if passes else error(429, "Too many requests")
        )
        answer.headers |= told
        return answer

    def _carry_out(self, shelf: Shelf, route: Route, query: str, body: bytes, host: str) -> Answer:
        if route.operation == "query":
            return self._query(shelf, query, host)
        if route.operation == "batch":
            return self._batch(shelf, body, host)
        if route.operation in ("purge", "delete"):
            with self._removing:
                return self._remove(shelf, route)
        index = shelf.index_of(route.media_id)
        return (
            error(404, "Media not found") if index is None else Answer(200, self._fresh(shelf, index, host))
        )

    def _remove(self, shelf: Shelf, route: Route) -> Answer:
        if route.operation == "purge":
            variants, freed = shelf.purge(self._now())
            return json_answer(200, {"success": True, "purgedCount": variants, "freedBytes": freed})
        index = shelf.index_of(route.media_id)
        if index is None:
            return error(404, "Media not found")
        freed = shelf.delete(index, self._now())
        return json_answer(200, {"success": True, "mediaId": route.media_id, "freedBytes": freed})

    def _query(self, shelf: Shelf, text: str, host: str) -> Answer:
        try:
            query, limit, cursor = parse_query(text)
        except BadParameterError as refused:
            return error(400, str(refused))
        rank = None if cursor is None else self._cursors.read(shelf.connection, query, cursor)
        if cursor is not None and rank is None:
            return error(400, "Invalid cursor")
        now = self._now()
        found = Walk(shelf, query, now).after(rank)
        items: list[bytes] = []
        last = rank
        for place, index in found:
            if len(items) == limit and last is not None:
                following = self._cursors.write(shelf.connection, query, last)
                ending = b'],"nextCursor":' + msgspec.json.encode(following) + b"}"
                break
            items.append(shelf.encoded(index, now, self._links, host))
            last = place
        else:
            ending = b"]}"
        return Answer(200, b'{"items":[' + b",".join(items) + ending)

    def _batch(self, shelf: Shelf, body: bytes, host: str) -> Answer:
        try:
            asked = msgspec.json.decode(body, type=_BatchRequest).media_ids
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return error(400, "mediaIds must be an array of strings")
        if len(asked) > BATCH_LIMIT:
            return error(400, f"mediaIds must contain {BATCH_LIMIT} or fewer IDs")
        found = (shelf.index_of(media_id) for media_id in dict.fromkeys(asked))
        items = [self._fresh(shelf, index, host) for index in found if index is not None]
        return Answer(200, b'{"items":[' + b",".join(items) + b"]}")

    def _fresh(self, shelf: Shelf, index: int, host: str) -> bytes:
        """The item with fresh links: reading it again mints them."""
        now = self._now()
        return shelf.encoded(index, now, self._links, host, shelf.mint(index, now))
