"""Files as long as an item says they are, without holding them in memory."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

_ZEROS = bytes(1 << 16)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_BOX_HEADER = 8


class PaddedFile(NamedTuple):
    """Real content followed by zeros up to `length` bytes; players and decoders ignore those."""

    content: bytes
    length: int

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes of range(start, stop), in pieces."""
        if start < len(self.content):
            yield self.content[start : min(stop, len(self.content))]
            start = len(self.content)
        while start < stop:
            piece = _ZEROS[: min(len(_ZEROS), stop - start)]
            yield piece
            start += len(piece)


def pad(content: bytes, length: int, content_type: str) -> PaddedFile:
    """Return the content made `length` bytes long, or as it is if it is longer.

    MP4 gets a `free` box, which is the format's way to say "skip this".
    """
    missing = length - len(content)
    if missing <= 0:
        return PaddedFile(content, len(content))
    if content_type.endswith("/mp4") and missing >= _BOX_HEADER:
        content += struct.pack(">I4s", missing, b"free")
    return PaddedFile(content, length)


def parse_range(header: str, length: int) -> range | None:
    """Return the bytes asked for, None for all of them, or an empty range that cannot be met."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, length - int(last)), length)
    start, stop = int(first), min(length, int(last) + 1 if last else length)
    if last and int(last) < start:
        return None
    return range(start, stop) if start < length else range(0)
