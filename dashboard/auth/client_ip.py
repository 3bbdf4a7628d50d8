"""The address of the client, past the proxies that forward its requests."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any

from .config import Network
from .header import is_among


def find_client_address(meta: Mapping[str, Any], proxies: Collection[Network]) -> str:
    """Return the last address in X-Forwarded-For that is not one of `proxies`; without a proxy, the peer's.

    Each proxy appends where its request came from, so what a client wrote itself stands before that.
    """
    address = str(meta.get("REMOTE_ADDR", ""))
    for hop in reversed(str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        if not is_among(address, proxies):
            break
        try:
            address = str(ip_address(hop.strip().partition("%")[0]))  # a zone may be any text
        except ValueError:  # nobody said, or what was said is no address
            break
    return address
