"""A request on its way: what of it is here, and whether a thread can answer it without waiting."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

PIECE_BYTES: Final = 64 * 1024
MAX_DISCARDED_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a body too large that are read all the same: a browser cut off while it sends shows no answer."""

_MAX_LINE_BYTES: Final = 2 * 8192
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
_FRAMING: Final = re.compile(rb"\r\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_EXPECTS: Final = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


@dataclass(eq=False)
class Arrival:
    """A connection on which a request is arriving, or, with `is_closing`, one that the client is to close."""

    connection: Any
    until: float
    content: bytearray = field(default_factory=bytearray)
    length: int | None = None
    """Bytes of head and body together; None while the head is incomplete."""
    has_line: bool = False
    has_bare_feed: bool = False
    """True if a line of the head ends with a line feed alone."""
    discarded: int = 0
    is_exact: bool = True
    """False if the length is gunicorn's to find out or to refuse: several of them, odd ones, chunks."""
    is_awaiting_word: bool = False
    """True if the client sends its body only once it is told to continue."""
    max_kept: int = 0
    is_closing: bool = False

    def take(self, piece: bytes) -> bool:
        """Keep the piece, or count it if nobody will read it. Return True if it completes the head."""
        if self.length is not None:
            if self.is_discarding():
                self.discarded += len(piece)
            else:
                self.content += piece
            return False
        before = len(self.content)
        self.content += piece
        # What has been looked through is not looked through again: it may come letter by letter.
        line_ends = self.content.count(b"\r\n", max(before - 1, 0))
        self.has_line |= line_ends > 0
        self.has_bare_feed |= piece.count(b"\n") != line_ends
        end = self.content.find(b"\r\n\r\n", max(before - 3, 0))
        if end < 0:
            return False
        head = bytes(self.content[: end + 2])
        lengths, framing = _LENGTH.findall(head), _FRAMING.findall(head)
        self.is_exact = len(lengths) == len(framing) <= 1
        self.length = end + 4 + (int(lengths[0]) if self.is_exact and lengths else 0)
        is_old = head.lstrip().partition(b"\r\n")[0].endswith(b"HTTP/1.0")  # it knows no interim answers
        self.is_awaiting_word = _EXPECTS.search(head) is not None and not is_old
        return True

    def is_discarding(self) -> bool:
        """Return True if the body is one that nobody will read."""
        return (self.length or 0) > self.max_kept

    def room(self) -> int:
        """Return how many bytes to receive: what follows a body that is thrown away is the next request."""
        return min(PIECE_BYTES, self.missing()) if self.is_discarding() else PIECE_BYTES

    def missing(self) -> int:
        """Return how many bytes of a known length are not here yet."""
        return max((self.length or 0) - len(self.content) - self.discarded, 0)

    def is_ready(self) -> bool:
        """Return True if a thread can answer without waiting: all is here, or it is refused as it stands."""
        if self.length is not None:
            is_refused = self.discarded >= MAX_DISCARDED_BYTES or (
                self.is_awaiting_word and self.is_discarding()
            )
            return is_refused or not self.missing()
        # Half a head with a bare line feed or an endless line is refused by gunicorn at once.
        return self.has_bare_feed or (not self.has_line and len(self.content) > _MAX_LINE_BYTES)
