"""`/removals/<number>/look/`: what became of an unknown removal is found out now, by reading."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, deletes, operations, removal, rewrite


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def look_at(record: Removal) -> str:
    return f"{record.get_absolute_url()}look/"


@pytest.mark.parametrize("state", [RemovalState.UNKNOWN, RemovalState.UNRESOLVED])
def test_works(operator: Browser, small: Connection, sandbox: Sandbox, state: str) -> None:
    record = removal(small, media_id="99999", state=state)
    answer = operator.post(look_at(record))
    assert answer.status_code == 200
    record.refresh_from_db()
    assert record.state == RemovalState.VERIFIED_GONE
    assert "99999 is gone" in text(answer)
    assert operations(sandbox) == ["get"]
    assert Event.objects.get().actor_name == "Omar Haddad"


def test_what_is_still_there_may_be_tried_again(operator: Browser, small: Connection) -> None:
    record = removal(small, media_id="odd-many", state=RemovalState.UNRESOLVED)
    answer = operator.fragment(look_at(record), method="post")
    assert text(answer).lstrip().startswith('<section id="record"')
    assert "odd-many is still there" in text(answer)
    assert "Try again…" in text(answer)


def test_upstream_error(operator: Browser, small: Connection, sandbox: Sandbox) -> None:
    record = removal(small, media_id="99999", state=RemovalState.UNKNOWN)
    sandbox.faults.add(status=500, times=None)
    answer = operator.post(look_at(record))
    assert answer.status_code == 200
    assert "The outcome is still not known" in text(answer)
    record.refresh_from_db()
    assert record.state == RemovalState.UNKNOWN


@pytest.mark.parametrize("state", [RemovalState.SENT, RemovalState.DELETED, RemovalState.REFUSED])
def test_what_needs_no_look_gets_none(
    operator: Browser, small: Connection, sandbox: Sandbox, state: str
) -> None:
    record = removal(small, state=state)
    assert operator.post(look_at(record)).status_code == 200
    record.refresh_from_db()
    assert record.state == state
    assert sandbox.calls == []


def test_a_closed_one_stays_closed(operator: Browser, small: Connection, sandbox: Sandbox) -> None:
    record = removal(small, media_id="99999", state=RemovalState.UNRESOLVED, closed_at=timezone.now())
    operator.post(look_at(record))
    assert sandbox.calls == []


def test_it_reads_nothing_of_what_one_may_not_see(
    admin: Browser, small: Connection, sandbox: Sandbox
) -> None:
    record = removal(small, media_id="99999", state=RemovalState.UNRESOLVED)
    rewrite(Connection.objects.filter(slug="small"), groups=["others"])
    assert admin.post(look_at(record)).status_code == 200
    assert sandbox.calls == []


def test_it_never_deletes(operator: Browser, small: Connection, sandbox: Sandbox) -> None:
    for media_id in ("99999", "odd-many"):
        operator.post(look_at(removal(small, media_id=media_id, state=RemovalState.UNRESOLVED)))
    assert deletes(sandbox) == []


def test_bad_input(operator: Browser) -> None:
    assert operator.post(f"/removals/{uuid.uuid4()}/look/").status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(operator: Browser, small: Connection, sandbox: Sandbox, method: str) -> None:
    record = removal(small, state=RemovalState.UNRESOLVED)
    assert getattr(operator, method)(look_at(record)).status_code == 405
    assert sandbox.calls == []


def test_wrong_role(viewer: Browser, nobody: Browser, small: Connection, sandbox: Sandbox) -> None:
    record = removal(small, state=RemovalState.UNRESOLVED)
    assert viewer.post(look_at(record)).status_code == 403
    assert nobody.post(look_at(record)).status_code == 302
    assert sandbox.calls == []
