"""`/connections/add/`: a connection's id, asked for once, and its names."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.logs import JsonFormatter
from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from tests.answers import csrf_token, errors_of, text
from tests.make import (
    NEW_ID,
    REFERRED,
    SMALL_ID,
    Browser,
    connection,
    facts_of,
    no_events,
    operations,
    rewrite,
    signed_in,
)

HERE = "/connections/add/"
GOOD = {"connection_id": NEW_ID, "slug": "new", "label": "New D", "colour": "rose", "groups": ""}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that is logged, as it is written in production."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger(name) for name in ("", "dashboard.audit")]
    for one in loggers:
        one.addHandler(handler)
    yield written
    for one in loggers:
        one.removeHandler(handler)


def test_works(admin: Browser, sandbox: Sandbox) -> None:
    page = text(admin.get(HERE))
    assert 'autocomplete="off"' in page
    answer = admin.post(HERE, {**GOOD, "groups": "support\r\n  Team Ä \r\n\r\nsupport\r\n"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections/?kept=new")
    added = Connection.objects.get(slug="new")
    assert (added.connection_id, added.label, added.colour) == (NEW_ID, "New D", "rose")
    assert added.groups == ["support", "Team Ä"]
    assert operations(sandbox) == []
    assert admin.get("/c/new/media/").status_code == 200


def test_it_is_an_event_without_the_id(admin: Browser, lines: io.StringIO) -> None:
    admin.post(HERE, {**GOOD, "groups": "support"}, headers={"User-Agent": "Firefox"})
    facts = facts_of("connection.added")
    assert facts["actor_name"] == "Ada Brandt"
    assert (facts["connection"], facts["connection_label"], facts["connection_tail"]) == (
        "new",
        "New D",
        NEW_ID[-4:],
    )
    assert facts["result"] == {"label": "New D", "colour": "rose", "groups": ["support"]}
    assert (facts["before"], facts["agent"]) == ({}, "Firefox")
    assert NEW_ID not in str(list(Event.objects.values()))
    assert NEW_ID not in lines.getvalue()


def test_empty(admin: Browser) -> None:
    answer = admin.post(HERE, {})
    assert answer.status_code == 422
    assert len(errors_of(answer)) == 4
    assert "<title>Error: Add a connection" in text(answer)
    assert Connection.objects.count() == 3


def test_fragment(admin: Browser) -> None:
    answer = admin.fragment(HERE, GOOD, method="post")
    assert answer.headers["HX-Redirect"] == "/connections/?kept=new"


BAD: list[tuple[str, str, str]] = [
    ("connection_id", "", "as the vendor gives it"),
    ("connection_id", "has space", "no spaces"),
    ("connection_id", "conn_ж", "no spaces"),
    ("connection_id", "c" * 257, "1 to 256"),
    ("connection_id", f"conn_1\r\nx-connection-id: {SMALL_ID}", "no spaces"),
    ("connection_id", SMALL_ID, "This ID was added already: Studio A has it."),
    ("slug", "", "such as studio-a"),
    ("slug", "New D", "small letters"),
    ("slug", "new_d", "small letters"),
    ("slug", "-new", "small letters"),
    ("slug", "..", "small letters"),
    ("slug", "x" * 65, "64"),
    ("slug", "add", "an address of the dashboard's own"),
    ("slug", "import", "an address of the dashboard's own"),
    ("slug", "small", "Studio A has this name in links already."),
    ("label", "", "Give it a name"),
    ("label", "x" * 101, "100"),
    ("label", "Studio A", "Another connection (small) has this name already."),
    ("label", "two  spaces", "single spaces"),
    ("label", "zero\u200bwidth", "can be seen and typed"),
    ("label", NEW_ID, "looks like a connection's ID"),
    ("colour", "", "Choose a colour"),
    ("colour", "pink", "“pink” is none of"),
    ("colour", "red; background: url(//evil.example)", "is none of"),
    ("groups", f"support\n{NEW_ID}", "looks like a connection's ID"),
    ("groups", "x" * 201, "1 to 200 characters"),
    ("groups", "bell\x07", "1 to 200 characters"),
    ("groups", "right\u202eto left", "1 to 200 characters"),
    ("groups", "one\u2028two", "1 to 200 characters"),
    ("groups", "\n".join(f"group-{n}" for n in range(51)), "at most 50"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), BAD)
def test_bad_input(admin: Browser, field: str, value: str, sentence: str) -> None:
    answer = admin.post(HERE, {**GOOD, field: value})
    assert answer.status_code == 422
    assert any(sentence.lower() in error.lower() for error in errors_of(answer))
    assert Connection.objects.count() == 3
    assert not Event.objects.exists()


def test_fifty_groups_of_two_hundred_characters_are_kept(admin: Browser) -> None:
    groups = [f"{n:02}" + "g" * 198 for n in range(50)]
    assert admin.post(HERE, {**GOOD, "groups": "\n".join(groups)}).status_code == 303
    assert Connection.objects.get(slug="new").groups == groups


def test_an_archived_connection_still_has_its_names_and_id(admin: Browser) -> None:
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    (error,) = errors_of(admin.post(HERE, {**GOOD, "connection_id": SMALL_ID}))
    assert error == "This ID was added already: Studio A (archived) has it."


def test_what_was_typed_comes_back_to_who_typed_it(admin: Browser, lines: io.StringIO) -> None:
    typed = {**GOOD, "slug": "NEW", "label": '"><script>', "groups": "a\nb"}
    answer = admin.post(HERE, typed)
    page = unescape(text(answer))
    assert f'value="{NEW_ID}"' in page
    assert 'value="NEW"' in page
    assert '"><script>' in page
    assert '"><script>' not in text(answer)
    assert ">a\nb</textarea>" in page
    assert 'value="rose" checked' in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert NEW_ID not in page[: page.index("<body")]
    assert NEW_ID not in str(answer.headers)
    assert NEW_ID not in lines.getvalue()


def test_nothing_is_added_without_its_event(admin: Browser, lines: io.StringIO) -> None:
    with database.execute_wrapper(no_events):
        answer = admin.post(HERE, GOOD)
    assert answer.status_code == 503
    assert "Nothing was done" in text(answer)
    assert not Connection.objects.filter(slug="new").exists()
    assert not Event.objects.exists()
    assert NEW_ID not in lines.getvalue() + text(answer)


@pytest.mark.parametrize("field", ["slug", "label", "connection_id"])
def test_whoever_comes_second_is_told_so(admin: Browser, field: str) -> None:
    """Between the look and the insert somebody else adds a connection of the same name or id."""
    theirs = {"slug": "other", "label": "Other", "connection_id": "conn_of_somebody_else", field: GOOD[field]}

    waiting = [theirs]

    def faster(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "dashboard_connection"') and waiting:
            connection(**waiting.pop())
        return execute(sql, params, many, context)

    with database.execute_wrapper(faster):
        answer = admin.post(HERE, GOOD)
    assert waiting == []
    assert answer.status_code == 422
    assert "at the same moment" in errors_of(answer)[0]
    assert not Event.objects.exists()


def test_upstream_error(admin: Browser, sandbox: Sandbox) -> None:
    """The service is not asked, so its trouble is none here."""
    sandbox.faults.add(status=500, times=None)
    assert admin.post(HERE, GOOD).status_code == 303
    assert operations(sandbox) == []


def test_forged_form(connections: None) -> None:
    strict = signed_in("admin", enforce_csrf_checks=True)
    assert strict.post(HERE, GOOD, headers=REFERRED).status_code == 403
    token = csrf_token(strict.get(HERE))
    assert strict.post(HERE, {**GOOD, "csrfmiddlewaretoken": token}, headers=REFERRED).status_code == 303


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser) -> None:
    for person, status in ((nobody, 302), (viewer, 403), (operator, 403)):
        assert person.get(HERE).status_code == status
        assert person.post(HERE, GOOD).status_code == status
    assert Connection.objects.count() == 3


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
