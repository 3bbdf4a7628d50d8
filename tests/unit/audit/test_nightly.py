"""The worker verifies the last days once a night; a break stands where admins look."""

from __future__ import annotations

import threading
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard import audit
from dashboard.audit import chain, nightly, triggers
from dashboard.models import Event, Removal, RemovalState
from dashboard.outages import outages
from dashboard.removals import ledger
from dashboard.removals.ledger import Intent
from tests import make
from tests.answers import text
from tests.make import OMAR, facts_of, signed_in
from tests.rights import as_owner
from tests.unit.audit.hands import NEW_AUDIT, OLD_AUDIT

NOW = timezone.now() + timedelta(days=2)
"""Two days from now: what tests record is then old enough to look back upon."""


def change(sequence: int, **columns: Any) -> None:
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence=sequence).update(**columns)


@pytest.fixture
def ten(db: None) -> list[Event]:
    return [audit.record("media.revealed", OMAR, media_id=str(number)) for number in range(10)]


def test_what_holds_is_an_event(ten: list[Event]) -> None:
    assert nightly.check_if_due(NOW)
    told = facts_of("audit.verified")
    assert (told["result"], told["reason"]) == ({"events": 10, "last": 10, "days": 7}, "")
    assert nightly.read_state().fault == ""
    assert audit.verify().broken is None


def test_what_does_not_hold_is_one_with_the_words(ten: list[Event], caplog: pytest.LogCaptureFixture) -> None:
    change(4, ticket="ZD-9")
    assert nightly.check_if_due(NOW)
    assert facts_of("audit.broken")["reason"] == "Event 4 has another ticket in its column than in its line"
    assert nightly.read_state().fault == nightly.get_known_fault() == facts_of("audit.broken")["reason"]
    assert "the audit does not hold: Event 4 has another ticket" in caplog.text


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            "UPDATE dashboard_connection SET groups = '[]'",
            "row does not: connection small was changed",
        ),
        ("UPDATE dashboard_removal SET person = 'Ada'", "the ledger does not: removal"),
    ],
)
def test_rows_beside_the_chain_are_read_too(db: None, sql: str, words: str) -> None:
    small = make.connection("small", groups=["support"])
    gone = RemovalState.ALREADY_GONE
    row = ledger.open_row(
        small, Intent(OMAR, uuid.uuid4()), verb=Removal.Verb.DELETE, media_id="1", state=gone
    )
    with as_owner(), database.cursor() as cursor:
        cursor.execute(sql)
    assert nightly.check_if_due(NOW)
    assert words in nightly.read_state().fault
    assert Removal.objects.get() == row


def test_it_is_done_once_a_night(ten: list[Event]) -> None:
    assert not nightly.check_if_due(timezone.now()), "a record of today has no night behind it"
    assert nightly.check_if_due(NOW)
    last = Event.objects.latest("sequence").at
    night = (last + timedelta(days=1)).replace(hour=nightly.HOUR, minute=0, second=0, microsecond=0)
    night += timedelta(days=1)
    assert [nightly._is_due(night + timedelta(minutes=minutes)) for minutes in (0, 1, 60 * 23)] == [True] * 3
    change(last_number := Event.objects.count(), at=night + timedelta(minutes=5))
    assert not nightly._is_due(night + timedelta(hours=23))
    assert nightly._is_due(night + timedelta(hours=24))
    assert last_number == 11


def test_a_night_is_two_oclock_wherever_the_day_stands(ten: list[Event]) -> None:
    change(1, at=datetime(2026, 1, 1, tzinfo=UTC))
    checked = audit.record("audit.verified", nightly.CHECKER).sequence
    change(checked, at=datetime(2026, 1, 8, 2, 30, tzinfo=UTC))
    for hour, is_due in ((3, False), (23, False)):
        assert nightly._is_due(datetime(2026, 1, 8, hour, tzinfo=UTC)) is is_due
    assert not nightly._is_due(datetime(2026, 1, 9, 1, 59, tzinfo=UTC))
    assert nightly._is_due(datetime(2026, 1, 9, 2, 0, tzinfo=UTC))


def test_a_clock_that_was_ahead_puts_no_check_off(ten: list[Event]) -> None:
    """Neither by when it was done last, nor by when the record began."""
    years = timedelta(days=1000)
    checked = audit.record("audit.verified", nightly.CHECKER).sequence
    change(checked, at=NOW + years)
    assert nightly._is_due(NOW)
    change(1, at=NOW + years)
    assert nightly._is_due(NOW)
    change(checked, at=NOW + timedelta(seconds=30))  # another host's clock is half a minute ahead
    assert not nightly._is_due(NOW)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_a_line_and_no_trace(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()

    def fail(now: datetime) -> bool:
        stop.set()
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(nightly, "check_if_due", fail)
    monkeypatch.setattr(nightly, "close_old_connections", lambda: None)
    outages.clear()
    nightly.run_checker(stop)
    assert "the database does not answer: the server closed the connection" in caplog.text
    assert "Traceback" not in caplog.text


def test_only_the_last_days_are_read(ten: list[Event]) -> None:
    since = ten[5].at
    assert chain.verify(since=since).events == 6  # the one before them, too
    change(3, ticket="ZD-9")
    assert chain.verify(since=since).broken is None
    for number in (5, 6):
        change(number, ticket="ZD-9")
        broken = chain.verify(since=since).broken
        assert broken
        assert broken.sequence == number
        change(number, ticket="")
    assert chain.verify(since=timezone.now()).events == 2
    assert chain.verify(since=ten[0].at).broken == chain.Break(
        3, "has another ticket in its column than in its line"
    )


def test_what_was_cut_out_at_the_border_is_found(ten: list[Event]) -> None:
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence=5).delete()
    broken = chain.verify(since=ten[5].at).broken
    assert broken
    assert "missing" in broken.reason


def test_a_forged_verdict_is_a_break_itself(ten: list[Event]) -> None:
    change(4, ticket="ZD-9")
    nightly.check_if_due(NOW)
    forged = Event.objects.get(code="audit.broken")
    forged.sequence, forged.code, forged.outcome = forged.sequence + 1, "audit.verified", "done"
    Event.objects.bulk_create([forged])
    assert nightly.read_state().fault == f"Event {forged.sequence} is a copy of 11"


def test_a_verdict_by_an_old_key_hides_nothing(ten: list[Event]) -> None:
    change(4, ticket="ZD-9")
    with override_settings(DASHBOARD_AUDIT_KEYS=[NEW_AUDIT, OLD_AUDIT]):
        nightly.check_if_due(NOW)
    audit.record("audit.verified", nightly.CHECKER)  # by the old key
    with override_settings(DASHBOARD_AUDIT_KEYS=[NEW_AUDIT, OLD_AUDIT]):
        assert nightly.read_state().fault == "Event 12 was sealed by an older key than an event before it"
        audit.record("audit.verified", nightly.CHECKER)
        assert nightly.read_state().fault == ""


def test_admins_see_it_first_and_others_do_not(connections: None, ten: list[Event]) -> None:
    people = {role: signed_in(role) for role in ("admin", "viewer")}
    change(4, ticket="ZD-9")
    nightly.check_if_due(NOW)
    pages = {role: text(browser.get("/audit/")) for role, browser in people.items()}
    assert "The audit is broken" in pages["admin"]
    told = "Event 4 has another ticket in its column than in its line"
    assert f"{told}." in pages["admin"], "above the list"
    assert f"<small>{told}</small>" in pages["admin"], "in the row of the check"
    assert "Audit broken" in text(people["admin"].get("/c/small/media/"))
    assert "The audit is broken" not in pages["viewer"]
    assert "Audit broken" not in text(people["viewer"].get("/c/small/media/"))
    assert people["viewer"].get("/readyz").json()["audit"] is False


def test_probes_say_it(collected_static: object, ten: list[Event]) -> None:
    browser = make.Browser()
    assert browser.get("/readyz").json()["audit"] is None
    nightly.check_if_due(NOW)
    assert browser.get("/readyz").json()["audit"] is True


def test_memory_stays_flat(db: None) -> None:
    usual = {"at": timezone.now(), "code": "media.revealed", "verb": "reveal", "outcome": "done", "hash": "-"}

    def peak(count: int) -> int:
        made = Event.objects.count()
        rows = [Event(sequence=made + n, line="x" * 2000, **usual) for n in range(1, count + 1)]
        Event.objects.bulk_create(rows)
        del rows
        tracemalloc.start()
        assert sum(1 for _ in chain._iterate_from(0)) == made + count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small = peak(2_100)
    assert peak(6_000) < 2 * small
