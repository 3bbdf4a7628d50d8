"""Behind a sign-on: who comes in, and what those see who do not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.test import Client, override_settings

from dashboard.auth.config import AuthConfig, HeaderConfig
from tests.answers import text
from tests.assertions import (
    GRANTS,
    GROUPS,
    HEADER,
    a_provider,
    assertion,
    claims,
    forged,
    jwks,
    private_key,
    token,
)
from tests.make import Browser, assertion_browser, facts_of_all
from tests.pages.test_every_page import assert_headers

pytestmark = pytest.mark.usefixtures("connections", "behind_sign_on")


def test_a_person_comes_in_with_role_and_group_in_sight() -> None:
    answer = assertion_browser("staff", GROUPS["operator"]).get("/c/small/media/")
    page = text(answer)
    assert answer.status_code == 200
    assert "Vera Lind" in page
    assert f"Role: <b>operator</b> from {GROUPS['operator']}<" in page
    assert "DEMO" not in page


def test_two_groups_give_the_higher_role() -> None:
    browser = assertion_browser(GROUPS["viewer"], GROUPS["admin"])
    assert browser.get("/c/small/purge/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/c/small/media/", "/nowhere", "/sign-in/", "/sign-out/", "/c/nowhere/"]
)
def test_nobody_sees_a_page_that_leads_back(path: str) -> None:
    answer = Browser().get(path + "?status=stored")
    page = text(answer)
    assert answer.status_code == 401
    assert "You are not signed in" in page
    assert f'href="{path}?status=stored"' in page
    assert "Studio A" not in page
    assert "Location" not in answer.headers


@pytest.mark.parametrize("method", ["get", "post"])
def test_under_htmx_the_page_stays_and_leads_back_to_itself(method: str) -> None:
    here = {"HX-Current-URL": "https://testserver/c/small/media/?status=stored"}
    answer = Browser().fragment("/c/small/media/odd-many/delete/", method=method, **here)
    said = text(answer)
    assert answer.status_code == 401
    assert "Your session has ended" in said
    assert "<html" not in said
    assert 'href="/c/small/media/?status=stored"' in said


@pytest.mark.parametrize("htmx", [False, True])
def test_a_sign_in_that_is_not_enough_leads_out_and_is_an_event(
    behind_sign_on: AuthConfig, htmx: bool
) -> None:
    """Back to the same address would bring the same session again."""
    strict: Any = replace(behind_sign_on.by, amr=("mfa",))  # type: ignore[type-var]
    with override_settings(AUTH_CONFIG=replace(behind_sign_on, by=strict)):
        browser = assertion_browser(GROUPS["admin"], amr=["pwd"])
        answer = browser.fragment("/") if htmx else browser.get("/")
        assert answer.status_code == 401
        said = text(answer)
        assert "A stronger sign-in is needed" in said
        assert "amr without mfa" in said
        assert 'href="https://sso.example.com/out"' in said
        [event] = facts_of_all("access.refused")
        assert event["reason"] == "amr without mfa"
        assert assertion_browser(GROUPS["admin"], amr=["pwd", "mfa"]).get("/").status_code == 200


def test_a_sign_in_of_long_ago_is_told_apart_from_a_weak_one(behind_sign_on: AuthConfig) -> None:
    strict: Any = replace(behind_sign_on.by, max_age=60)  # type: ignore[type-var]
    with override_settings(AUTH_CONFIG=replace(behind_sign_on, by=strict)):
        said = text(assertion_browser(GROUPS["admin"], auth_time=1_000_000_000).get("/"))
        assert "You signed in too long ago" in said
        assert "stronger" not in said
        assert "A stronger sign-in is needed" in text(assertion_browser(GROUPS["admin"]).get("/"))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (HEADER, token(exp=1_000_000_000, iat=1_000_000_000 - 60)),
        (HEADER, forged({"alg": "none", "kid": "first"}, {"sub": "u-1"})),
        (HEADER, f"{token(groups=[GROUPS['admin']])},{token()}"),
        (HEADER, "x" * 9000),
        ("Authorization", f"Bearer {token()}"),
        ("X-Forwarded-User", "root-canary"),
        ("Remote-User", "root-canary"),
    ],
)
def test_what_is_not_believed_is_not_repeated(header: str, value: str) -> None:
    answer = Browser(headers={header: value}).get("/")
    assert answer.status_code == 401
    assert value not in text(answer)


def test_a_session_of_the_demo_is_nobody_here() -> None:
    with override_settings(IS_DEMO=True, AUTH_CONFIG=AuthConfig()):
        browser = Browser()
        browser.post("/sign-in/", {"role": "admin"})
        assert browser.get("/c/small/").status_code == 200
    behind = Browser()
    behind.cookies = browser.cookies
    assert behind.get("/c/small/").status_code == 401


def test_nothing_outlives_the_assertion() -> None:
    browser = assertion_browser(GROUPS["admin"])
    assert browser.get("/c/small/").status_code == 200
    browser.defaults.pop("HTTP_X_SSO_ASSERTION")
    assert browser.get("/c/small/").status_code == 401


def test_a_group_that_is_lost_is_lost_with_the_next_request() -> None:
    browser = assertion_browser(GROUPS["admin"])
    assert browser.get("/c/small/purge/").status_code == 200
    browser.defaults["HTTP_X_SSO_ASSERTION"] = token(groups=[GROUPS["viewer"]])
    refused = browser.get("/c/small/purge/")
    assert refused.status_code == 403
    assert "needs the role admin" in text(refused)


def test_refusals_have_the_headers_of_every_page() -> None:
    for browser, status in ((Browser(), 401), (assertion_browser("staff"), 403)):
        for answer in (browser.get("/"), browser.fragment("/")):
            assert answer.status_code == status
            assert answer.headers["Cache-Control"] == "no-store"
            assert_headers(answer)


def test_without_a_role_a_person_reads_who_they_are_and_whom_to_ask() -> None:
    groups = ["<script>alert(1)</script>", *(f"group-{n}" for n in range(30))]
    answer = assertion_browser(*groups).get("/c/small/media/")
    page = text(answer)
    assert answer.status_code == 403
    assert "Vera Lind" in page
    assert "vera@example.com" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "group-18" in page
    assert "group-19" not in page
    assert "11 more" in page
    assert "Ask: it@example.com" in page
    assert "Studio A" not in page


@pytest.mark.parametrize("path", ["/", "/c/small/", "/nowhere", "/sign-in/", "/preferences/", "/styleguide/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_role_every_address_says_so(path: str, method: str) -> None:
    browser = assertion_browser()
    assert "named no groups" in text(getattr(browser, method)(path))
    fragment = browser.fragment(path, method=method)
    assert fragment.status_code == 403
    assert text(fragment).startswith('<section id="no_role"')


def test_probes_come_past_the_proxy_and_learn_nothing_else() -> None:
    for path in ("/healthz", "/readyz"):
        answer = Client().get(path)
        assert answer.status_code == 200
        told = answer.content.decode().replace('"vault": {', "{")  # how the service is, in numbers and words
        assert not re.search(r"[Vv]ault|sso|conn", told)


def test_there_is_no_picker_here() -> None:
    browser = assertion_browser(GROUPS["viewer"])
    assert browser.get("/sign-in/").status_code == 404
    assert browser.post("/sign-in/", {"role": "admin"}).status_code == 404
    assert browser.get("/c/small/purge/").status_code == 403


def test_null_groups_are_no_groups_and_no_circle_of_sign_ins() -> None:
    said = jwt.encode(
        {**claims(), "groups": None}, private_key(), algorithm="ES256", headers={"kid": "first"}
    )
    answer = Browser(headers={HEADER: said}).get("/")
    assert answer.status_code == 403
    assert "The sign-on named no groups at all." in text(answer)


def test_without_keys_nobody_is_signed_in_and_nobody_is_to_blame() -> None:
    with a_provider() as gone:
        url = gone.url
    with override_settings(AUTH_CONFIG=AuthConfig(assertion(url), GRANTS)):
        browser = assertion_browser(GROUPS["viewer"])
        for answer in (browser.get("/"), browser.fragment("/")):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
            assert "cannot reach the keys" in text(answer)


def test_a_rotated_key_file_needs_no_restart(behind_sign_on: AuthConfig) -> None:
    browser = assertion_browser(GROUPS["viewer"], kid="second")
    assert browser.get("/").status_code == 401
    Path(behind_sign_on.by.keys).write_text(json.dumps(jwks("first", "second")))  # type: ignore[union-attr]
    assert browser.get("/").status_code == 200


SECRET = "canary-of-a-proxy-0123456789abcdef"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-SSO-Secret": ""}, 401),
        ({"X-SSO-Secret": SECRET[:-1]}, 401),
        ({"X-SSO-Secret": f"{SECRET},{SECRET}"}, 401),
        ({"X-Forwarded-User": ""}, 401),
        ({"X-Forwarded-User": "u-1,u-2"}, 401),
        ({"X-Forwarded-User": "u\x07"}, 401),
        ({"X-Forwarded-Email": ""}, 200),
        ({"X-Forwarded-Email": "(null)"}, 200),
        ({"X-Forwarded-Groups": ""}, 403),
        ({"X-Forwarded-Groups": "staff"}, 403),
    ],
)
def test_plain_headers(behind_sign_on: AuthConfig, headers: dict[str, str], status: int) -> None:
    good = {"X-SSO-Secret": SECRET, "X-Forwarded-User": "u-1", "X-Forwarded-Groups": GROUPS["viewer"]}
    for peers, expected in (((ip_network("127.0.0.0/8"),), status), ((), 401)):
        sign_on = replace(behind_sign_on, by=HeaderConfig(peers, (SECRET,)))
        with override_settings(AUTH_CONFIG=sign_on):
            answer = Browser(headers={**good, **headers}).get("/c/small/media/")
            assert answer.status_code == expected
            assert SECRET not in text(answer)
