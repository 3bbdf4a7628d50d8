"""`/connections/<slug>/archive/`: hiding a connection, and bringing it back."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, facts_of, no_events, operations, rewrite

HERE = "/connections/small/archive/"


def is_archived() -> bool:
    return Connection.objects.get(slug="small").archived_at is not None


def test_works(admin: Browser, viewer: Browser, sandbox: Sandbox) -> None:
    assert "Archive " in text(admin.get(HERE))
    answer = admin.post(HERE, {"act": "archive"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections/?kept=small")
    assert is_archived()
    assert viewer.get("/c/small/media/").status_code == 404
    assert "Bring back" in text(admin.get(HERE))
    admin.post(HERE, {"act": "restore"})
    assert not is_archived()
    assert viewer.get("/c/small/media/").status_code == 200
    assert operations(sandbox) == ["query"]


def test_both_ways_are_events(admin: Browser) -> None:
    admin.post(HERE, {"act": "archive"})
    admin.post(HERE, {"act": "restore"})
    codes = list(Event.objects.order_by("sequence").values_list("code", flat=True))
    assert codes == ["connection.archived", "connection.restored"]
    facts = facts_of("connection.archived")
    assert (facts["connection"], facts["actor_name"]) == ("small", "Ada Brandt")
    assert facts["result"] == {"label": "Studio A", "colour": "blue", "groups": []}


@pytest.mark.parametrize("act", ["archive", "restore"])
def test_a_press_that_comes_twice_is_one(admin: Browser, act: str) -> None:
    rewrite(Connection.objects.filter(slug="small"), archived_at=None if act == "archive" else timezone.now())
    for _ in range(2):
        assert admin.post(HERE, {"act": act}).status_code == 303
        assert is_archived() is (act == "archive")
    assert Event.objects.count() == 1


def test_looking_changes_nothing(admin: Browser) -> None:
    admin.get(HERE, {"act": "archive"})
    assert not is_archived()


def test_empty(admin: Browser) -> None:
    assert admin.post(HERE, {}).status_code == 422
    assert not is_archived()


def test_fragment(admin: Browser) -> None:
    answer = admin.fragment(HERE, {"act": "archive"}, method="post")
    assert answer.headers["HX-Redirect"] == "/connections/?kept=small"


@pytest.mark.parametrize("act", ["delete", "ARCHIVE", "archive\x00", "archive restore"])
def test_bad_input(admin: Browser, act: str) -> None:
    answer = admin.post(HERE, {"act": act})
    assert answer.status_code == 422
    assert "Archive " in text(answer)
    assert not is_archived()
    assert not Event.objects.exists()


def test_no_such_connection(admin: Browser) -> None:
    assert admin.get("/connections/nowhere/archive/").status_code == 404
    assert admin.post("/connections/nowhere/archive/", {"act": "archive"}).status_code == 404


@pytest.mark.parametrize("act", ["archive", "restore"])
def test_nothing_is_done_without_its_event(admin: Browser, act: str) -> None:
    rewrite(Connection.objects.filter(slug="small"), archived_at=None if act == "archive" else timezone.now())
    with database.execute_wrapper(no_events):
        assert admin.post(HERE, {"act": act}).status_code == 503
    assert is_archived() is (act == "restore")


def test_upstream_error(admin: Browser, sandbox: Sandbox) -> None:
    """The service is not asked, so its trouble is none here."""
    sandbox.faults.add(status=500, times=None)
    assert admin.post(HERE, {"act": "archive"}).status_code == 303
    assert operations(sandbox) == []


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser) -> None:
    for person, status in ((nobody, 302), (viewer, 403), (operator, 403)):
        assert person.get(HERE).status_code == status
        assert person.post(HERE, {"act": "archive"}).status_code == status
    assert not is_archived()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
