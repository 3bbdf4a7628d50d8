"""Signed links of the media host: short, self-contained, good until their expiry."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass

_BODY = struct.Struct(">BIBI")
_SIGNATURE_BYTES = 10
_INDEX_SHIFT = 4096  # items added to a connection have negative indices


@dataclass(frozen=True, slots=True)
class Link:
    """The variant that a link serves, and its expiry in Unix seconds."""

    shelf: int
    index: int
    variant: int
    expires: int


class LinkSigner:
    """Writes and reads the last segment of a media link: 27 characters."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, shelf: int, index: int, variant: int, expires: int) -> str:
        """Return the signed token of one variant."""
        body = _BODY.pack(shelf, index + _INDEX_SHIFT, variant, expires)
        signed = body + hashlib.blake2b(body, digest_size=_SIGNATURE_BYTES, key=self._secret).digest()
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def read(self, token: str) -> Link | None:
        """Return the link, or None if the token was not signed here."""
        try:
            signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        body, signature = signed[: _BODY.size], signed[_BODY.size :]
        expected = hashlib.blake2b(body, digest_size=_SIGNATURE_BYTES, key=self._secret).digest()
        if not hmac.compare_digest(signature, expected):
            return None
        shelf, shifted, variant, expires = _BODY.unpack(body)
        return Link(shelf, shifted - _INDEX_SHIFT, variant, expires)
