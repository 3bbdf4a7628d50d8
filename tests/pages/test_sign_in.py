"""`/sign-in/`: the demo's three people, and the way back."""

from __future__ import annotations

from html import escape

import pytest

from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import REFERRED, Browser

HERE = "/sign-in/"


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_works(nobody: Browser, role: str) -> None:
    assert nobody.get(HERE).status_code == 200
    answer = nobody.post(HERE, {"role": role, "next": "/c/small/media/?status=stored"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/small/media/?status=stored")
    assert role in text(nobody.get("/"))


def test_empty(nobody: Browser) -> None:
    answer = nobody.post(HERE, {})
    assert answer.status_code == 422
    assert nobody.get("/").status_code == 302


def test_fragment(nobody: Browser) -> None:
    answer = nobody.fragment(HERE, {"role": "viewer"}, method="post")
    assert answer.headers["HX-Redirect"] == "/"


@pytest.mark.parametrize("role", ["root", "ADMIN", "admin ", "", "admin\x00"])
def test_bad_input(nobody: Browser, role: str) -> None:
    answer = nobody.post(HERE, {"role": role})
    assert answer.status_code in (303, 422)
    assert answer.status_code == 422 or role.strip() == "admin"
    assert (nobody.get("/").status_code == 302) is (answer.status_code == 422)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "http://testserver/",
        "https://testserver@evil.example/",
        "https://testserver.evil.example/",
        "\t//evil.example",
        "%0d%0aLocation:%20https://evil.example",
        "/\n//evil.example",
    ],
)
def test_no_way_back_leads_elsewhere(nobody: Browser, elsewhere: str) -> None:
    answer = nobody.post(HERE, {"role": "viewer", "next": elsewhere})
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    asks = text(Browser().get(HERE, {"next": elsewhere}))
    assert f'name="next" value="{escape(location)}"' in asks or location.startswith("/%0A")


def test_the_session_says_no_more_than_it_must(nobody: Browser) -> None:
    nobody.post(HERE, {"role": "viewer"})
    cookie = nobody.cookies["__Host-session"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


def test_a_made_up_session_is_nobody(nobody: Browser) -> None:
    nobody.cookies["__Host-session"] = "eyJkZW1vX3JvbGUiOiJhZG1pbiJ9:1:x"
    assert nobody.get("/").status_code == 302


def test_forged_form(connections: None, sandbox: Sandbox) -> None:
    browser = Browser(enforce_csrf_checks=True)
    assert browser.post(HERE, {"role": "admin"}, headers=REFERRED).status_code == 403
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(nobody: Browser, method: str) -> None:
    assert getattr(nobody, method)(HERE).status_code == 405
