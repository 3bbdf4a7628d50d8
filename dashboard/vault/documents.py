"""Fetches or posts one document at any address: within a deadline and a size, without a redirect."""

import ipaddress
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from urllib3.exceptions import HTTPError

from .deadline import Deadline, Timeouts, current_deadline, make_pool

_MAX_ANSWER_BYTES = 64 * 1024


def fetch_document(url: str, *, seconds: float, max_bytes: int) -> tuple[int, bytes]:
    """Return the status and the body of a GET, which are here after `seconds` or never.

    Raises OSError or urllib3's errors if it cannot be had in time, and ValueError if it is too large.
    """
    return _send("GET", url, None, _make_deadline(seconds), max_bytes)


def is_public(address: str) -> bool:
    """Return True for an address of the internet, False for one of this machine or of a network within."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = (ip.ipv4_mapped or ip.sixtofour) if isinstance(ip, ipaddress.IPv6Address) else None
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


def post_document(
    url: str, body: bytes, *, seconds: float, allows: Callable[[str], bool] = is_public
) -> None:
    """Post JSON to an address that `allows` admits. Raise OSError unless it answers 2xx in time."""
    try:
        status, _ = _send("POST", url, body, _make_deadline(seconds, allows), _MAX_ANSWER_BYTES)
    except (HTTPError, ValueError) as failed:
        raise OSError(str(failed)) from failed
    if not 200 <= status < 300:
        raise OSError(f"it answered {status}")


def _make_deadline(seconds: float, allows: Callable[[str], bool] | None = None) -> Deadline:
    return Deadline(Timeouts(total=seconds, connect=seconds, read=seconds), allows)


def _send(method: str, url: str, body: bytes | None, deadline: Deadline, max_bytes: int) -> tuple[int, bytes]:
    parts = urlsplit(url)
    tls = {"ssl_context": ssl.create_default_context()} if parts.scheme == "https" else {}
    token = current_deadline.set(deadline)
    try:
        with make_pool(url, **tls) as pool:
            target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            headers = {"User-Agent": "vaultplus-dashboard", "Accept-Encoding": "identity"}
            headers |= {} if body is None else {"Content-Type": "application/json"}
            answer = pool.urlopen(
                method,
                target,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                read = answer.read(max_bytes + 1, decode_content=False)
            finally:
                answer.close()
    finally:
        current_deadline.reset(token)
    if len(read) > max_bytes:
        raise ValueError(f"the document has more than {max_bytes} bytes")
    return answer.status, read
