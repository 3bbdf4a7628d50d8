"""Lost answers: looked at again and again by reading, then left to a person; never sent again."""

from __future__ import annotations

import io
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from dashboard import audit, service
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.removals import errors, ledger, recovery
from dashboard.sandbox import Sandbox
from dashboard.vault import Busy, MediaQuery
from tests import make
from tests.make import OMAR


def codes(removal: Removal) -> list[str]:
    """Every step of the removal, in order."""
    return list(removal.events.order_by("sequence").values_list("code", flat=True))


@pytest.fixture
def unknown(small: Connection, media_id: str, sandbox: Sandbox) -> Removal:
    """A delete whose answer was lost, and a service that cannot be read since."""
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", status=403, times=None)
    record = make.remove(small, media_id)
    assert record.state == RemovalState.UNKNOWN
    return record


def pass_by(removal: Removal, **of: float) -> None:
    """Let time pass for this row alone."""
    ago = timedelta(**of)
    for name in ("next_look_at", "lease_until", "sent_at"):
        if (moment := getattr(removal, name)) is not None:
            Removal.objects.filter(pk=removal.pk).update(**{name: moment - ago})
    removal.refresh_from_db()


def test_the_looks_are_at_2_10_and_60_seconds_and_10_minutes(unknown: Removal) -> None:
    assert unknown.settled_at
    assert unknown.next_look_at
    assert unknown.next_look_at - unknown.settled_at == timedelta(seconds=2)
    for looks, pause in ((1, 8), (2, 50), (3, 540)):
        assert recovery.reconcile_due() == 0
        pass_by(unknown, seconds=541)
        before = timezone.now()
        assert recovery.reconcile_due() == 1
        unknown.refresh_from_db()
        assert (unknown.state, unknown.looks) == (RemovalState.UNKNOWN, looks)
        assert timedelta(seconds=pause) <= unknown.next_look_at - before < timedelta(seconds=pause + 5)
    pass_by(unknown, seconds=541)
    recovery.reconcile_due()
    unknown.refresh_from_db()
    assert unknown.state == "unresolved"
    assert unknown.next_look_at is None
    assert codes(unknown) == ["media.delete.sent", "media.delete.unknown", "media.delete.unresolved"]
    assert unknown.needs_attention


def test_a_key_that_is_gone_leaves_it_to_a_person_as_any_silence_does(unknown: Removal) -> None:
    with override_settings(DASHBOARD_DATA_KEYS=["another-data-key-0123456789abcdefghijkl"]):
        for _ in ledger.CHECK_PAUSES:
            pass_by(unknown, seconds=541)
            assert recovery.reconcile_due() == 1
    unknown.refresh_from_db()
    assert unknown.state == "unresolved"


def test_a_look_that_can_tell_settles_it(unknown: Removal, sandbox: Sandbox) -> None:
    sandbox.faults.clear()
    pass_by(unknown, seconds=3)
    recovery.reconcile_due()
    unknown.refresh_from_db()
    assert unknown.state == RemovalState.VERIFIED_PRESENT
    last = Event.objects.get(sequence=3)
    assert (last.actor_name, last.removal_id) == ("Vault+ dashboard", unknown.pk)
    assert len(make.deletes(sandbox)) == 1
    assert recovery.reconcile_due() == 0


def test_two_that_look_at_once_are_one_look(unknown: Removal) -> None:
    pass_by(unknown, seconds=3)
    same = Removal.objects.get(pk=unknown.pk)
    assert ledger.claim_check(unknown)
    assert not ledger.claim_check(same)


def test_an_unknown_outcome_lets_no_second_call_out(unknown: Removal, sandbox: Sandbox) -> None:
    sandbox.faults.clear()
    sandbox.faults.add(method="GET")  # the item can be read, but then no more
    sandbox.faults.add(method="GET", status=403, times=None)
    with pytest.raises(errors.RemovalInFlight) as other:
        make.remove(unknown.connection, unknown.media_id)
    assert other.value.other.pk == unknown.pk
    assert len(make.deletes(sandbox)) == 1


def test_a_new_press_settles_the_old_one_first(unknown: Removal, sandbox: Sandbox) -> None:
    sandbox.faults.clear()
    again = make.remove(unknown.connection, unknown.media_id)
    unknown.refresh_from_db()
    assert (unknown.state, again.state) == (RemovalState.VERIFIED_PRESENT, RemovalState.DELETED)


def test_a_retry_is_a_new_intent_linked_to_the_old_one(unknown: Removal, sandbox: Sandbox) -> None:
    sandbox.faults.clear()
    recovery.reconcile(unknown)
    again = make.remove(unknown.connection, unknown.media_id, retry_of=unknown.pk)
    assert (again.retry_of, again.attempt, again.state) == (unknown, 2, RemovalState.DELETED)
    stranger = make.remove(unknown.connection, "99999", retry_of=unknown.pk)
    assert (stranger.retry_of, stranger.attempt) == (None, 1)


def test_an_answer_that_comes_late_outranks_what_was_found(unknown: Removal, sandbox: Sandbox) -> None:
    sandbox.faults.clear()
    recovery.reconcile(unknown)
    assert ledger.move(unknown, RemovalState.DELETED, OMAR, result={"status": 200}, freed_bytes=5)
    assert codes(unknown)[-2:] == ["media.delete.verified_present", "media.delete.deleted"]
    assert not ledger.move(unknown, RemovalState.VERIFIED_GONE, OMAR)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.freed_bytes) == (RemovalState.DELETED, 5)


FINAL = (
    RemovalState.DELETED,
    RemovalState.ALREADY_GONE,
    RemovalState.NOT_REMOVED,
    RemovalState.REJECTED,
    RemovalState.REFUSED,
)


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize(
    "to",
    set(RemovalState)
    - {RemovalState.PLANNED, RemovalState.CLAIMED, RemovalState.CANCELLED, RemovalState.SENT},
)
def test_an_answer_is_the_last_word(db: None, state: RemovalState, to: RemovalState) -> None:
    row = make.removal(make.connection(), state=state)
    assert not ledger.move(row, to, OMAR)
    row.refresh_from_db()
    assert row.state == state
    assert not Event.objects.exists()


@pytest.mark.parametrize("how", ["lease over", "clock jumped back", "from before there were leases"])
def test_what_its_process_left_behind_is_settled(
    small: Connection, media_id: str, sandbox: Sandbox, how: str
) -> None:
    lost = make.removal(small, media_id=media_id, state=RemovalState.SENT, settled_at=None)
    assert recovery.reconcile_due() == 0
    now = timezone.now()
    changes: dict[str, dict[str, Any]] = {
        "lease over": {"lease_until": now - timedelta(seconds=1)},
        "clock jumped back": {
            "sent_at": now + timedelta(hours=1),
            "lease_until": now + timedelta(hours=2),
        },
        "from before there were leases": {"lease_until": None},
    }
    Removal.objects.filter(pk=lost.pk).update(**changes[how])
    assert recovery.reconcile_due() == 1
    lost.refresh_from_db()
    assert lost.state == RemovalState.VERIFIED_PRESENT
    assert make.deletes(sandbox) == []


def test_the_command_looks_once(unknown: Removal, sandbox: Sandbox) -> None:
    sandbox.faults.clear()
    pass_by(unknown, seconds=3)
    out = io.StringIO()
    call_command("settle", stdout=out)
    assert out.getvalue() == "1 removal looked after.\n"


@pytest.mark.django_db(transaction=True)
def test_the_reconciler_works_by_itself(sandbox: Sandbox, collected_static: object) -> None:
    small = make.connection("small", label="Studio A", connection_id=make.SMALL_ID)
    gone = make.removal(
        small,
        media_id="99999",
        state=RemovalState.SENT,
        settled_at=None,
        sent_at=timezone.now() - timedelta(hours=1),
    )
    stop = threading.Event()

    def run() -> None:
        recovery.run_reconciler(stop)
        connections.close_all()

    reconciler = threading.Thread(target=run)
    reconciler.start()
    until = time.monotonic() + 60
    while gone.state == RemovalState.SENT and time.monotonic() < until:
        time.sleep(0.1)
        gone.refresh_from_db()
    stop.set()
    reconciler.join(10)
    assert gone.state in (RemovalState.UNKNOWN, RemovalState.VERIFIED_GONE)
    assert not reconciler.is_alive()


def test_an_unresolved_one_is_closed_once_with_a_note(unknown: Removal) -> None:
    assert not ledger.close(unknown, OMAR, "too early")
    ledger.move(unknown, RemovalState.UNRESOLVED, OMAR)
    assert list(ledger.find_needing_attention()) == [unknown]
    assert ledger.close(unknown, OMAR, "The service's people say it is gone.")
    assert not ledger.close(unknown, OMAR, "again")
    unknown.refresh_from_db()
    assert (unknown.closed_by, unknown.state) == ("Omar Haddad", RemovalState.UNRESOLVED)
    assert codes(unknown)[-1] == "media.delete.closed"
    assert list(ledger.find_needing_attention()) == []
    assert audit.find_difference() is None


def test_a_purge_of_a_large_connection_is_settled_by_asking_for_what_is_older(
    sandbox: Sandbox, db: None
) -> None:
    big = make.connection("big", connection_id=make.BIG_ID)
    sandbox.faults.add(method="DELETE", close=True, act=True)
    gone = make.remove(big)
    assert gone.state == RemovalState.VERIFIED_GONE
    assert make.deletes(sandbox) == ["/v2/vault-plus/media"]


def test_a_clock_that_was_behind_calls_nothing_old_new(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    item = service.find_item(small, media_id)
    assert item
    newest = max(v.created_at for v in item.media.values() if v.created_at)
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", status=403, times=None)
    record = make.remove(small, media_id)
    record.sent_at = newest - timedelta(days=900)
    sandbox.faults.clear()
    assert recovery.reconcile(record).state == RemovalState.VERIFIED_PRESENT


def test_a_connection_that_asked_for_silence_is_looked_at(unknown: Removal, sandbox: Sandbox) -> None:
    """People's pages leave it alone; what became of a removal is worth a call that may be refused."""
    sandbox.faults.clear()
    sandbox.faults.add(method="GET", status=429, headers={"Retry-After": "60"})
    for _ in range(2):
        with pytest.raises(Busy):
            service.list_media(unknown.connection, MediaQuery())
    assert recovery.reconcile(unknown).state == RemovalState.VERIFIED_PRESENT
