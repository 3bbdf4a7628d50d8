"""Responses of the sandbox, before they become bytes on a socket."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec


@dataclass(slots=True)
class Response:
    """An HTTP response. A `stream` replaces the body and writes exactly `length` bytes."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stream: Callable[[], Iterator[bytes]] | None = None
    length: int | None = None

    @property
    def content_length(self) -> int:
        """The bytes of the body, whichever way it is sent."""
        return len(self.body) if self.length is None else self.length


def make_json_response(status: int, content: object) -> Response:
    """Return a response with this content as JSON."""
    return Response(status, msgspec.json.encode(content))


def make_error(status: int, sentence: str, **headers: str) -> Response:
    """Return the vendor's error, `{"error": sentence}`. Header names have underscores for dashes."""
    answer = make_json_response(status, {"error": sentence})
    answer.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer
