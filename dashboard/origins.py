"""Origins of addresses, and a check whether an address stays on this machine. Used before Django is up."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

_BEFORE_A_PATH: Final = "/\\\x7f" + "".join(map(chr, range(0x21)))
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")


def parse_origin(url: str) -> str:
    """Return `https://host[:port]` of an origin, or http on loopback. Raises ValueError with a sentence."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be an origin such as https://media.ofauth.com")
    if parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be an origin only: no user, path, query or fragment")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("must be https; http is for loopback only")
    # It goes into a header, where a space or semicolon would end it and begin something else.
    if not _HOST.fullmatch(parts.hostname):
        raise ValueError("must name a host by letters, digits, dots and hyphens")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


def check_ticket_url(url: str) -> str:
    """Return a help desk's address with one `{ticket}` in it, or "". Raises ValueError with a sentence."""
    if url and (url.count("{ticket}") != 1 or url.count("{") != 1 or url.count("}") != 1):
        raise ValueError("must hold {ticket} exactly once, as in https://desk.example.com/tickets/{ticket}")
    parts = urlsplit(url)
    if url and (parts.scheme != "https" or not _HOST.fullmatch(parts.hostname or "") or "@" in parts.netloc):
        raise ValueError("must begin with https:// and a host; {ticket} stands behind it")
    if not re.fullmatch(r"[\x21-\x7e]*", url):
        raise ValueError("must be letters, digits and signs without spaces")
    return url


def make_own_path(address: str) -> str:
    """Return an address within our host, or "": a second slash or a backslash would begin another host."""
    return f"/{address.lstrip(_BEFORE_A_PATH)}" if address else ""


def is_loopback(url: str) -> bool:
    """Return True if the address names this machine and no other."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
