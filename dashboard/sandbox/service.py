"""From a request to its answer: which surface it is for, and what is recorded of it."""

import posixpath
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from .answer import Answer, error, json_answer
from .api import Route, VaultApi, find_route
from .faults import Fault, Faults
from .media import MediaHost


class Call(msgspec.Struct):
    """One call that reached the sandbox, as it was sent."""

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


class Request(msgspec.Struct):
    """What the socket delivered. Header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def normalised(path: str) -> tuple[str, ...]:
    """The segments a proxy would route by: decoded, `.` and `..` resolved, empty ones dropped."""
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

    def receive(self, request: Request) -> tuple[Call | None, Fault | None, Callable[[], Answer]]:
        """Record the call; what will answer it, and the fault it meets. Control calls are not recorded."""
        segments = normalised(request.path)
        if segments[:1] == ("_sandbox",):
            return None, None, lambda: self._control(request, segments[1:])
        if len(segments) == 2 and segments[0] == "v2" and segments[1] != "vault-plus":
            call = self._record(request, "media", self.media_calls)
            fault = self.faults.take(request.method, request.path, of_api=False)
            return call, fault, lambda: self._media.answer(request.method, segments[1], request.headers)
        route = find_route(request.method, segments)
        if isinstance(route, Answer):
            refused = route
            call = self._record(request, "", self.calls)
            fault = self.faults.take(request.method, request.path, of_api=True)
            return call, fault, lambda: refused
        call = self._record(request, route.operation, self.calls)
        fault = self.faults.take(request.method, request.path, of_api=True)
        return call, fault, lambda: self._answer(route, request)

    def _answer(self, route: Route, request: Request) -> Answer:
        return self._api.answer(route, request.headers, request.query, request.body, self.host)

    def _record(self, request: Request, operation: str, calls: list[Call]) -> Call:
        connection = request.headers.get("x-connection-id", "")
        call = Call(request.method, request.path, request.query, connection, operation, 0, time.time())
        calls.append(call)
        return call

    # Control from other processes, outside the vendor's contract

    def _control(self, request: Request, segments: tuple[str, ...]) -> Answer:
        endpoint = (request.method, "/".join(segments))
        if endpoint == ("POST", "faults"):
            return self._declare(request.body)
        if endpoint == ("GET", "faults"):
            return json_answer(200, {"faults": list(self.faults)})
        if endpoint == ("DELETE", "faults"):
            self.faults.clear()
            return json_answer(200, {"faults": []})
        if endpoint == ("GET", "calls"):
            return json_answer(200, {"calls": self.calls, "mediaCalls": self.media_calls})
        if endpoint == ("POST", "reset"):
            self._reset()
            return json_answer(200, {"reset": True})
        return error(404, "Not found")

    def _declare(self, body: bytes) -> Answer:
        try:
            declared: Any = msgspec.json.decode(body, type=Fault | list[Fault])
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as refused:
            return error(400, f"Not a fault: {refused}")
        faults = declared if isinstance(declared, list) else [declared]
        for fault in faults:
            self.faults.add(fault)
        return json_answer(200, {"faults": list(self.faults)})
