"""Cursors: opaque, signed, and good only for the query and connection that gave them."""

import base64
import binascii
import hashlib
import hmac
import struct

from .query import ListingQuery
from .walk import Rank

_PLACE = struct.Struct(">Bdq")
_SIGNATURE_BYTES = 7


class CursorSigner:
    """Writes a place in a query's results as 32 characters, and reads it back."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, connection: str, query: ListingQuery, rank: Rank) -> str:
        """Return the cursor that continues after this place."""
        place = _PLACE.pack(*rank)
        return base64.urlsafe_b64encode(place + self._signature(connection, query, place)).decode()

    def read(self, connection: str, query: ListingQuery, cursor: str) -> Rank | None:
        """Return the place, or None if the cursor is garbage or belongs to another query."""
        try:
            signed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        place, signature = signed[: _PLACE.size], signed[_PLACE.size :]
        if not hmac.compare_digest(signature, self._signature(connection, query, place)):
            return None
        missing, key, index = _PLACE.unpack(place)
        return missing, key, index

    def _signature(self, connection: str, query: ListingQuery, place: bytes) -> bytes:
        bound = repr((connection, tuple(query))).encode() + b"\0" + place
        return hashlib.blake2b(bound, digest_size=_SIGNATURE_BYTES, key=self._secret).digest()
