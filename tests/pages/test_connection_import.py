"""`/connections/import/`: what the account lists, and adding from it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from tests.answers import errors_of, rows_of, text
from tests.make import (
    BIG_ID,
    EMPTY_ID,
    NEW_ID,
    SMALL_ID,
    UPSTREAM_TROUBLE,
    Browser,
    facts_of,
    no_events,
    operations,
    rewrite,
    signed_in,
)

HERE = "/connections/import/"
NAMES = {"slug": "new", "label": "New D", "colour": "rose", "groups": "support"}


def key_of_the_new_one(admin: Browser) -> str:
    (key,) = re.findall(r'href="/connections/import/\?row=([0-9a-f]{64})"', text(admin.get(HERE)))
    return str(key)


def listed(*rows: Any, more: bool = False) -> dict[str, Any]:
    return {"path": "/account/", "status": 200, "body": {"list": rows, "hasMore": more}, "times": None}


def row(connection: str = NEW_ID, status: str = "active", **user: str) -> dict[str, Any]:
    return {"id": connection, "status": status, "userData": {"id": "7", **user}}


def test_works(admin: Browser, sandbox: Sandbox) -> None:
    rewrite(Connection.objects.filter(slug="empty"), archived_at=timezone.now())
    rows = rows_of(admin.get(HERE))
    assert len(rows) == 4
    assert "Person 1 @person1" in rows[0]
    assert f"··{SMALL_ID[-4:]} Active Studio A" in rows[0]
    assert "Archive C Archived" in rows[2]
    assert f"··{NEW_ID[-4:]} Active Add…" in rows[3]
    assert operations(sandbox) == ["connections"]

    page = text(admin.get(HERE, {"row": key_of_the_new_one(admin)}))
    assert 'name="slug" maxlength="64"' in page
    assert page.count('value="person4"') == 2
    answer = admin.post(HERE, {"row": key_of_the_new_one(admin), **NAMES})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections/?kept=new")
    added = Connection.objects.get(slug="new")
    assert (added.connection_id, added.label, added.groups) == (NEW_ID, "New D", ["support"])
    assert "New D" in rows_of(admin.get(HERE))[3]
    assert admin.get("/c/new/media/").status_code == 200


def test_it_is_an_event_without_the_id(admin: Browser) -> None:
    admin.post(HERE, {"row": key_of_the_new_one(admin), **NAMES})
    facts = facts_of("connection.added")
    assert facts["result"] == {"label": "New D", "colour": "rose", "groups": ["support"]}
    assert NEW_ID not in str(list(Event.objects.values()))


def test_no_id_is_told(admin: Browser, sandbox: Sandbox) -> None:
    key = key_of_the_new_one(admin)
    answers = [
        admin.get(HERE),
        admin.get(HERE, {"row": key}),
        admin.post(HERE, {"row": key, **NAMES, "slug": "NEW"}),
        admin.post(HERE, {"row": key, **NAMES}),
    ]
    for answer in answers:
        told = unquote(unescape(answer.content.decode() + str(answer.headers)))
        assert not any(secret in told for secret in (SMALL_ID, BIG_ID, EMPTY_ID, NEW_ID))


def test_a_sent_id_is_not_believed(admin: Browser) -> None:
    """Only what the account lists can be imported, whatever else is sent."""
    admin.post(HERE, {"row": key_of_the_new_one(admin), **NAMES, "connection_id": "conn_of_somebody_else"})
    assert Connection.objects.get(slug="new").connection_id == NEW_ID


def test_empty(sandbox: Sandbox, admin: Browser) -> None:
    sandbox.faults.add(**listed())
    answer = admin.get(HERE)
    assert answer.status_code == 200
    assert "The account has no connections" in text(answer)


def test_fragment(admin: Browser) -> None:
    answer = admin.fragment(HERE, {"row": key_of_the_new_one(admin), **NAMES}, method="post")
    assert answer.headers["HX-Redirect"] == "/connections/?kept=new"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("slug", "", "such as studio-a"),
        ("slug", "small", "Studio A has this name in links already."),
        ("slug", "import", "the dashboard's own"),
        ("label", "Studio A", "Another connection (small) has this name already."),
        ("colour", "pink", "is none of"),
        ("groups", "bell\x07", "1 to 200 characters"),
    ],
)
def test_bad_input(admin: Browser, field: str, value: str, sentence: str) -> None:
    answer = admin.post(HERE, {"row": key_of_the_new_one(admin), **NAMES, field: value})
    assert answer.status_code == 422
    (error,) = errors_of(answer)
    assert sentence in error
    assert "Person 4" in text(answer)
    assert Connection.objects.count() == 3


@pytest.mark.parametrize("named", ["0" * 64, "x", "\x00", "<script>", "1" * 10_000])
def test_a_row_that_is_not_listed_is_said(admin: Browser, named: str) -> None:
    for answer in (admin.get(HERE, {"row": named}), admin.post(HERE, {"row": named, **NAMES})):
        assert answer.status_code == 404
        assert "cannot be imported" in text(answer)
        assert NEW_ID not in text(answer)
        assert "<title>Error: " in text(answer)
    assert Connection.objects.count() == 3


def test_a_post_without_a_row_adds_nothing(admin: Browser) -> None:
    admin.post(HERE, NAMES)
    assert Connection.objects.count() == 3


def test_what_came_to_be_here_meanwhile_is_not_added_twice(admin: Browser) -> None:
    key = key_of_the_new_one(admin)
    assert admin.post(HERE, {"row": key, **NAMES}).status_code == 303
    again = admin.post(HERE, {"row": key, **NAMES, "slug": "again", "label": "Again"})
    assert again.status_code == 404
    assert "it was added already" in text(again)
    assert Connection.objects.count() == 4


def test_what_the_account_does_not_list_any_more_is_not_added(admin: Browser, sandbox: Sandbox) -> None:
    key = key_of_the_new_one(admin)
    sandbox.faults.add(**listed(row(SMALL_ID)))
    assert admin.post(HERE, {"row": key, **NAMES}).status_code == 404
    assert Connection.objects.count() == 3


@pytest.mark.parametrize(
    ("user", "slug", "label"),
    [
        ({"username": "Café.Süd", "name": "Nora"}, "cafe-sud", "Café.Süd"),
        ({"name": "Nora Feld"}, "nora-feld", "Nora Feld"),
        ({"username": "__"}, "", "__"),
        ({"username": "\u043d\u043e\u0440a"}, "a", "\u043d\u043e\u0440a"),  # all but the last are Cyrillic
        ({"username": "x" * 200}, "x" * 64, "x" * 200),
        ({}, "", ""),
    ],
)
def test_names_start_as_the_persons(
    admin: Browser, sandbox: Sandbox, user: dict[str, str], slug: str, label: str
) -> None:
    sandbox.faults.add(**listed(row(**user)))
    page = unescape(text(admin.get(HERE, {"row": key_of_the_new_one(admin)})))
    fields = dict(re.findall(r'name="(slug|label)"[^>]* value="([^"]*)"', page))
    assert fields == {"slug": slug, "label": label}


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("active", "Active"),
        ("expired", "Expired"),
        ("awaiting_2fa", "Waits for a second factor"),
        ("frozen", "frozen"),
        ("<script>", "<script>"),
    ],
)
def test_a_status_is_told_in_words_or_as_it_came(
    admin: Browser, sandbox: Sandbox, status: str, word: str
) -> None:
    sandbox.faults.add(**listed(row(status=status, name="<b>N</b>")))
    answer = admin.get(HERE)
    assert word in rows_of(answer)[0]
    assert "<script>" not in text(answer)
    assert "<b>N" not in text(answer)


def test_what_is_missing_of_the_list_is_said(admin: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(**listed(row(), "broken", {"id": 7}))
    assert "2 more were listed in an unknown format" in text(admin.get(HERE))
    sandbox.faults.clear()
    sandbox.faults.add(**listed(row(), more=True))
    assert "The account has more than these 1." in text(admin.get(HERE))


REFUSALS = [
    (401, "This key may not list the connections"),
    (403, "This key may not list the connections"),
    (404, "The service does not list the connections"),
    (400, "The service does not list the connections"),
    (405, "The service does not list the connections"),
]


@pytest.mark.parametrize(("status", "sentence"), REFUSALS)
def test_a_key_that_may_not_ask_is_told_the_other_way(
    admin: Browser, sandbox: Sandbox, status: int, sentence: str
) -> None:
    body = {"error": f"No scope for {SMALL_ID}"}
    sandbox.faults.add(path="/account/", status=status, body=body, times=None)
    for answer in (admin.get(HERE), admin.get(HERE, {"row": "0" * 64})):
        page = text(answer)
        assert answer.status_code in (200, 404)
        assert sentence in page
        assert "No scope for" in page
        assert SMALL_ID not in page
        assert 'class="button" href="/connections/add/"' in page
    assert operations(sandbox) == ["connections"] * 2
    assert admin.get("/c/small/media/").status_code == 200


@pytest.mark.parametrize(("fault", "status", "word"), [row for row in UPSTREAM_TROUBLE if row[2] != "key"])
def test_upstream_error(
    admin: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str
) -> None:
    key = key_of_the_new_one(admin)
    sandbox.faults.add(**fault, times=None)
    for answer in (admin.get(HERE), admin.post(HERE, {"row": key, **NAMES})):
        assert answer.status_code == status
        assert word in text(answer)
    assert Connection.objects.count() == 3


def test_nothing_is_added_without_its_event(admin: Browser) -> None:
    key = key_of_the_new_one(admin)
    with database.execute_wrapper(no_events):
        assert admin.post(HERE, {"row": key, **NAMES}).status_code == 503
    assert Connection.objects.count() == 3


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser, sandbox: Sandbox) -> None:
    key = key_of_the_new_one(signed_in("admin"))
    sandbox.calls.clear()
    for person, status in ((nobody, 302), (viewer, 403), (operator, 403)):
        assert person.get(HERE).status_code == status
        assert person.post(HERE, {"row": key, **NAMES}).status_code == status
    assert operations(sandbox) == []
    assert Connection.objects.count() == 3


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
