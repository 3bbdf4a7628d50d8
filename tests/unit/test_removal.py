"""The removal's states, each brought about by the service itself."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.db import connection as database
from django.db.models.signals import post_save
from django.test import override_settings
from django.utils import timezone

from dashboard import removal, service
from dashboard.access import Person, Role
from dashboard.models import Connection, Removal
from dashboard.outcomes import words_of
from dashboard.removal import InFlight, Intent, IntentNotRecorded
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery, Unreachable, UnreadableItem
from tests import make

State = Removal.State
PERSON = Person("Omar Haddad", "omar@example.com", Role.OPERATOR)


def intent(**fields: Any) -> Intent:
    usual = {"person": PERSON, "ticket": "ZD-1", "reason": "asked for", "request_id": "r"}
    return Intent(**{**usual, "token": uuid.uuid4(), **fields})


@pytest.fixture
def small(sandbox: Sandbox, db: None) -> Connection:
    return make.connection("small", label="Studio A", connection_id=make.SMALL_ID)


@pytest.fixture
def media_id(small: Connection, sandbox: Sandbox) -> str:
    """An item with variants that are stored."""
    found = service.list_media(small, MediaQuery(status="stored", limit=20)).readable
    sandbox.calls.clear()
    return next(item.id for item in found if not item.id.startswith("odd"))


def delete(small: Connection, media_id: str, **fields: Any) -> Removal:
    record = removal.delete_item(small, media_id, intent(**fields))
    record.refresh_from_db()
    return record


def purge(small: Connection, **fields: Any) -> Removal:
    record = removal.purge(small, intent(**fields))
    record.refresh_from_db()
    return record


def the_first_read_is_as_usual(sandbox: Sandbox) -> None:
    sandbox.faults.add(method="GET")


def test_deleted(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    item = service.find_item(small, media_id)
    assert item
    sandbox.calls.clear()
    record = delete(small, media_id)
    assert record.state == State.DELETED
    assert record.freed_bytes == item.size_bytes > 0
    assert make.operations(sandbox) == ["get", "delete"]
    assert record.settled_at
    assert record.sent_at <= record.settled_at
    assert (record.person, record.role, record.ticket) == ("Omar Haddad", "operator", "ZD-1")
    assert {v["label"] for v in record.variants_before} == set(item.media)
    assert "http" not in json.dumps(record.before)
    assert service.find_item(small, media_id) is None


def test_what_is_gone_already_is_recorded_without_a_call(small: Connection, sandbox: Sandbox) -> None:
    assert delete(small, "99999").state == State.ALREADY_GONE
    assert make.operations(sandbox) == ["get"]


def test_gone_between_look_and_call(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="DELETE", status=404, body={"error": "Media not found"})
    record = delete(small, media_id)
    assert (record.state, record.service_text) == (State.ALREADY_GONE, "Media not found")


def test_the_service_removed_nothing(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    said = {"success": False, "mediaId": media_id, "freedBytes": 0}
    sandbox.faults.add(method="DELETE", status=200, body=said)
    assert delete(small, media_id).state == State.NOT_REMOVED
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_rejected(small: Connection, media_id: str, sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(method="DELETE", status=status, body={"error": "No"})
    record = delete(small, media_id)
    assert (record.state, record.service_text) == (State.REJECTED, "No")
    assert len(make.deletes(sandbox)) == 1


@pytest.fixture
def leaving() -> Iterator[Sandbox]:
    """A service of its own that goes away once the intent is written, before the call."""
    with Sandbox(connections={make.SMALL_ID: 5}, key=make.API_KEY) as other:

        def leave(created: bool, **signal: Any) -> None:
            if created:
                other.stop()

        post_save.connect(leave, sender=Removal)
        service.vault.cache_clear()
        with override_settings(VAULTPLUS_API_URL=other.url):
            yield other
        service.vault.cache_clear()
        post_save.disconnect(leave, sender=Removal)


def test_refused_where_nothing_could_be_sent(db: None, leaving: Sandbox) -> None:
    small = make.connection(connection_id=make.SMALL_ID)
    media_id = service.list_media(small, MediaQuery()).readable[0].id
    assert delete(small, media_id).state == State.REFUSED
    assert make.deletes(leaving) == []


def test_a_purge_is_refused_where_nothing_could_be_sent(db: None, leaving: Sandbox) -> None:
    assert purge(make.connection(connection_id=make.SMALL_ID)).state == State.REFUSED
    assert make.deletes(leaving) == []


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
    assert delete(small, media_id).state == State.VERIFIED_GONE
    assert make.operations(sandbox) == ["get", "delete", "get"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_without_the_deed(
    small: Connection, media_id: str, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    assert delete(small, media_id).state == State.VERIFIED_PRESENT
    assert make.operations(sandbox) == ["get", "delete", "get"]
    assert delete(small, media_id).state == State.DELETED


def test_an_answer_about_another_item_is_no_answer(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="DELETE", status=200, body={"success": True, "mediaId": "7", "freedBytes": 1})
    assert delete(small, media_id).state == State.VERIFIED_PRESENT


def test_unknown_stays_unknown_where_nothing_can_be_read(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    the_first_read_is_as_usual(sandbox)
    sandbox.faults.add(method="DELETE", close=True, act=True)
    sandbox.faults.add(method="GET", status=401, times=None)
    record = delete(small, media_id)
    assert record.state == State.UNKNOWN
    sandbox.faults.clear()
    assert removal.settle_by_reading(record).state == State.VERIFIED_GONE
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.parametrize(("later", "state"), [(True, State.RECACHED), (False, State.VERIFIED_PRESENT)])
def test_cached_again_since(
    small: Connection, media_id: str, sandbox: Sandbox, later: bool, state: Removal.State
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
    assert delete(small, media_id).state == state


def test_the_same_press_twice_is_one_call(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    token = uuid.uuid4()
    first, second = delete(small, media_id, token=token), delete(small, media_id, token=token)
    assert first.pk == second.pk
    assert len(make.deletes(sandbox)) == 1
    assert Removal.objects.count() == 1


def test_another_press_is_another_record(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    delete(small, media_id)
    assert delete(small, media_id).state == State.ALREADY_GONE
    assert len(make.deletes(sandbox)) == 1


def test_what_cannot_be_read_is_not_removed(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="GET", close=True, times=None)
    with pytest.raises(Unreachable):
        delete(small, media_id)
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
        delete(small, media_id) if verb == "delete" else purge(small)
    assert make.deletes(sandbox) == []


def test_purged(small: Connection, sandbox: Sandbox) -> None:
    record = purge(small)
    assert record.state == State.DELETED
    assert record.media_id == ""
    assert record.purged_variants
    assert record.purged_variants > 60
    assert record.before["items_seen"] > 60
    assert make.operations(sandbox) == ["query", "purge"]
    assert service.first_look(small).items == ()


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"status": 200, "body": {"success": False, "purgedCount": 0, "freedBytes": 0}}, State.NOT_REMOVED),
        ({"status": 401}, State.REJECTED),
        ({"status": 404}, State.REJECTED),
        ({"close": True, "act": True}, State.VERIFIED_GONE),
        ({"close": True}, State.VERIFIED_PRESENT),
        ({"status": 503, "headers": {"Retry-After": "1"}}, State.VERIFIED_PRESENT),
    ],
)
def test_a_purge_that_went_otherwise(
    small: Connection, sandbox: Sandbox, fault: dict[str, Any], state: Removal.State
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    assert purge(small).state == state
    assert len(make.deletes(sandbox)) == 1


def test_a_purge_that_left_what_cannot_be_read_is_not_called_complete(
    small: Connection, sandbox: Sandbox
) -> None:
    the_first_read_is_as_usual(sandbox)
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", body={"items": [{"id": "5"}]})
    record = purge(small)
    assert record.state == State.VERIFIED_PRESENT


def test_the_same_press_of_purge_twice_is_one_call(small: Connection, sandbox: Sandbox) -> None:
    token = uuid.uuid4()
    assert purge(small, token=token).pk == purge(small, token=token).pk
    assert len(make.deletes(sandbox)) == 1


def test_a_token_of_another_removal_removes_nothing(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    token = uuid.uuid4()
    delete(small, media_id, token=token)
    with pytest.raises(InFlight):
        purge(small, token=token)
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_intent_is_committed_before_the_call_arrives(sandbox: Sandbox, collected_static: object) -> None:
    """The service itself looks into our database, by a connection of its own, while it deletes."""
    seen: list[tuple[str, str]] = []

    def look() -> float:
        if any(call.method == "DELETE" and not call.status for spy in spies for call in spy.calls):
            seen.extend(Removal.objects.values_list("media_id", "state"))
            connections.close_all()
        return time.time()

    spies: list[Sandbox] = []
    spies.append(Sandbox(connections={make.SMALL_ID: 5}, key=make.API_KEY, now=look))
    with spies[0] as spy, override_settings(VAULTPLUS_API_URL=spy.url):
        service.vault.cache_clear()
        small = make.connection(connection_id=make.SMALL_ID)
        media_id = service.list_media(small, MediaQuery()).readable[0].id
        record = delete(small, media_id)
        assert record.state == State.DELETED
        assert set(seen) == {(media_id, "sent")}
        seen.clear()
        purge(small)
        assert ("", "sent") in seen


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_while_one_is_in_flight_no_second_call_is_made(sandbox: Sandbox, verb: str) -> None:
    small = make.connection(connection_id=make.SMALL_ID)
    media_id = service.list_media(small, MediaQuery(status="stored")).readable[-1].id
    sandbox.faults.add(method="DELETE", latency_ms=600)

    def remove(token: uuid.UUID) -> Removal:
        try:
            return delete(small, media_id, token=token) if verb == "delete" else purge(small, token=token)
        finally:
            connections.close_all()

    token = uuid.uuid4()
    with ThreadPoolExecutor(3) as people:
        first = people.submit(remove, token)
        until = time.monotonic() + 5
        while not make.deletes(sandbox) and time.monotonic() < until:
            time.sleep(0.01)
        for press in (people.submit(remove, uuid.uuid4()), people.submit(remove, token)):
            with pytest.raises(InFlight) as other:
                press.result()
            assert other.value.other.token == token
        assert first.result().state == State.DELETED
    assert len(make.deletes(sandbox)) == 1


def test_a_row_whose_process_was_lost_is_settled_by_reading_and_stands_in_nobodys_way(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    lost = make.removal(small, media_id=media_id, state=State.SENT, sent_at=long_ago, settled_at=None)
    assert delete(small, media_id).state == State.DELETED
    lost.refresh_from_db()
    assert lost.state in (State.VERIFIED_PRESENT, State.UNKNOWN)
    assert len(make.deletes(sandbox)) == 1


def test_the_tombstone_is_the_last_removal_that_took_it(small: Connection) -> None:
    elsewhere = make.connection("other")
    make.removal(elsewhere, media_id="5")
    assert removal.tombstone(small, "5") is None
    make.removal(small, media_id="5", state=State.NOT_REMOVED)
    assert removal.tombstone(small, "5") is None
    mine = make.removal(small, media_id="5", sent_at=timezone.now() - timedelta(hours=1))
    assert removal.tombstone(small, "5") == mine
    emptied = make.removal(small, media_id="", verb=Removal.Verb.PURGE)
    assert removal.tombstone(small, "5") == emptied
    assert removal.tombstone(small, "6") == emptied


def test_unreadable_items_are_counted_in_the_estimate() -> None:
    from dashboard.vault import MediaPage

    seen = removal.estimate(MediaPage((UnreadableItem("1", "?"),), "more"))
    assert (seen["items_seen"], seen["at_least"]) == (1, True)


@pytest.mark.parametrize("verb", Removal.Verb.values)
@pytest.mark.parametrize("state", State.values)
def test_every_state_has_words_and_a_status(verb: str, state: str) -> None:
    of = "" if verb == "purge" else "449"
    words = words_of(Removal(verb=verb, state=state, media_id=of, connection_label="Studio A"))
    good = state in (State.DELETED, State.ALREADY_GONE, State.VERIFIED_GONE, State.RECACHED)
    assert (words.status == 200) is good
    assert ("Studio A" if verb == "purge" else "449") in words.title
    assert words.next.endswith(".")
    assert words.glyph
