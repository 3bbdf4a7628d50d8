"""What the sandbox answers, before it becomes bytes on a socket."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec


@dataclass(slots=True)
class Answer:
    """An HTTP answer; a `stream` replaces the body and writes exactly `length` bytes."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stream: Callable[[], Iterator[bytes]] | None = None
    length: int | None = None

    @property
    def content_length(self) -> int:
        """Bytes of the body, whichever way it is sent."""
        return len(self.body) if self.length is None else self.length


def json_answer(status: int, content: object) -> Answer:
    """An answer with this content as JSON."""
    return Answer(status, msgspec.json.encode(content))


def error(status: int, sentence: str, **headers: str) -> Answer:
    """The vendor's error shape: `{"error": sentence}`; header names with underscores for dashes."""
    answer = json_answer(status, {"error": sentence})
    answer.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer
