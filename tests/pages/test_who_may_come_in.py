"""Every address by everybody: nobody, a person without a role, and each role; by sign-on and in the demo.

`tests/run tests/pages/test_who_may_come_in.py -k table -s 2>/dev/null` prints what each is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from dashboard.sandbox import Sandbox
from dashboard.urls import urlpatterns
from tests.assertions import GROUPS, sign_on_with
from tests.make import Browser, assertion_browser, signed_in, text
from tests.pages.addresses import ADDRESSES, FOR_ONE, NEEDED, OPEN, OWN, ROLES, stand_ready

PROBES: Final = {"healthz", "readyz"}
DEMO_ONLY: Final = {"sign-in", "styleguide"}
MODES: Final = ("assertion", "demo")
METHODS: Final = ("get", "head", "post", "put", "delete", "options")
WHO: Final = ("nobody", "no role", *ROLES)
ALLOWED: Final = (200, 204, 303, 405, 422)


@pytest.fixture
def connections(connections: None) -> None:
    stand_ready()


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, connections: None, tmp_path: Path) -> Iterator[str]:
    """Everything in both modes: people come in by an assertion, or by the demo's picker."""
    if request.param == "demo":
        yield "demo"
        return
    with override_settings(SIGN_ON=sign_on_with(tmp_path), IS_DEMO=False):
        yield "assertion"


def browser_of(who: str, mode: str) -> Browser:
    if who == "nobody":
        return Browser()
    if mode == "demo":
        return signed_in(who)
    return assertion_browser(GROUPS.get(who, "staff"))


def ask(browser: Browser, name: str, method: str = "get", *, htmx: bool = False) -> Any:
    given = {"typed": "no"} if method in ("get", "post") else None
    if htmx:
        return browser.fragment(ADDRESSES[name], given, method=method)
    return getattr(browser, method)(ADDRESSES[name], given)


@pytest.mark.parametrize("name", ADDRESSES)
def test_nobody_gets_in_unless_the_page_is_open(mode: str, sandbox: Sandbox, name: str) -> None:
    open_to_all = name in (OPEN if mode == "demo" else PROBES)
    for method in METHODS:
        answer = ask(Browser(), name, method)
        if mode == "demo":
            there = answer.headers.get("Location", "")
            sent_away = answer.status_code == 302 and there.startswith("/sign-in/?next=%2F")
        else:
            sent_away = answer.status_code == 401
        assert sent_away is not open_to_all, method
        if not open_to_all:
            assert ask(Browser(), name, method, htmx=True).status_code == 401, method
    assert sandbox.calls == []


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("mode", ["assertion"], indirect=True)
def test_without_a_role_only_the_way_out_is_open(mode: str, sandbox: Sandbox, name: str, htmx: bool) -> None:
    person = browser_of("no role", mode)
    for method in METHODS:
        answer = ask(person, name, method, htmx=htmx)
        assert (answer.status_code == 403) is (name not in PROBES | {"sign-out"}), method
    assert sandbox.calls == []


@pytest.mark.parametrize("name", sorted(set(ADDRESSES) - OPEN))
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("htmx", [False, True])
def test_every_role_gets_where_it_may(mode: str, sandbox: Sandbox, name: str, role: str, htmx: bool) -> None:
    needed = NEEDED.get(name, "viewer")
    person = browser_of(role, mode)
    for method in ("get", "post"):
        sandbox.calls.clear()
        answer = ask(person, name, method, htmx=htmx)
        if ROLES.index(role) < ROLES.index(needed):
            assert answer.status_code == 403
            assert needed in text(answer)
            assert sandbox.calls == []
        elif name in FOR_ONE or (mode == "assertion" and name in DEMO_ONLY):
            assert answer.status_code in (404, 405)
        else:
            may_differ = name in OWN and role == "viewer" and method == "post"
            assert answer.status_code in ((*ALLOWED, 403) if may_differ else ALLOWED)


def test_the_table_of_every_address_by_everybody(connections: None, sandbox: Sandbox, tmp_path: Path) -> None:
    """The same words in both modes, but for the picker, the styleguide, and where nobody is sent."""
    columns = [(mode, who) for mode in MODES for who in WHO if (mode, who) != ("demo", "no role")]
    lines = [f"{'':42}" + "".join(f"{word:>10}" for word in words) for words in zip(*columns, strict=True)]
    for name, address in ADDRESSES.items():
        for method in ("get", "post"):
            row = {}
            for mode, who in columns:
                sandbox.reset()
                sign_on = {"SIGN_ON": sign_on_with(tmp_path), "IS_DEMO": False} if mode == "assertion" else {}
                with override_settings(**sign_on):
                    row[mode, who] = ask(browser_of(who, mode), name, method).status_code
            lines.append(f"{method.upper():5}{address:37}" + "".join(f"{row[one]:>10}" for one in columns))
            if name not in OPEN | DEMO_ONLY:
                assert [row["assertion", role] for role in ROLES] == [row["demo", role] for role in ROLES]
                assert (row["assertion", "nobody"], row["demo", "nobody"]) == (401, 302)
                assert row["assertion", "no role"] == 403
    print("", *lines, sep="\n")


def unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a view whose author forgot to name a role")


class UrlsWithAnUnmarkedView:
    urlpatterns: Final = [*urlpatterns, path("unmarked/", unmarked)]


@pytest.mark.parametrize("who", WHO[2:])
def test_a_view_that_names_no_role_is_closed_to_all(mode: str, who: str) -> None:
    browser = browser_of(who, mode)
    browser.raise_request_exception = False
    with override_settings(ROOT_URLCONF=UrlsWithAnUnmarkedView):
        assert browser.get("/unmarked/").status_code == 500
