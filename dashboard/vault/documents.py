"""Fetches one document from any address: within a deadline in all, up to a size, without a redirect."""

import ssl
from urllib.parse import urlsplit

from .deadline import Deadline, Timeouts, current_deadline, make_pool


def fetch_document(url: str, *, seconds: float, max_bytes: int) -> tuple[int, bytes]:
    """Return the status and the body of a GET, which are here after `seconds` or never.

    Raises OSError or urllib3's errors if it cannot be had in time, and ValueError if it is too large.
    """
    parts = urlsplit(url)
    tls = {"ssl_context": ssl.create_default_context()} if parts.scheme == "https" else {}
    token = current_deadline.set(Deadline(Timeouts(total=seconds, connect=seconds, read=seconds)))
    try:
        with make_pool(url, **tls) as pool:
            target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            headers = {"User-Agent": "vaultplus-dashboard", "Accept-Encoding": "identity"}
            answer = pool.urlopen(
                "GET", target, headers=headers, redirect=False, retries=False, preload_content=False
            )
            try:
                body = answer.read(max_bytes + 1, decode_content=False)
            finally:
                answer.close()
    finally:
        current_deadline.reset(token)
    if len(body) > max_bytes:
        raise ValueError(f"the document has more than {max_bytes} bytes")
    return answer.status, body
