"""The removal's states, each brought about by the service itself."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.db.models.signals import post_save
from django.test import override_settings

from dashboard import service
from dashboard.models import Connection, Removal, RemovalState
from dashboard.removals import ledger, recovery
from dashboard.removals.errors import IntentNotRecorded
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery, Unreachable
from tests import make
from tests.make import remove


def the_first_read_is_as_usual(sandbox: Sandbox) -> None:
    sandbox.faults.add(method="GET")


def test_deleted(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    item = service.find_item(small, media_id)
    assert item
    sandbox.calls.clear()
    record = remove(small, media_id)
    assert record.state == RemovalState.DELETED
    assert record.freed_bytes == item.size_bytes > 0
    assert make.operations(sandbox) == ["get", "delete"]
    assert record.settled_at
    assert record.sent_at <= record.settled_at
    assert (record.person, record.role, record.ticket) == ("Omar Haddad", "operator", "ZD-1")
    assert {v["label"] for v in record.variants_before} == set(item.media)
    assert "http" not in json.dumps(record.before)
    assert service.find_item(small, media_id) is None


def test_a_connection_id_that_somebody_typed_is_kept_in_no_row(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    record = make.remove(small, media_id, ticket=f"ZD {make.SMALL_ID}", reason=f"of {make.SMALL_ID}")
    assert (record.ticket, record.reason) == ("ZD conn_…", "of conn_…")
    Removal.objects.filter(pk=record.pk).update(state=RemovalState.UNRESOLVED)
    ledger.close(record, make.OMAR, f"{make.SMALL_ID} was looked at")
    record.refresh_from_db()
    assert record.closing_note == "conn_… was looked at"


def test_what_is_gone_already_is_recorded_without_a_call(small: Connection, sandbox: Sandbox) -> None:
    assert remove(small, "99999").state == RemovalState.ALREADY_GONE
    assert make.operations(sandbox) == ["get"]


def test_gone_between_look_and_call(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", status=404, body={"error": "Media not found"})
    record = remove(small, media_id)
    assert (record.state, record.service_text) == (RemovalState.ALREADY_GONE, "Media not found")


def test_the_service_removed_nothing(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    said = {"success": False, "mediaId": media_id, "freedBytes": 0}
    sandbox.faults.add(method="DELETE", status=200, body=said)
    assert remove(small, media_id).state == RemovalState.NOT_REMOVED
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
def test_rejected(small: Connection, media_id: str, sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(method="DELETE", status=status, body={"error": "No"})
    record = remove(small, media_id)
    assert (record.state, record.service_text) == (RemovalState.REJECTED, "No")
    assert len(make.deletes(sandbox)) == 1


@pytest.fixture
def leaving() -> Iterator[Sandbox]:
    """A service of its own that goes away once the intent is written, before the call."""
    with Sandbox(connections={make.SMALL_ID: 5}, key=make.API_KEY) as other:

        def leave(created: bool, **signal: Any) -> None:
            if created:
                other.stop()

        post_save.connect(leave, sender=Removal)
        service.get_client.cache_clear()
        with override_settings(VAULTPLUS_API_URL=other.url):
            yield other
        service.get_client.cache_clear()
        post_save.disconnect(leave, sender=Removal)


def test_refused_where_nothing_could_be_sent(db: None, leaving: Sandbox) -> None:
    small = make.connection(connection_id=make.SMALL_ID)
    media_id = service.list_media(small, MediaQuery()).readable[0].id
    assert remove(small, media_id).state == RemovalState.REFUSED
    assert make.deletes(leaving) == []


def test_a_purge_is_refused_where_nothing_could_be_sent(db: None, leaving: Sandbox) -> None:
    assert remove(make.connection(connection_id=make.SMALL_ID)).state == RemovalState.REFUSED
    assert make.deletes(leaving) == []


@pytest.mark.parametrize("verb", Removal.Verb.values)
def test_refused_where_its_lease_would_end_before_the_call(
    small: Connection, media_id: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """As after a commit that took half a minute: another process may take the row for lost meanwhile."""
    monkeypatch.setitem(ledger.CALL_LEASE, Removal.Verb(verb), ledger.CALL_DEADLINE[Removal.Verb(verb)])
    record = remove(small, media_id if verb == "delete" else "")
    assert (record.state, record.service_text) == (RemovalState.REFUSED, "To write the record took too long.")
    assert make.deletes(sandbox) == []


LOST: list[dict[str, Any]] = [
    {"close": True},
    {"status": 500},
    {"status": 502, "body": "<html>"},
    {"status": 200, "body": "{}"},
    {"status": 200, "body": "<html>", "cut": True},
    {"status": 302, "headers": {"Location": "/v2/vault-plus/media"}},
]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_after_the_deed(
    small: Connection, media_id: str, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.faults.add(method="DELETE", act=True, **fault)
    assert remove(small, media_id).state == RemovalState.VERIFIED_GONE
    assert make.operations(sandbox) == ["get", "delete", "get"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_without_the_deed(
    small: Connection, media_id: str, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    assert remove(small, media_id).state == RemovalState.VERIFIED_PRESENT
    assert make.operations(sandbox) == ["get", "delete", "get"]
    assert remove(small, media_id).state == RemovalState.DELETED


def test_an_answer_about_another_item_is_no_answer(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="DELETE", status=200, body={"success": True, "mediaId": "7", "freedBytes": 1})
    assert remove(small, media_id).state == RemovalState.VERIFIED_PRESENT


def test_unknown_stays_unknown_where_nothing_can_be_read(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    the_first_read_is_as_usual(sandbox)
    sandbox.faults.add(method="DELETE", close=True, act=True)
    sandbox.faults.add(method="GET", status=403, times=None)
    record = remove(small, media_id)
    assert record.state == RemovalState.UNKNOWN
    sandbox.faults.clear()
    assert recovery.reconcile(record).state == RemovalState.VERIFIED_GONE
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.parametrize(
    ("later", "state"), [(True, RemovalState.RECACHED), (False, RemovalState.VERIFIED_PRESENT)]
)
def test_cached_again_since(
    small: Connection, media_id: str, sandbox: Sandbox, later: bool, state: RemovalState
) -> None:
    seen = int(time.time() * 1000) + (60_000 if later else -60_000)
    variant = {
        "status": "stored",
        "quality": "full",
        "sizeBytes": 1,
        "contentType": "image/png",
        "accessCount": 0,
        "createdAt": seen,
        "expiresAt": seen + 1,
        "storedAt": seen,
        "lastAccessedAt": 0,
        "url": "",
    }
    again = {"id": media_id, "type": "image", "duration": None, "media": {"full": variant}}
    the_first_read_is_as_usual(sandbox)
    sandbox.faults.add(method="DELETE", close=True, act=True)
    sandbox.faults.add(method="GET", body=again)
    assert remove(small, media_id).state == state


def test_the_same_press_twice_is_one_call(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    token = uuid.uuid4()
    first, second = remove(small, media_id, token=token), remove(small, media_id, token=token)
    assert first.pk == second.pk
    assert len(make.deletes(sandbox)) == 1
    assert Removal.objects.count() == 1


def test_another_press_is_another_record(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    remove(small, media_id)
    assert remove(small, media_id).state == RemovalState.ALREADY_GONE
    assert len(make.deletes(sandbox)) == 1


def test_what_cannot_be_read_is_not_removed(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="GET", close=True, times=None)
    with pytest.raises(Unreachable):
        remove(small, media_id)
    assert make.deletes(sandbox) == []
    assert not Removal.objects.exists()


def refuses_writes(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    if sql.lstrip().upper().startswith(("INSERT", "UPDATE")):
        raise OperationalError("attempt to write a readonly database")
    return execute(sql, *rest)


@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_a_database_that_refuses_writes_lets_no_call_out(
    small: Connection, media_id: str, sandbox: Sandbox, verb: str
) -> None:
    with database.execute_wrapper(refuses_writes), pytest.raises(IntentNotRecorded):
        remove(small, media_id) if verb == "delete" else remove(small)
    assert make.deletes(sandbox) == []


def test_purged(small: Connection, sandbox: Sandbox) -> None:
    record = remove(small)
    assert record.state == RemovalState.DELETED
    assert record.media_id == ""
    assert record.purged_variants
    assert record.purged_variants > 60
    assert record.before["items_seen"] > 60
    assert make.operations(sandbox) == ["query", "query", "purge"]
    assert service.read_first_page(small).items == ()


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (
            {"status": 200, "body": {"success": False, "purgedCount": 0, "freedBytes": 0}},
            RemovalState.NOT_REMOVED,
        ),
        ({"status": 401}, RemovalState.REJECTED),
        ({"status": 404}, RemovalState.VERIFIED_PRESENT),
        ({"close": True, "act": True}, RemovalState.VERIFIED_GONE),
        ({"close": True}, RemovalState.VERIFIED_PRESENT),
        ({"status": 503, "headers": {"Retry-After": "1"}}, RemovalState.VERIFIED_PRESENT),
    ],
)
def test_a_purge_that_went_otherwise(
    small: Connection, sandbox: Sandbox, fault: dict[str, Any], state: RemovalState
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    assert remove(small).state == state
    assert len(make.deletes(sandbox)) == 1


def test_a_purge_that_left_what_cannot_be_read_is_not_called_complete(
    small: Connection, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="GET", times=2)  # what was shown, and what is read again
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", body={"items": [{"id": "5"}]})
    record = remove(small)
    assert record.state == RemovalState.VERIFIED_PRESENT


def test_the_same_press_of_purge_twice_is_one_call(small: Connection, sandbox: Sandbox) -> None:
    token = uuid.uuid4()
    assert remove(small, token=token).pk == remove(small, token=token).pk
    assert len(make.deletes(sandbox)) == 1


def test_a_token_is_good_for_one_target(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    token = uuid.uuid4()
    first, second = remove(small, media_id, token=token), remove(small, token=token)
    assert first.pk != second.pk
    assert make.operations(sandbox) == ["get", "delete", "query", "query", "purge"]
