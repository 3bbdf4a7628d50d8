"""`/connections/<slug>/`: what is said of a connection that is there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from tests.answers import errors_of, text
from tests.make import SMALL_ID, Browser, facts_of, no_events, operations, rewrite
from tests.pages.test_connection_add import BAD

HERE = "/connections/small/"
SAME = {"label": "Studio A", "colour": "blue", "groups": ""}


def small() -> Connection:
    return Connection.objects.get(slug="small")


def test_works(admin: Browser, sandbox: Sandbox) -> None:
    page = text(admin.get(HERE))
    assert 'value="Studio A"' in page
    assert 'value="blue" checked' in page
    answer = admin.post(HERE, {"label": "Studio Ä", "colour": "teal", "groups": "support\nvault-admins"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections/?kept=small")
    assert (small().label, small().colour, small().groups) == (
        "Studio Ä",
        "teal",
        ["support", "vault-admins"],
    )
    assert small().connection_id == SMALL_ID
    assert operations(sandbox) == []


def test_the_event_tells_what_was_before(admin: Browser) -> None:
    admin.post(HERE, {**SAME, "label": "Studio Z", "groups": "support"})
    facts = facts_of("connection.changed")
    assert facts["before"] == {"label": "Studio A", "groups": []}
    assert facts["result"] == {"label": "Studio Z", "groups": ["support"]}
    assert (facts["connection"], facts["actor_email"]) == ("small", "ada@example.com")
    assert SMALL_ID not in str(list(Event.objects.values()))


def test_nothing_changed_is_no_event(admin: Browser) -> None:
    assert admin.post(HERE, SAME).status_code == 303
    assert not Event.objects.exists()


def test_groups_decide_who_sees_it(admin: Browser, viewer: Browser, operator: Browser) -> None:
    admin.post(HERE, {**SAME, "groups": "trust-and-safety"})
    assert viewer.get("/c/small/media/").status_code == 404
    assert operator.get("/c/small/media/").status_code == 200
    admin.post(HERE, {**SAME, "groups": ""})
    assert viewer.get("/c/small/media/").status_code == 200


def test_an_admin_may_close_it_to_themself_and_open_it_again(admin: Browser) -> None:
    admin.post(HERE, {**SAME, "groups": "others"})
    assert admin.get("/c/small/media/").status_code == 404
    page = text(admin.get(HERE))
    assert ">others</textarea>" in page
    assert 'name="connection"' not in page
    admin.post(HERE, SAME)
    assert admin.get("/c/small/media/").status_code == 200


def test_an_archived_connection_can_be_changed(admin: Browser) -> None:
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    assert "Archived" in text(admin.get(HERE))
    assert admin.post(HERE, {**SAME, "label": "Studio Old"}).status_code == 303
    assert (small().label, small().archived_at is None) == ("Studio Old", False)


def test_neither_slug_nor_id_can_be_sent_along(admin: Browser) -> None:
    assert admin.post(HERE, {**SAME, "slug": "other", "connection_id": "conn_other"}).status_code == 303
    assert small().connection_id == SMALL_ID


def test_empty(admin: Browser) -> None:
    answer = admin.post(HERE, {})
    assert answer.status_code == 422
    assert len(errors_of(answer)) == 2
    assert "<title>Error: " in text(answer)


def test_fragment(admin: Browser) -> None:
    assert admin.fragment(HERE, SAME, method="post").headers["HX-Redirect"] == "/connections/?kept=small"


@pytest.mark.parametrize(("field", "value", "sentence"), [row for row in BAD if row[0] in SAME])
def test_bad_input(admin: Browser, field: str, value: str, sentence: str) -> None:
    if value == "Studio A":
        value, sentence = "Creator B", "Another connection (big) has this name already."
    answer = admin.post(HERE, {**SAME, field: value})
    assert answer.status_code == 422
    assert any(sentence.lower() in error.lower() for error in errors_of(answer))
    assert not Event.objects.exists()


@pytest.mark.parametrize("slug", ["nowhere", "SMALL", "x" * 100])
def test_no_such_connection(admin: Browser, slug: str) -> None:
    for answer in (admin.get(f"/connections/{slug}/"), admin.post(f"/connections/{slug}/", SAME)):
        assert answer.status_code == 404


def test_nothing_is_changed_without_its_event(admin: Browser) -> None:
    with database.execute_wrapper(no_events):
        assert admin.post(HERE, {**SAME, "label": "Studio Z"}).status_code == 503
    assert small().label == "Studio A"


def test_whoever_comes_second_is_told_so(admin: Browser) -> None:
    """Between the look and the update somebody else takes the label."""
    waiting = ["Studio Z"]

    def faster(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "dashboard_connection"') and waiting:
            label = waiting.pop()
            rewrite(Connection.objects.filter(slug="big"), label=label)
        return execute(sql, params, many, context)

    with database.execute_wrapper(faster):
        answer = admin.post(HERE, {**SAME, "label": "Studio Z"})
    assert answer.status_code == 422
    assert "at the same moment" in errors_of(answer)[0]
    assert small().label == "Studio A"
    assert not Event.objects.exists()


def test_upstream_error(admin: Browser, sandbox: Sandbox) -> None:
    """The service is not asked, so its trouble is none here."""
    sandbox.faults.add(status=500, times=None)
    assert admin.post(HERE, SAME).status_code == 303
    assert operations(sandbox) == []


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser) -> None:
    for person, status in ((nobody, 302), (viewer, 403), (operator, 403)):
        assert person.get(HERE).status_code == status
        assert person.post(HERE, {**SAME, "label": "Studio Z"}).status_code == status
    assert small().label == "Studio A"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
