"""Where a request came from, past the proxies that say for whom they ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any

from .config import Network
from .header import is_among


def client_address(meta: Mapping[str, Any], proxies: Collection[Network]) -> str:
    """The last address in X-Forwarded-For that is no proxy of ours: each proxy adds whom it heard at the end,
    so that what a client wrote there itself stands before it. Without such a proxy the peer's own address."""
    address = str(meta.get("REMOTE_ADDR", ""))
    for hop in reversed(str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        if not is_among(address, proxies):
            break
        try:
            address = str(ip_address(hop.strip().partition("%")[0]))  # a zone may be any text
        except ValueError:  # nobody said, or what was said is no address
            break
    return address
