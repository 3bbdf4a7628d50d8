"""`/removals/<number>/close/`: an admin closes what nothing else could settle, and says what they found."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.sandbox import Sandbox
from tests.answers import csrf_token, text
from tests.make import REFERRED, Browser, removal, signed_in

NOTE = {"note": "The vendor says that it is gone."}


@pytest.fixture
def record(connections: None) -> Removal:
    return removal(Connection.objects.get(slug="small"), state=RemovalState.UNRESOLVED, ticket="ZD-7")


def close_of(record: Removal) -> str:
    return f"{record.get_absolute_url()}close/"


def test_works(admin: Browser, record: Removal, sandbox: Sandbox) -> None:
    asks = admin.get(close_of(record))
    assert asks.status_code == 200
    assert "4492994399" in text(asks)
    assert Event.objects.count() == 0
    answer = admin.post(close_of(record), NOTE)
    assert answer.status_code == 303
    assert answer.headers["Location"] == record.get_absolute_url()
    record.refresh_from_db()
    assert (record.state, record.closed_by, record.closing_note) == (
        RemovalState.UNRESOLVED,
        "Ada Brandt",
        NOTE["note"],
    )
    recorded = Event.objects.get()
    assert recorded.code == "media.delete.closed"
    assert json.loads(recorded.line)["reason"] == NOTE["note"]
    assert "Needs a look" not in text(admin.get("/audit/"))
    assert sandbox.calls == []


def test_fragment(admin: Browser, record: Removal) -> None:
    asks = admin.fragment(close_of(record))
    assert text(asks).lstrip().startswith('<section id="close"')
    answer = admin.fragment(close_of(record), NOTE, method="post")
    assert answer.headers["HX-Redirect"] == record.get_absolute_url()


@pytest.mark.parametrize("note", ["", "   ", "x" * 1001])
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(admin: Browser, record: Removal, note: str, htmx: bool) -> None:
    given = {"note": note}
    answer = (
        admin.fragment(close_of(record), given, method="post")
        if htmx
        else admin.post(close_of(record), given)
    )
    assert answer.status_code == 422
    assert 'id="error-note"' in text(answer)
    assert note.strip() in text(answer)
    assert not Event.objects.exists()


def test_a_second_close_is_refused_in_words(admin: Browser, record: Removal) -> None:
    admin.post(close_of(record), NOTE)
    for answer in (admin.get(close_of(record)), admin.post(close_of(record), {"note": "me too"})):
        assert answer.status_code == 409
        assert "closed already" in text(answer)
        assert NOTE["note"] in text(answer)
    assert Event.objects.count() == 1
    record.refresh_from_db()
    assert record.closing_note == NOTE["note"]


@pytest.mark.parametrize("state", set(RemovalState.values) - {RemovalState.UNRESOLVED})
def test_only_what_is_unresolved_is_closed(admin: Browser, record: Removal, state: str) -> None:
    Removal.objects.update(state=state)
    for answer in (admin.get(close_of(record)), admin.post(close_of(record), NOTE)):
        assert answer.status_code == 409
        assert "nothing to close" in text(answer)
    record.refresh_from_db()
    assert record.closed_at is None
    assert not Event.objects.exists()


def test_what_cannot_be_recorded_is_not_closed(admin: Browser, record: Removal) -> None:
    def refuse_writes(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT"):
            raise OperationalError("database or disk is full")
        return execute(sql, *rest)

    with database.execute_wrapper(refuse_writes):
        answer = admin.post(close_of(record), NOTE)
    assert answer.status_code == 503
    assert "could not be written" in text(answer)
    record.refresh_from_db()
    assert record.closed_at is None


def test_no_removal(admin: Browser) -> None:
    assert admin.get(f"/removals/{uuid.uuid4()}/close/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_wrong_role(record: Removal, nobody: Browser, role: str) -> None:
    for method in ("get", "post"):
        answer = getattr(signed_in(role), method)(close_of(record), NOTE)
        assert answer.status_code == 403
        assert "admin" in text(answer)
        assert nobody.fragment(close_of(record), NOTE, method=method).status_code == 401
    record.refresh_from_db()
    assert record.closed_at is None


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, record: Removal, method: str) -> None:
    assert getattr(admin, method)(close_of(record)).status_code == 405


def test_forged_form(record: Removal) -> None:
    browser = signed_in("admin", enforce_csrf_checks=True)
    assert browser.post(close_of(record), NOTE, headers=REFERRED).status_code == 403
    said = {**NOTE, "csrfmiddlewaretoken": csrf_token(browser.get(close_of(record)))}
    assert browser.post(close_of(record), said, headers=REFERRED).status_code == 303


@pytest.mark.parametrize("note", ["\r\n".join(["x" * 39] * 25), "\U0001f600" * 500, "x" * 1000])
def test_a_note_of_as_much_as_its_box_takes(admin: Browser, record: Removal, note: str) -> None:
    assert admin.post(close_of(record), {"note": note}).status_code == 303
    record.refresh_from_db()
    assert record.closing_note == note.replace("\r\n", "\n")
