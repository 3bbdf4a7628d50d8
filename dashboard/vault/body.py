"""Reads the body of a response, up to a size."""

from typing import Final

import requests

_CHUNK_BYTES: Final = 64 * 1024


class UnusableBody(Exception):
    """A body that is not worth reading any further."""


def read_body(response: requests.Response, max_bytes: int) -> bytes:
    """Return the whole body, decoded. Raises UnusableBody, and whatever the libraries raise."""
    # Other codings are not asked for, and not every decoder can be kept from filling the memory.
    if response.headers.get("content-encoding", "").strip().lower() not in ("", "identity", "gzip", "x-gzip"):
        raise UnusableBody("The answer is compressed in a way that was not asked for.")
    pieces, size = [], 0
    for piece in response.raw.stream(_CHUNK_BYTES, decode_content=True):
        size += len(piece)
        if size > max_bytes:
            raise UnusableBody("The answer is larger than any the service promises.")
        pieces.append(piece)
    return b"".join(pieces)
