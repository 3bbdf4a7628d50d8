"""Every address by everybody: nobody, a person without a role, and each role; by sign-on and in the demo.

`tests/run tests/pages/test_who_may_come_in.py -s -p no:randomly 2>/dev/null` prints what each is answered: in
assertion mode nobody, without a role, viewer, operator, admin; then in the demo nobody and the three roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from dashboard.sandbox import Sandbox
from dashboard.urls import urlpatterns
from tests.answers import text
from tests.assertions import GROUPS, sign_on_with
from tests.make import Browser, assertion_browser, signed_in
from tests.pages.addresses import ADDRESSES, FOR_ONE, NEEDED, OPEN, OWN, ROLES, stand_ready, taken_back

pytestmark = pytest.mark.no_cover  # it asks what other tests ask one by one

PROBES: Final = {"healthz", "readyz"}
DEMO_ONLY: Final = {"sign-in", "styleguide"}
MODES: Final = ("assertion", "demo")
METHODS: Final = ("get", "post", "head", "put", "delete", "options")
WHO: Final = ("nobody", "no role", *ROLES)
COLUMNS: Final = [(mode, who) for mode in MODES for who in WHO if (mode, who) != ("demo", "no role")]
ALLOWED: Final = (200, 204, 303, 405, 422)


@pytest.fixture
def connections(connections: None) -> None:
    stand_ready()


@contextmanager
def signed_on(mode: str, folder: Path) -> Iterator[None]:
    """People come in by an assertion, or by the demo's picker."""
    settings = {"AUTH_CONFIG": sign_on_with(folder), "IS_DEMO": False} if mode == "assertion" else {}
    with override_settings(**settings):
        yield


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest, connections: None, tmp_path: Path) -> Iterator[str]:
    with signed_on(request.param, tmp_path):
        yield request.param


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


def check_nobody(answer: Any, mode: str, name: str, method: str, *, htmx: bool) -> None:
    """Nobody gets in unless the page is open."""
    open_to_all = name in (OPEN if mode == "demo" else PROBES)
    if mode == "assertion" or htmx:
        sent_away = answer.status_code == 401
    else:
        there = answer.headers.get("Location", "")
        sent_away = answer.status_code == 302 and there.startswith("/sign-in/?next=%2F")
    assert sent_away is not open_to_all


def check_no_role(answer: Any, name: str) -> None:
    """Without a role only the way out is open."""
    assert (answer.status_code == 403) is (name not in PROBES | {"sign-out"})


def check_role(answer: Any, mode: str, name: str, method: str, role: str, calls: int) -> None:
    """Every role gets where it may, and nowhere else."""
    needed = NEEDED.get(name, "viewer")
    if name in OPEN:
        return
    if ROLES.index(role) < ROLES.index(needed):
        assert answer.status_code == 403
        assert needed in text(answer)
        assert calls == 0
    elif name in FOR_ONE or (mode == "assertion" and name in DEMO_ONLY):
        assert answer.status_code in (404, 405)
    else:
        may_differ = name in OWN and role == "viewer" and method == "post"
        assert answer.status_code in ((*ALLOWED, 403) if may_differ else ALLOWED)


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_is_open_to_whom_it_should_be(
    connections: None, sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    """In both modes, by script and without; the same words in both, but for the picker, the styleguide, and
    where nobody is sent."""
    row: dict[tuple[str, str, str], int] = {}
    for mode, who in COLUMNS:
        with signed_on(mode, tmp_path):
            browser = browser_of(who, mode)
            for method, htmx in product(METHODS if who in WHO[:2] else METHODS[:2], (False, True)):
                with taken_back(sandbox):
                    answer = ask(browser, name, method, htmx=htmx)
                    calls = len(sandbox.calls)
                    if who == "nobody":
                        check_nobody(answer, mode, name, method, htmx=htmx)
                        assert calls == 0
                    elif who == "no role":
                        check_no_role(answer, name)
                        assert calls == 0
                    else:
                        check_role(answer, mode, name, method, who, calls)
                if not htmx:
                    row[method, mode, who] = answer.status_code
    for method in ("get", "post"):
        told = [row[method, mode, who] for mode, who in COLUMNS]
        print(f"{method.upper():5}{ADDRESSES[name]:37}" + "".join(f"{status:>10}" for status in told))
        if name not in OPEN | DEMO_ONLY:
            by_role = [[row[method, mode, role] for role in ROLES] for mode in MODES]
            assert by_role[0] == by_role[1]


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
