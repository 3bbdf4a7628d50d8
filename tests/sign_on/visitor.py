"""Somebody with a browser in which no script runs: cookies, redirects, links and forms."""

from __future__ import annotations

import html
import re
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from tests.sign_on.loop import Loop
from tests.sign_on.programs import PATIENCE

T = TypeVar("T")
HTMX: Final = {"HX-Request": "true", "Accept": "*/*"}
ADDRESS: Final = "127.0.0.2"
"""From where they come: another address than the proxy's own, so that it shows whose is recorded."""


class FromAddress(HTTPAdapter):
    """Connects from ADDRESS."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(ADDRESS, 0))


class Visitor:
    """A browser of somebody's own. Pages are asked for as a browser asks for what is typed or followed."""

    def __init__(self, loop: Loop) -> None:
        self.url, self.issuer = loop.url, loop.issuer
        self._session = requests.Session()
        self._session.mount("https://", FromAddress())
        self._session.trust_env = False  # the environment may name other certificates, and proxies
        self._session.verify = str(loop.folder / "proxy.pem")
        self._session.headers["Accept"] = "text/html"

    def get(
        self, path: str, headers: dict[str, str] | None = None, *, follow: bool = True
    ) -> requests.Response:
        address = urljoin(self.url, path)
        return self._session.get(address, headers=headers, allow_redirects=follow, timeout=PATIENCE)

    def open(self, path: str, account: str) -> requests.Response:
        """Go to `path`, and sign in as `account` at the provider, which has to ask for it."""
        asked = self.get(path)
        assert asks_to_sign_in(asked), f"{asked.url} did not ask to sign in"
        return self.submit(asked, account=account)

    def submit(self, page: requests.Response, action: str = "", **fields: str) -> requests.Response:
        """Fill in and send the page's form, or of several the one with this `action`."""
        form = next(one for one in forms(page) if one["action"].startswith(action or one["action"]))
        return self._session.post(
            urljoin(page.url, form["action"]),
            {**form["fields"], **fields},
            headers={"Referer": page.url, "Origin": origin(page.url)},
            timeout=PATIENCE,
        )

    def claim_address(self, address: str) -> None:
        """Say in every request from now on that it was forwarded for this address."""
        self._session.headers["X-Forwarded-For"] = address

    def cookies(self) -> str:
        """What this browser would send to the proxy as its Cookie header."""
        here = urlsplit(self.url).hostname
        return "; ".join(f"{one.name}={one.value}" for one in self._session.cookies if one.domain == here)

    def close(self) -> None:
        self._session.close()


def raw_get(
    loop: Loop, path: str, headers: list[tuple[str, str]], cookies: str = "", *, at: str = ""
) -> tuple[int, str]:
    """The status and the page for a request with exactly these headers, doubled ones too."""
    address = urlsplit(at or loop.url)
    assert address.hostname
    context = ssl.create_default_context(cafile=loop.folder / "proxy.pem")
    connection = (
        HTTPSConnection(address.hostname, address.port, timeout=PATIENCE, context=context)
        if address.scheme == "https"
        else HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
    )
    with closing(connection):
        connection.putrequest("GET", path)
        for name, value in [*headers, *([("Cookie", cookies)] if cookies else [])]:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def asks_to_sign_in(page: requests.Response) -> bool:
    return page.status_code == 200 and "<h1>Company sign-in</h1>" in page.text


def origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def forms(page: requests.Response) -> list[dict[str, Any]]:
    """The page's forms that are sent by POST: where to, and with which fields."""
    found = re.findall(r"<form\b([^>]*)>(.*?)</form>", page.text, re.DOTALL)
    return [
        {"action": attribute(head, "action"), "fields": fields(body)}
        for head, body in found
        if attribute(head, "method").lower() == "post"
    ]


def fields(body: str) -> dict[str, str]:
    """What a form's inputs hold as they are."""
    inputs = re.findall(r"<input\b[^>]*>", body)
    return {attribute(one, "name"): attribute(one, "value") for one in inputs if attribute(one, "name")}


def onward(page: requests.Response) -> str:
    """Where the page itself leads, without a script."""
    found = re.search(r'<meta http-equiv="refresh" content="[^"]*?url=([^"]+)"', page.text, re.IGNORECASE)
    assert found, page.text
    return html.unescape(found[1])


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def until(ask: Callable[[], T], fits: Callable[[T], bool]) -> T:
    """The first answer that fits; asked again and again, because when it comes is up to another program."""
    deadline = time.monotonic() + PATIENCE
    while not fits(answer := ask()):
        assert time.monotonic() < deadline, f"never as expected; last: {answer}"
        time.sleep(0.1)
    return answer
