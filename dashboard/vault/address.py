"""Checks of addresses: the base address of all calls, and the links to media that a page may show."""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

MEDIA_PATH: Final = "/v2/vault-plus/media"
ACCOUNT_CONNECTIONS_PATH: Final = "/v2/account/connections"

_ORIGIN: Final = r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?"
_BASE: Final = re.compile(rf"{_ORIGIN}((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/*", re.IGNORECASE)
# The characters of RFC 3986 and no others: no space, control character, backslash, quote or letter that
# only looks like another. Without "@" before the path there is no user-info.
_LINK: Final = re.compile(rf"{_ORIGIN}(?:[/?][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def parse_base_url(text: str) -> str:
    """Return `text` as the address that calls are built on, without a slash at its end.

    Raises ValueError, with a sentence that repeats nothing of it, unless it is https (http for loopback)
    with a host and at most a port and a plain path: no user-info, query, fragment or dot segment.
    """
    found = _BASE.fullmatch(text)
    if found is None:
        raise ValueError(
            "The base address must look like https://api.example.com: a scheme, a host, at most a port and "
            "a plain path, without user name, query or fragment."
        )
    scheme, host, port, path = found.groups()
    scheme, host = scheme.lower(), host.lower()
    if scheme == "http" and not _is_loopback(host):
        raise ValueError("The base address must be https; http is only for an address of this very machine.")
    if port is not None and not 0 < int(port) < 65_536:
        raise ValueError("The port of the base address must be between 1 and 65535.")
    return f"{scheme}://{host}{f':{int(port)}' if port is not None else ''}{path}"


def filter_media_link(url: str, allowed_origins: Collection[str]) -> str | None:
    """Return `url` if a browser may open it, or None if it may only be shown as text.

    It must be https from an origin in `allowed_origins` ("https://media.ofauth.com"): scheme, host and port
    all have to match. http is allowed only where the list names an http origin on loopback.
    """
    found = _LINK.fullmatch(url)
    if found is None:
        return None
    origin = _make_origin(*found.group(1, 2, 3))
    return url if origin is not None and origin in _parse_origins(frozenset(allowed_origins)) else None


@lru_cache(maxsize=16)
def _parse_origins(texts: frozenset[str]) -> frozenset[tuple[str, str, int]]:
    shapes = (re.fullmatch(_ORIGIN + "/?", text, re.IGNORECASE) for text in texts)
    origins = (_make_origin(*shape.group(1, 2, 3)) for shape in shapes if shape is not None)
    return frozenset(origin for origin in origins if origin is not None)


@lru_cache(maxsize=256)
def _make_origin(scheme: str, host: str, port: str | None) -> tuple[str, str, int] | None:
    scheme, host = scheme.lower(), host.lower()
    if scheme == "http" and not _is_loopback(host):
        return None
    return scheme, host, _DEFAULT_PORTS[scheme] if port is None else int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
