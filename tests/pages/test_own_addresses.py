"""However the address of a request begins, no link, form or header of the answer leads to another host."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import override_settings

from dashboard.auth.config import AuthConfig
from dashboard.origins import make_own_path
from tests.answers import text
from tests.assertions import GROUPS
from tests.make import HTMX, Browser, assertion_browser, signed_in

pytestmark = pytest.mark.usefixtures("connections", "behind_sign_on")

STARTS = ["//", "///", "////", "/\\", "/\\/", "/\t/", "/\n\\", "/\r\t//", "/ /", "/\x00/", "//\\/"]
"""As WSGI gives them: what stood in the address as %2f, %5c or %09 is these letters."""
ENDS = ["evil.example/login", "user@evil.example/"]
OURS = {"testserver", "sso.example.com", "desk.example.com"}


def led_to(answer: Any) -> Iterator[str]:
    """Each host that a browser would go to from this page, by its own way of reading addresses."""
    names = ("Location", "HX-Redirect", "HX-Push-Url", "HX-Replace-Url", "HX-Location", "Refresh")
    found = [answer.headers[name] for name in names if name in answer.headers]
    found += re.findall(r'\b(?:href|action|formaction|src|value|hx-[a-z-]+|content)="([^"]*)"', text(answer))
    for address in found:
        heard = re.sub(r"[\t\r\n]", "", html.unescape(address)).replace("\\", "/")
        yield urlsplit(urljoin("https://testserver/a/b", heard)).hostname or ""


def assert_stays(answer: Any) -> None:
    assert set(led_to(answer)) <= OURS, text(answer)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_signed_in_comes_back_to_us(start: str, end: str, method: str) -> None:
    for headers in ({}, HTMX):
        answer = getattr(Browser(), method)("/", headers=headers, PATH_INFO=start + end)
        assert answer.status_code == 401
        assert_stays(answer)
        assert f'href="/{end}"' in text(answer)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("end", ENDS[:1])
def test_whoever_is_signed_in_stays_with_us(start: str, end: str) -> None:
    for browser in (assertion_browser(GROUPS["admin"]), assertion_browser("staff")):
        for method in ("get", "post"):
            for headers in ({}, HTMX):
                answer = getattr(browser, method)("/", headers=headers, PATH_INFO=start + end)
                assert_stays(answer)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "rest",
    ["c/small/media/?cursor=none&trail=x", "go?media=odd-many&connection=small", "go?connection=small"],
)
def test_pages_of_ours_are_found_and_print_their_own_address(start: str, rest: str) -> None:
    path, _, query = rest.partition("?")
    answer = assertion_browser(GROUPS["admin"]).get("/", PATH_INFO=start + path, QUERY_STRING=query)
    assert answer.status_code in (200, 302, 422)
    assert_stays(answer)


@pytest.mark.parametrize(
    "behind",
    [
        "https://testserver//evil.example/x",
        "https://testserver///evil.example",
        "https://testserver/\\evil.example",
        "https://testserver/\t/evil.example",
        "https://evil.example/c/small/media/",
        "//evil.example/",
        "https://testserver@evil.example/",
        "https://testserver.evil.example/",
        "https://testserver:444/",
        "http://testserver/c/small/",
        "javascript:alert(1)",
        "https://[",
        "https%3A%2F%2Ftestserver%2F%2Fevil.example",
    ],
)
@pytest.mark.parametrize("encoded", ["true", "false"])
def test_the_page_behind_is_one_of_ours(behind: str, encoded: str) -> None:
    names = {"HX-Current-URL": behind, "HX-Current-URL-URI-AutoEncoded": encoded}
    for method in ("get", "post"):
        answer = Browser().fragment("/c/small/media/", method=method, **names)
        assert answer.status_code == 401
        assert_stays(answer)


@pytest.mark.parametrize("start", STARTS)
def test_the_demos_sign_in_leads_to_us(start: str) -> None:
    with override_settings(IS_DEMO=True, AUTH_CONFIG=AuthConfig()):
        browser = Browser()
        asked = browser.get("/", PATH_INFO=f"{start}evil.example/c/small/")
        assert_stays(asked)
        if asked.status_code == 302:
            page = browser.get(asked.headers["Location"])
            [back] = re.findall(r'name="next" value="([^"]*)"', text(page))
            assert_stays(browser.post("/sign-in/", {"role": "viewer", "next": html.unescape(back)}))
        assert_stays(signed_in("viewer").get("/", PATH_INFO=f"{start}evil.example/c/small/"))


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("", ""),
        ("/", "/"),
        ("//", "/"),
        ("/a//b", "/a//b"),
        ("/%09/evil.example", "/%09/evil.example"),
        ("?a=//b", "/?a=//b"),
        (" \t/\\ //a", "/a"),
        ("/ü", "/ü"),
    ],
)
def test_one_slash_at_the_start(address: str, own: str) -> None:
    assert make_own_path(address) == own
