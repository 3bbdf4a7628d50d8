"""Routes a request to the API, the media host or the control endpoints, and records the call."""

import posixpath
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from .api import Route, VaultApi, find_route
from .faults import Fault, Faults
from .media import MediaHost
from .response import Response, make_error, make_json_response


class Call(msgspec.Struct):
    """A call that reached the sandbox, as it was sent."""

    method: str
    path: str
    """Exactly as sent, before decoding and without the query."""
    query: str
    connection: str
    operation: str
    """"query", "get", "batch", "delete", "purge", "connections"; "media" for the media host; else empty."""
    status: int
    """0 while unanswered, and for good when the connection is closed without an answer."""
    at: float


class RawRequest(msgspec.Struct):
    """A request as the socket delivered it. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def normalize_path(path: str) -> tuple[str, ...]:
    """Return the segments a proxy would route by: decoded, `.` and `..` resolved, empty ones dropped."""
    decoded = unquote(path.partition("#")[0])
    return tuple(segment for segment in posixpath.normpath("/" + decoded).split("/") if segment)


class Service:
    """Everything behind the socket: the API, the media host and the control endpoints."""

    def __init__(self, api: VaultApi, media: MediaHost, reset: Callable[[], None]) -> None:
        self._api, self._media, self._reset = api, media, reset
        self.host = ""
        self.faults = Faults()
        self.calls: list[Call] = []
        self.media_calls: list[Call] = []

    def receive(self, request: RawRequest) -> tuple[Call | None, Fault | None, Callable[[], Response]]:
        """Record the call and return it, the fault it meets, and the function that responds to it.

        Control calls are not recorded.
        """
        segments = normalize_path(request.path)
        if segments[:1] == ("_sandbox",):
            return None, None, lambda: self._control(request, segments[1:])
        if len(segments) == 2 and segments[0] == "v2" and segments[1] != "vault-plus":
            call = self._record(request, "media", self.media_calls)
            fault = self.faults.take(request.method, request.path, of_api=False)
            return call, fault, lambda: self._media.respond(request.method, segments[1], request.headers)
        route = find_route(request.method, segments)
        if isinstance(route, Response):
            refused = route
            call = self._record(request, "", self.calls)
            fault = self.faults.take(request.method, request.path, of_api=True)
            return call, fault, lambda: refused
        call = self._record(request, route.operation, self.calls)
        fault = self.faults.take(request.method, request.path, of_api=True)
        return call, fault, lambda: self._answer(route, request)

    def _answer(self, route: Route, request: RawRequest) -> Response:
        return self._api.respond(route, request.headers, request.query, request.body, self.host)

    def _record(self, request: RawRequest, operation: str, calls: list[Call]) -> Call:
        connection = request.headers.get("x-connection-id", "")
        call = Call(request.method, request.path, request.query, connection, operation, 0, time.time())
        calls.append(call)
        return call

    def _control(self, request: RawRequest, segments: tuple[str, ...]) -> Response:
        endpoint = (request.method, "/".join(segments))
        if endpoint == ("POST", "faults"):
            return self._declare(request.body)
        if endpoint == ("GET", "faults"):
            return make_json_response(200, {"faults": list(self.faults)})
        if endpoint == ("DELETE", "faults"):
            self.faults.clear()
            return make_json_response(200, {"faults": []})
        if endpoint == ("GET", "calls"):
            return make_json_response(200, {"calls": self.calls, "mediaCalls": self.media_calls})
        if endpoint == ("POST", "reset"):
            self._reset()
            return make_json_response(200, {"reset": True})
        return make_error(404, "Not found")

    def _declare(self, body: bytes) -> Response:
        try:
            declared: Any = msgspec.json.decode(body, type=Fault | list[Fault])
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as refused:
            return make_error(400, f"Not a fault: {refused}")
        faults = declared if isinstance(declared, list) else [declared]
        for fault in faults:
            self.faults.add(fault)
        return make_json_response(200, {"faults": list(self.faults)})
