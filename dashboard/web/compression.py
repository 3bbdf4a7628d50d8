"""Compression of pages."""

import zlib
from functools import lru_cache
from typing import Final

import brotli
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from dashboard.request import GetResponse

MIN_BYTES: Final = 500
"""What is smaller gains nothing."""

BROTLI_QUALITY: Final = 6
"""Of a list an eighth fewer bytes than by gzip, in the same time. What gains more takes far longer."""

GZIP_LEVEL: Final = 6
"""Of a list a tenth fewer bytes than at level 4, for a quarter of a millisecond; more gains nothing."""

_GZIP_FORMAT: Final = 16 + zlib.MAX_WBITS  # of zlib's compressobj

MIN_ROWS_BYTES: Final = 16_000
"""Rows of a table that are worth a code of their own: a list then has a twenty-fifth fewer bytes."""


class Compression:
    """Compresses pages as the browser asks for them. Secrets on a page are masked afresh each time."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, HttpResponse) or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        coding = choose_coding(request.headers.get("Accept-Encoding", ""))
        if not coding or len(response.content) < MIN_BYTES:
            return response
        response.content = compress(response.content, coding)
        response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(response.content))
        return response


@lru_cache(maxsize=256)
def choose_coding(accepted: str) -> str:
    """Return the best coding that an Accept-Encoding header allows: "br", "gzip", or "" for none."""
    parts = [part.replace(" ", "").partition(";") for part in accepted.lower().split(",")]
    allowed = {name for name, _, quality in parts if quality.rstrip("0.") != "q="}
    return next((coding for coding in ("br", "gzip") if coding in allowed), "")


def compress(content: bytes, coding: str) -> bytes:
    """Return the content by this coding."""
    if coding == "br":
        packed: bytes = brotli.compress(content, quality=BROTLI_QUALITY)
        return packed
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    blocks = [packer.compress(part) + packer.flush(zlib.Z_BLOCK) for part in split_rows(content)]
    return b"".join(blocks) + packer.flush()


def split_rows(content: bytes) -> list[bytes]:
    """Return a page as what stands before its rows, its rows, and what follows; whole if these are few."""
    start, end = content.find(b"<tbody"), content.rfind(b"</tbody")
    if start < 0 or end - start < MIN_ROWS_BYTES:
        return [content]
    return [content[:start], content[start:end], content[end:]]
