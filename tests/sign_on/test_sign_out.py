"""The way out: through the dashboard, the proxy and the provider, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from tests.sign_on.loop import Loop
from tests.sign_on.visitor import HTMX, Visitor, asks_to_sign_in, onward

LIST = "/c/studio-a/media/"


def test_signing_out_ends_the_session_everywhere(loop: Loop, visitor: Callable[[], Visitor]) -> None:
    browser = visitor()
    page = browser.open(LIST, "omar")
    left = browser.submit(page, "/sign-out/")
    assert left.status_code == 200
    assert "Omar Haddad" not in left.text
    assert "cache" in left.headers["Clear-Site-Data"]
    asked = browser.get(onward(left))
    assert asked.url.startswith(loop.issuer)
    assert asks_to_sign_in(browser.submit(asked, logout="yes"))
    assert asks_to_sign_in(browser.get(LIST))
    assert browser.get(LIST, HTMX, follow=False).status_code == 401


def test_the_proxy_sends_nobody_to_a_foreign_address(visitor: Callable[[], Visitor]) -> None:
    browser = visitor()
    browser.open(LIST, "omar")
    for foreign in ("https://evil.example/", "https://127.0.0.1.evil.example/", "//evil.example/"):
        answer = browser.get(f"/sso/callback?logout={quote(foreign, safe='')}", follow=False)
        assert "Location" not in answer.headers, foreign
        assert browser.get(LIST).history == [], "the session goes on"
