"""Limits of what a person may do in a time: refused at each way to do it, and no way leads past it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import override_settings

from dashboard import budgets
from dashboard.auth.config import AuthConfig
from dashboard.models import Connection, Event, Job, Lookup, Removal, SavedView
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests.answers import hidden_fields, leave, text
from tests.assertions import GROUPS
from tests.make import (
    HTMX,
    Browser,
    assertion_browser,
    deletes,
    no_events,
    operations,
    plain_ids,
    signed_in,
)

VIEW: Final = "/views/add/?connection=small&status=stored"


@pytest.fixture(autouse=True)
def _two_of_each() -> Iterator[None]:
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 2)):
        yield


def press_delete(browser: Browser, headers: dict[str, str]) -> Any:
    small = Connection.objects.get(slug="small")
    media_id = plain_ids(small, MediaQuery())[0]
    path = f"/c/small/media/{media_id}/delete/"
    fields = {**hidden_fields(browser.get(path)), "ticket": "ZD-1", "reason": "typed by hand"}
    return browser.post(path, fields, headers=headers)


def press_bulk(browser: Browser, headers: dict[str, str]) -> Any:
    small = Connection.objects.get(slug="small")
    media_id = plain_ids(small, MediaQuery())[Job.objects.count()]
    browser.post("/c/small/tray/change/", {"item": f"{media_id} 1 1"})
    fields = hidden_fields(browser.get("/c/small/tray/"))
    return browser.post("/c/small/tray/", {**fields, "ticket": "ZD-1"}, headers=headers)


def look_up(browser: Browser, headers: dict[str, str]) -> Any:
    return browser.post("/lookup/", {"ids": "449", "connection": "small"}, headers=headers)


def save_view(browser: Browser, headers: dict[str, str]) -> Any:
    return browser.post(VIEW, {"name": uuid4().hex}, headers=headers)


def prepare_export(browser: Browser, headers: dict[str, str]) -> Any:
    return browser.post("/c/small/export/", {"format": "csv", "token": str(uuid4())}, headers=headers)


def take_away(browser: Browser, headers: dict[str, str]) -> Any:
    answer = browser.get("/c/small/export/now/?format=csv", headers=headers)
    leave(answer)
    return answer


def take_audit(browser: Browser, headers: dict[str, str]) -> Any:
    answer = browser.get("/audit/export/?format=csv", headers=headers)
    leave(answer)
    return answer


def begin_scan(browser: Browser, headers: dict[str, str]) -> Any:
    """And stop it: the next is another."""
    browser.post("/c/small/scan/", {"act": "stop", "place": "overview"})
    return browser.post("/c/small/scan/", {"act": "begin", "place": "overview"}, headers=headers)


WAYS: Final = {
    "delete": ("deletions", press_delete),
    "bulk": ("bulk", press_bulk),
    "look-up": ("lookups", look_up),
    "scan": ("scans", begin_scan),
    "view": ("views", save_view),
    "export": ("exports", prepare_export),
    "export now": ("exports", take_away),
    "audit export": ("exports", take_audit),
}
Press = Callable[[Browser, dict[str, str]], Any]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_beyond_the_limit(operator: Browser, sandbox: Sandbox, way: str, htmx: bool) -> None:
    kind, press = WAYS[way]
    for _ in range(2):
        assert press(operator, {}).status_code in (200, 303)
    done = (Removal.objects.count(), Job.objects.count(), Lookup.objects.count(), SavedView.objects.count())
    calls, events = len(deletes(sandbox)), Event.objects.count()
    for _ in range(3):
        answer = press(operator, {**HTMX, "HX-Target": "dialog"} if htmx else {})
    assert answer.status_code == 429
    said = text(answer)
    assert budgets.KINDS[kind].title in said
    assert ("<!doctype html>" in said) != htmx
    if htmx:  # beside what stands in the dialog, which keeps what was typed
        is_posted = "export now" not in way and "audit" not in way
        assert answer.headers["HX-Retarget"] == ("#dialog-notice" if is_posted else "#notice")
    if kind != "views":
        assert 0 < int(answer.headers["Retry-After"]) <= 24 * 3600
        assert re.search(r"You can go on in \d+ (min|h) \(\d\d:\d\d UTC\)", said)
    assert done == (
        Removal.objects.count(),
        Job.objects.count(),
        Lookup.objects.count(),
        SavedView.objects.count(),
    )
    assert len(deletes(sandbox)) == calls
    assert list(Event.objects.order_by("sequence").values_list("code", flat=True)[events:]) == [
        "access.limited"
    ]


OURS: Final = "https://testserver/c/small/media/?status=stored"


@pytest.mark.parametrize(
    ("sender", "back"),
    [
        (OURS, "/c/small/media/?status=stored"),
        (f"{OURS}#row-1", "/c/small/media/?status=stored"),
        ("https://testserver//evil.example/x", "/evil.example/x"),
        ("https://evil.example/c/small/media/", ""),
        ("https://testserver.evil.example/", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_its_page_leads_back_to_who_asked(viewer: Browser, sender: str, back: str) -> None:
    for _ in range(2):
        look_up(viewer, {})
    page = text(look_up(viewer, {"Referer": sender}))
    assert ("Go back" in page) is bool(back)
    if back:
        assert f'href="{back}">Go back' in page
    assert "Go back" not in text(look_up(viewer, {**HTMX, "Referer": sender})), "the page stands there still"


def again_in_another_window(operator: Browser) -> int:
    return int(look_up(signed_in("operator"), {}).status_code)


def after_signing_out_and_in(operator: Browser) -> int:
    operator.post("/sign-out/")
    operator.post("/sign-in/", {"role": "operator"})
    return int(look_up(operator, {}).status_code)


def by_script(operator: Browser) -> int:
    return int(look_up(operator, HTMX).status_code)


def in_another_connection(operator: Browser) -> int:
    return int(operator.post("/lookup/", {"ids": "449", "connection": "big"}).status_code)


def in_several_connections(operator: Browser) -> int:
    return int(operator.post("/lookup/", {"ids": "449", "connection": ["small", "big"]}).status_code)


def many_at_once(operator: Browser) -> int:
    return int(operator.post("/lookup/", {"ids": "1 2 3 4", "connection": "small"}).status_code)


def with_a_new_token(operator: Browser) -> int:
    said = {"ids": "449", "connection": "small", "csrfmiddlewaretoken": "x" * 64, "token": str(uuid4())}
    return int(operator.post("/lookup/", said).status_code)


def as_a_link_with_a_ticket(operator: Browser) -> int:
    said = {"ids": "/c/small/media/449/?ticket=ZD-9", "connection": "small", "ticket": "ZD-9"}
    return int(operator.post("/lookup/", said).status_code)


def as_a_file(operator: Browser) -> int:
    said = {"file": SimpleUploadedFile("ids.txt", b"449"), "connection": "small"}
    return int(operator.post("/lookup/", said).status_code)


def from_another_address(operator: Browser) -> int:
    return int(look_up(operator, {"X-Forwarded-For": "203.0.113.9", "User-Agent": "else"}).status_code)


def after_the_worker_tidied(operator: Browser) -> int:
    budgets.delete_old()
    return int(look_up(operator, {}).status_code)


def by_the_one_from_before(operator: Browser) -> int:
    Lookup.objects.update(answers={}, asked_at=None)
    pk = Lookup.objects.values_list("pk", flat=True)[0]
    return int(operator.post(f"/lookup/{pk}/again/").status_code)


EVASIONS: Final[list[Callable[[Browser], int]]] = [
    again_in_another_window,
    after_signing_out_and_in,
    by_script,
    in_another_connection,
    in_several_connections,
    many_at_once,
    with_a_new_token,
    as_a_link_with_a_ticket,
    as_a_file,
    from_another_address,
    after_the_worker_tidied,
    by_the_one_from_before,
]


@pytest.mark.parametrize("evade", EVASIONS, ids=lambda evade: evade.__name__)
def test_nothing_leads_past_it(operator: Browser, sandbox: Sandbox, evade: Callable[[Browser], int]) -> None:
    for _ in range(2):
        look_up(operator, {})
    rows, calls = Lookup.objects.count(), operations(sandbox)
    assert evade(operator) == 429
    assert (Lookup.objects.count(), operations(sandbox)) == (rows, calls)


@pytest.mark.parametrize(
    "renamed", [{"name": "Else"}, {"email": "else@example.com"}, {"groups": [GROUPS["admin"]]}]
)
def test_a_person_is_who_the_sign_on_says(
    connections: None, behind_sign_on: AuthConfig, renamed: dict[str, Any]
) -> None:
    """Another name, address or role is the same person."""
    for _ in range(2):
        assert look_up(assertion_browser(GROUPS["viewer"]), {}).status_code == 303
    groups = renamed.pop("groups", [GROUPS["viewer"]])
    assert look_up(assertion_browser(*groups, **renamed), {}).status_code == 429
    assert look_up(assertion_browser(GROUPS["viewer"], subject="u-2"), {}).status_code == 303


def test_others_go_on(operator: Browser, admin: Browser) -> None:
    for _ in range(3):
        answer = look_up(operator, {})
    assert answer.status_code == 429
    assert look_up(admin, {}).status_code == 303


def test_a_refusal_that_cannot_be_recorded_does_nothing_either(operator: Browser, sandbox: Sandbox) -> None:
    for _ in range(2):
        press_delete(operator, {})
    calls = len(deletes(sandbox))
    with database.execute_wrapper(no_events):
        assert press_delete(operator, {}).status_code == 503
    assert len(deletes(sandbox)) == calls
