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

_GZIP_MEMORY: Final = 5
"""Zlib then begins a new code every 2,048 symbols, so that a page's frame and its rows have their own."""


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
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT, _GZIP_MEMORY)
    return packer.compress(content) + packer.flush()
