"""The five Vault+ media operations, as the vendor's reference pages describe them, and the account's list."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

import msgspec

from .account import AccountApi
from .cursor import CursorSigner
from .limit import TokenBuckets
from .links import LinkSigner
from .query import BadParameterError, parse_query
from .response import Response, make_error, make_json_response
from .shelf import Shelf
from .walk import Walk

MEDIA_SEGMENTS = ("v2", "vault-plus", "media")
CONNECTIONS_SEGMENTS = ("v2", "account", "connections")
MAX_BATCH_IDS = 100


@dataclass(frozen=True, slots=True)
class Route:
    """The operation a path leads to: "query", "purge", "batch", "get", "delete" or "connections"."""

    operation: str
    media_id: str = ""


class _BatchRequest(msgspec.Struct, rename="camel"):
    media_ids: list[str]


def find_route(method: str, segments: tuple[str, ...]) -> Route | Response:
    """Return the operation of a method and normalized path, or else the 404 or 405."""
    if segments == CONNECTIONS_SEGMENTS:
        allowed = {"GET": "connections"}
    elif segments[:3] != MEDIA_SEGMENTS or len(segments) > 4:
        return make_error(404, "Not found")
    elif len(segments) == 3:
        allowed = {"GET": "query", "DELETE": "purge"}
    elif segments[3] == "batch":
        allowed = {"POST": "batch"}
    else:
        allowed = {"GET": "get", "DELETE": "delete"}
    if method not in allowed:
        return make_error(405, "Method not allowed", Allow=", ".join(allowed))
    return Route(allowed[method], segments[3] if len(segments) == 4 else "")


class VaultApi:
    """Answers API calls from the shelves of the connections."""

    def __init__(
        self,
        shelves: Mapping[str, Shelf],
        key: str,
        secret: bytes,
        now: Callable[[], float],
        limit: TokenBuckets | None = None,
    ) -> None:
        self._limit = limit
        self._shelves, self._key, self._now = shelves, key, now
        self._account = AccountApi(shelves)
        self._removing = Lock()
        self._cursors, self._links = CursorSigner(secret), LinkSigner(secret)

    def respond(
        self, route: Route, headers: Mapping[str, str], query: str, body: bytes, host: str
    ) -> Response:
        """Carry out one call. `headers` have lower-case names; `host` begins the media links."""
        if not hmac.compare_digest(headers.get("apikey", "").encode(), self._key.encode()):
            return make_error(401, "Unauthorized")
        if route.operation == "connections":
            return self._account.respond(query)
        connection = headers.get("x-connection-id", "")
        if not connection:
            return make_error(400, "x-connection-id header is required")
        shelf = self._shelves.get(connection)
        if shelf is None:
            return make_error(400, "x-connection-id header is invalid")
        if self._limit is None:
            return self._carry_out(shelf, route, query, body, host)
        passes, limit_headers = self._limit.take_token(connection)
        answer = (
            self._carry_out(shelf, route, query, body, host)
            if passes
            else make_error(429, "Too many requests")
        )
        answer.headers |= limit_headers
        return answer

    def _carry_out(self, shelf: Shelf, route: Route, query: str, body: bytes, host: str) -> Response:
        if route.operation == "query":
            return self._query(shelf, query, host)
        if route.operation == "batch":
            return self._batch(shelf, body, host)
        if route.operation in ("purge", "delete"):
            with self._removing:
                return self._remove(shelf, route)
        index = shelf.index_of(route.media_id)
        return (
            make_error(404, "Media not found")
            if index is None
            else Response(200, self._fresh(shelf, index, host))
        )

    def _remove(self, shelf: Shelf, route: Route) -> Response:
        if route.operation == "purge":
            variants, freed = shelf.purge(self._now())
            return make_json_response(200, {"success": True, "purgedCount": variants, "freedBytes": freed})
        index = shelf.index_of(route.media_id)
        if index is None:
            return make_error(404, "Media not found")
        freed = shelf.delete(index, self._now())
        return make_json_response(200, {"success": True, "mediaId": route.media_id, "freedBytes": freed})

    def _query(self, shelf: Shelf, text: str, host: str) -> Response:
        try:
            query, limit, cursor = parse_query(text)
        except BadParameterError as refused:
            return make_error(400, str(refused))
        rank = None if cursor is None else self._cursors.read(shelf.connection, query, cursor)
        if cursor is not None and rank is None:
            return make_error(400, "Invalid cursor")
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
        return Response(200, b'{"items":[' + b",".join(items) + ending)

    def _batch(self, shelf: Shelf, body: bytes, host: str) -> Response:
        try:
            asked = msgspec.json.decode(body, type=_BatchRequest).media_ids
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return make_error(400, "mediaIds must be an array of strings")
        if len(asked) > MAX_BATCH_IDS:
            return make_error(400, f"mediaIds must contain {MAX_BATCH_IDS} or fewer IDs")
        found = (shelf.index_of(media_id) for media_id in dict.fromkeys(asked))
        items = [self._fresh(shelf, index, host) for index in found if index is not None]
        return Response(200, b'{"items":[' + b",".join(items) + b"]}")

    def _fresh(self, shelf: Shelf, index: int, host: str) -> bytes:
        """Return the item with fresh links: reading an item again renews them."""
        now = self._now()
        return shelf.encoded(index, now, self._links, host, shelf.mint(index, now))
