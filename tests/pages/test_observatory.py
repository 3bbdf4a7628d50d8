"""What MDN's HTTP Observatory would give our answers: the best mark of each of its tests, which makes A+.

Its rules are facts here (mdn-http-observatory, src/grader/charts.js): 100 points and more are the grade A+.
Redirection is tested in test_every_page.py, and the preload list is the deployer's to join.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from typing import Any, Final

import pytest
from django.db import connection as database
from django.templatetags.static import static
from django.test import override_settings

from dashboard.sandbox import Sandbox
from dashboard.security import make_security_headers
from tests.make import Browser, signed_in
from tests.pages.addresses import ADDRESSES, stand_ready

MEDIA: Final = ["https://media.ofauth.com"]
SIX_MONTHS: Final = 15_768_000
BROAD: Final = {"'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "http:", "https:", "ftp:", "*"}
PRIVATE: Final = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}

BEST: Final = {
    "content-security-policy": 10,
    "cookies": 5,
    "cross-origin-resource-sharing": 0,
    "cross-origin-resource-policy": 10,
    "referrer-policy": 5,
    "strict-transport-security": 0,
    "subresource-integrity": 0,
    "x-content-type-options": 0,
    "x-frame-options": 5,
}


def read_policy(headers: Mapping[str, str]) -> dict[str, set[str]]:
    parts = [part.split() for part in headers.get("Content-Security-Policy", "").split(";")]
    return {name: set(sources) for name, *sources in filter(None, parts)}


def mark_policy(policy: dict[str, set[str]]) -> int:
    if not policy:
        return -25
    usual = policy.get("default-src", {"*"})
    script, style, thing, image, media = (
        policy.get(f"{what}-src", usual) for what in ("script", "style", "object", "img", "media")
    )
    if (script | thing) & BROAD or any(one.startswith("http://") for one in script | style | thing):
        return -20
    if any(one.startswith("http:") for one in image | media):
        return -10
    if style & BROAD:
        return 0
    forms_stay = policy.get("form-action", {"*"}) <= {"'none'", "'self'"}
    return 10 if usual == {"'none'"} and forms_stay else 5


def mark_cookies(cookies: SimpleCookie) -> int:
    """Of all cookies as of a session's, for ours are the session's and the token's."""
    if not all(one["secure"] for one in cookies.values()):
        return -40
    if not all(one["httponly"] for one in cookies.values()):
        return -30
    return 5 if all(one["samesite"] in ("Lax", "Strict") for one in cookies.values()) else -20


def mark_transport(text: str) -> int:
    age = re.search(r"max-age=(\d+)", text)
    return -20 if not age else 0 if int(age[1]) >= SIX_MONTHS else -10


def mark_scripts(page: str) -> int:
    return (
        0
        if all(one.startswith("/static/") for one in re.findall(r'<script[^>]* src="([^"]*)"', page))
        else -5
    )


def find_marks(headers: Mapping[str, str], cookies: SimpleCookie, page: str) -> dict[str, int]:
    """Return the mark of each of its tests. An answer without cookies has the best one of them."""
    policy = read_policy(headers)
    framed = headers.get("X-Frame-Options", "").upper() in ("DENY", "SAMEORIGIN")
    owner = headers.get("Cross-Origin-Resource-Policy", "")
    return {
        "content-security-policy": mark_policy(policy),
        "cookies": mark_cookies(cookies),
        "cross-origin-resource-sharing": -50 if "Access-Control-Allow-Origin" in headers else 0,
        "cross-origin-resource-policy": 10 if owner in ("same-origin", "same-site") else 0,
        "referrer-policy": 5 if headers.get("Referrer-Policy") in PRIVATE else -5,
        "strict-transport-security": mark_transport(headers.get("Strict-Transport-Security", "")),
        "subresource-integrity": mark_scripts(page),
        "x-content-type-options": 0 if headers.get("X-Content-Type-Options") == "nosniff" else -5,
        "x-frame-options": 5
        if policy.get("frame-ancestors", {"*"}) <= {"'none'", "'self'"}
        else 0
        if framed
        else -20,
    }


def marks_of(answer: Any) -> dict[str, int]:
    page = "" if answer.streaming else answer.content.decode()
    return find_marks(answer.headers, answer.cookies, page)


def broken(*args: Any) -> Any:
    raise RuntimeError


def ask_in_trouble() -> Any:
    browser = signed_in("admin")
    browser.raise_request_exception = False
    with database.execute_wrapper(broken):
        return browser.get("/c/small/media/")


KINDS: Final[dict[str, tuple[int, Callable[[], Any]]]] = {
    "list": (200, lambda: signed_in("viewer").get("/c/small/media/")),
    "item": (200, lambda: signed_in("viewer").get("/c/small/media/odd-many/")),
    "fragment": (200, lambda: signed_in("viewer").fragment("/c/small/media/")),
    "question": (200, lambda: signed_in("operator").get("/c/small/media/odd-many/delete/")),
    "form": (200, lambda: signed_in("viewer").get("/lookup/")),
    "sign-in": (200, lambda: Browser().get("/sign-in/")),
    "a session begun": (303, lambda: Browser().post("/sign-in/", {"role": "admin"})),
    "redirect": (302, lambda: Browser().get("/c/small/media/")),
    "download": (200, lambda: signed_in("admin").get(ADDRESSES["audit-export"])),
    "download of media": (200, lambda: signed_in("viewer").get(ADDRESSES["media-export-now"])),
    "probe": (200, lambda: Browser().get("/healthz")),
    "probe of readiness": (200, lambda: Browser().get("/readyz")),
    "wrong name": (400, lambda: Browser().get("/", headers={"Host": "evil.example"})),
    "not permitted": (403, lambda: signed_in("viewer").get("/connections/")),
    "forged": (403, lambda: signed_in("viewer").post("/sign-out/", headers={"Sec-Fetch-Site": "cross-site"})),
    "not found": (404, lambda: signed_in("viewer").get("/nowhere")),
    "no such file": (404, lambda: Browser().get("/static/nowhere.css")),
    "wrong method": (405, lambda: signed_in("viewer").put("/c/small/media/")),
    "bad input": (422, lambda: signed_in("viewer").post("/lookup/", {})),
    "broken": (500, ask_in_trouble),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_has_the_best_marks(connections: None, sandbox: Sandbox, kind: str) -> None:
    """Over https, with media from https, as in production."""
    stand_ready()
    status, ask = KINDS[kind]
    with override_settings(VAULTPLUS_MEDIA_HOSTS=MEDIA):
        answer = ask()
    assert answer.status_code == status
    assert marks_of(answer) == BEST
    answer.close()


@pytest.mark.parametrize("name", ["css/dashboard.css", "js/dashboard.js", "icons.svg"])
def test_files_have_the_marks_that_mean_something_for_them(db: None, name: str) -> None:
    """They are no pages: nothing runs in them, by their policy, and a frame shows no more than a file."""
    answer = Browser().get(static(name))
    marks = find_marks(answer.headers, answer.cookies, "")
    assert read_policy(answer.headers) == {"default-src": {"'none'"}}
    for rule in set(BEST) - {"content-security-policy", "referrer-policy", "x-frame-options"}:
        assert marks[rule] == BEST[rule], rule
    answer.close()


def changed(name: str, was: str, now: str) -> Callable[[dict[str, str]], None]:
    def change(headers: dict[str, str]) -> None:
        assert was in headers[name]
        headers[name] = headers[name].replace(was, now)

    return change


CSP: Final = "Content-Security-Policy"
WORSE: Final[dict[str, tuple[str, int, Callable[[dict[str, str]], Any]]]] = {
    "no policy": (CSP, -25, lambda headers: headers.pop(CSP)),
    "inline scripts": (CSP, -20, changed(CSP, "script-src 'self'", "script-src 'self' 'unsafe-inline'")),
    "eval": (CSP, -20, changed(CSP, "script-src 'self'", "script-src 'self' 'unsafe-eval'")),
    "scripts of all": (CSP, -20, changed(CSP, "script-src 'self'", "script-src https:")),
    "inline styles": (CSP, 0, changed(CSP, "style-src 'self'", "style-src 'self' 'unsafe-inline'")),
    "plain pictures": (CSP, -10, changed(CSP, "https://media", "http://media")),
    "a wider default": (CSP, 5, changed(CSP, "default-src 'none'", "default-src 'self'")),
    "forms to others": (CSP, 5, changed(CSP, "form-action 'self'", "form-action https://a.example")),
    "framed": ("X-Frame-Options", 0, changed(CSP, "frame-ancestors 'none'", "frame-ancestors *")),
    "sniffed": ("X-Content-Type-Options", -5, lambda headers: headers.pop("X-Content-Type-Options")),
    "a short time": (
        "Strict-Transport-Security",
        -10,
        changed("Strict-Transport-Security", "63072000", "3600"),
    ),
    "no https": ("Strict-Transport-Security", -20, lambda headers: headers.pop("Strict-Transport-Security")),
    "told to others": ("Referrer-Policy", -5, changed("Referrer-Policy", "same-origin", "unsafe-url")),
    "for all": ("Cross-Origin-Resource-Policy", 0, changed("Cross-Origin-Resource-Policy", "same", "cross")),
    "shared": (
        "Cross-Origin-Resource-Sharing",
        -50,
        lambda h: h.update({"Access-Control-Allow-Origin": "*"}),
    ),
}


@pytest.mark.parametrize("what", WORSE)
def test_a_worse_header_has_a_worse_mark(what: str) -> None:
    """So that the marks above say something."""
    rule, mark, change = WORSE[what]
    headers = {**make_security_headers(MEDIA), "Strict-Transport-Security": "max-age=63072000"}
    assert find_marks(headers, SimpleCookie(), "") == BEST
    change(headers)
    assert find_marks(headers, SimpleCookie(), "")[rule.lower()] == mark


@pytest.mark.parametrize(
    ("cookie", "mark"),
    [
        ("a=b; Secure; HttpOnly; SameSite=Lax", 5),
        ("a=b; HttpOnly; SameSite=Lax", -40),
        ("a=b; Secure; SameSite=Lax", -30),
        ("a=b; Secure; HttpOnly; SameSite=None", -20),
        ("a=b; Secure; HttpOnly", -20),
    ],
)
def test_a_worse_cookie_has_a_worse_mark(cookie: str, mark: int) -> None:
    assert mark_cookies(SimpleCookie(cookie)) == mark
    assert mark_scripts('<script src="https://a.example/x.js"></script>') == -5
