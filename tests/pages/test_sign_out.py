"""`/sign-out/`: forgets this browser, and leads on to where the sign-on forgets it too."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import override_settings

from dashboard.auth.config import AuthConfig
from tests.answers import csrf_token, text
from tests.assertions import GROUPS
from tests.make import REFERRED, Browser, assertion_browser, signed_in

CLEARED = '"cache", "storage"'


def test_works(viewer: Browser) -> None:
    answer = viewer.post("/sign-out/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/")
    assert answer.headers["Clear-Site-Data"] == CLEARED
    assert viewer.get("/").status_code == 302


def test_empty_nobody_may_sign_out_too(nobody: Browser) -> None:
    assert nobody.post("/sign-out/").status_code == 303


def test_fragment(viewer: Browser) -> None:
    assert viewer.fragment("/sign-out/", method="post").headers["HX-Redirect"] == "/sign-in/"


def test_behind_sign_on_a_page_leads_on(connections: None, behind_sign_on: AuthConfig) -> None:
    """A page and no redirect: `form-action 'self'` holds one to another host back."""
    browser = assertion_browser(GROUPS["viewer"])
    browser.post("/preferences/", {"theme": "dark"})
    assert browser.cookies["__Host-session"].value
    answer = browser.post("/sign-out/")
    page = text(answer)
    assert answer.status_code == 200
    assert answer.headers["Clear-Site-Data"] == CLEARED
    assert '<meta http-equiv="refresh" content="0; url=https://sso.example.com/out">' in page
    assert re.search(r'<a [^>]*href="https://sso\.example\.com/out"', page)
    assert "Vera Lind" not in page
    assert not browser.cookies["__Host-session"].value


def test_behind_sign_on_without_an_address_the_browser_is_to_be_closed(
    connections: None, behind_sign_on: AuthConfig
) -> None:
    with override_settings(AUTH_CONFIG=replace(behind_sign_on, sign_out_url="")):
        page = text(assertion_browser(GROUPS["viewer"]).post("/sign-out/"))
    assert "Close the browser" in page
    assert "http-equiv" not in page


def test_behind_sign_on_htmx_leaves_the_page(connections: None, behind_sign_on: AuthConfig) -> None:
    answer = assertion_browser(GROUPS["viewer"]).fragment("/sign-out/", method="post")
    assert answer.headers["HX-Redirect"] == "https://sso.example.com/out"
    assert answer.headers["Clear-Site-Data"] == CLEARED


def test_behind_sign_on_who_has_no_role_may_sign_out(connections: None, behind_sign_on: AuthConfig) -> None:
    browser = assertion_browser("staff", enforce_csrf_checks=True)
    token = csrf_token(browser.get("/"))
    answer = browser.post("/sign-out/", {"csrfmiddlewaretoken": token}, headers=REFERRED)
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (200, CLEARED)


def test_forged_form(connections: None) -> None:
    browser = signed_in("viewer", enforce_csrf_checks=True)
    assert browser.post("/sign-out/", headers=REFERRED).status_code == 403
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)("/sign-out/").status_code == 405
    assert viewer.get("/").status_code == 200
