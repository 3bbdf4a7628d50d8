"""The chain names whatever was changed, moved, added or taken away, even by who holds the database."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, transaction
from django.db import connection as database
from django.test import override_settings

from dashboard import audit
from dashboard.audit import chain, triggers
from dashboard.models import Event, RemovalState
from dashboard.removals import bulk, claims
from dashboard.removals.ledger import Intent
from tests import make
from tests.make import OMAR

TABLE = "dashboard_event"
pytestmark = pytest.mark.usefixtures("owner")  # who may do more than the server's role finds no way, either


@pytest.fixture
def five(db: None) -> list[Event]:
    return [audit.record("media.revealed", OMAR, media_id=str(number)) for number in range(1, 6)]


def tamper(sql: str, *values: Any) -> None:
    """Change the table as its owner can: with the guards out of the way."""
    with triggers.suspend(), database.cursor() as cursor:
        cursor.execute(sql, values)


def verified(**options: Any) -> str:
    out = io.StringIO()
    call_command("audit_verify", stdout=out, **options)
    return out.getvalue()


def test_a_chain_that_holds_tells_its_end(five: list[Event]) -> None:
    assert verified() == f"The chain holds: 5 events. Last: 5:{five[-1].hash}\n"
    assert audit.verify().broken is None


def test_no_event_is_a_chain_that_holds(db: None) -> None:
    assert "0 events" in verified()


def test_each_event_names_the_one_before_it(five: list[Event]) -> None:
    lines = [json.loads(event.line) for event in five]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["previous"] for line in lines] == [chain.GENESIS, *(event.hash for event in five[:-1])]


COLUMNS = {
    "ticket": "ZD-666",
    "actor_name": "Nobody",
    "actor_email": "x@example.com",
    "connection": "other",
    "media_id": "7",
    "code": "audit.exported",
    "verb": "delete",
    "outcome": "deleted",
    "at": "2020-01-01 00:00:00+00:00",
    "begun_job": uuid.UUID(int=7).hex,
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_named(five: list[Event], column: str) -> None:
    tamper(f"UPDATE {TABLE} SET {column} = %s WHERE sequence = 3", COLUMNS[column])
    with pytest.raises(
        CommandError, match=r"^Event 3 has another .* than its|^Event 3 has another .* than in"
    ):
        verified()


def test_a_changed_line_is_named(five: list[Event]) -> None:
    tamper(f"UPDATE {TABLE} SET line = %s WHERE sequence = 2", five[1].line.replace('"2"', '"9"'))
    with pytest.raises(CommandError, match="Event 2 was changed after it was written"):
        verified()


def test_a_line_sealed_anew_without_the_key_is_named(five: list[Event]) -> None:
    forged = five[1].line.replace('"2"', '"9"')
    seal = chain.sign(forged, "a key that an intruder made up, long enough")
    tamper(f"UPDATE {TABLE} SET line = %s, media_id = '9', hash = %s WHERE sequence = 2", forged, seal)
    with pytest.raises(CommandError, match="Event 2 was changed"):
        verified()


JUNK: list[tuple[str, str]] = [("hash", "\u00e9"), ("line", "[")]
if database.vendor == "sqlite":  # which takes anything for anything
    JUNK += [("at", "yesterday"), ("removal_id", "x")]


@pytest.mark.parametrize(("column", "junk"), JUNK)
def test_a_column_that_cannot_be_read_is_named(five: list[Event], column: str, junk: str) -> None:
    tamper(f"UPDATE {TABLE} SET {column} = %s WHERE sequence = 3", junk)
    with pytest.raises(CommandError, match="Event 3 "):
        verified()
    tamper(f"UPDATE {TABLE} SET removal_id = NULL")  # or the test could not end


def test_a_missing_event_is_named(five: list[Event]) -> None:
    tamper(f"DELETE FROM {TABLE} WHERE sequence = 3")
    with pytest.raises(CommandError, match="Event 4 follows 2: what stood between them is missing"):
        verified()


def test_a_missing_beginning_is_named(five: list[Event]) -> None:
    tamper(f"DELETE FROM {TABLE} WHERE sequence < 3")
    with pytest.raises(CommandError, match="Event 3 follows 0"):
        verified()


def test_a_missing_end_is_named_by_whoever_noted_it(five: list[Event]) -> None:
    seen = f"5:{five[-1].hash}"
    assert "holds" in verified(seen=seen)
    tamper(f"DELETE FROM {TABLE} WHERE sequence > 3")
    assert "3 events" in verified()
    with pytest.raises(CommandError, match="Event 4 is missing"):
        verified(seen=seen)
    with pytest.raises(CommandError, match="Event 3 is another event"):
        verified(seen=f"3:{'0' * 64}")
    with pytest.raises(CommandError, match="--seen wants"):
        verified(seen="3")


def test_a_copied_event_is_named(five: list[Event]) -> None:
    second = five[1]
    tamper(f"UPDATE {TABLE} SET line = %s, hash = %s WHERE sequence = 4", second.line, second.hash)
    with pytest.raises(CommandError, match="Event 4 is a copy of 2"):
        verified()


def test_a_chain_begun_anew_after_the_first_is_named(five: list[Event]) -> None:
    line = five[2].line.replace(five[1].hash, chain.GENESIS)
    tamper(f"UPDATE {TABLE} SET line = %s, hash = %s WHERE sequence = 3", line, chain.sign(line))
    with pytest.raises(CommandError, match="Event 3 does not follow the event before it"):
        verified()


def test_the_key_may_be_exchanged_and_the_old_one_is_still_needed(five: list[Event]) -> None:
    old = "canary-audit-key-Yw3kT8s-0123456789abcdef"
    with override_settings(DASHBOARD_AUDIT_KEYS=["another key, the newest of the two, 12", old]):
        audit.record("media.revealed", OMAR)
        assert "6 events" in verified()
    with (
        override_settings(DASHBOARD_AUDIT_KEYS=["another key, the newest of the two, 12"]),
        pytest.raises(CommandError, match="Event 1 was sealed by a key that is not among"),
    ):
        verified()


NEWER = "canary-newer-audit-key-Kq2Zt-0123456789abcdef"
OLDER = "canary-audit-key-Yw3kT8s-0123456789abcdef"


@override_settings(DASHBOARD_AUDIT_KEYS=[NEWER, OLDER])
def test_an_older_key_is_refused_once_a_newer_one_has_signed(five: list[Event]) -> None:
    six, seven = (audit.record("media.revealed", OMAR) for _ in range(2))
    assert "7 events" in verified()
    older = json.dumps(chain._name_key(OLDER))
    forged = seven.line.replace(json.dumps(chain.name_current_key()), older)
    newest = f"UPDATE {TABLE} SET line = %s, hash = %s WHERE sequence = 7"
    tamper(newest, forged, chain.sign(forged, OLDER))
    with pytest.raises(CommandError, match="Event 7 was sealed by an older key than an event before it"):
        verified()
    tamper(newest, seven.line, seven.hash)
    with override_settings(DASHBOARD_AUDIT_KEYS=[OLDER, NEWER]):  # a process that was not started anew
        audit.record("media.revealed", OMAR)
    with pytest.raises(CommandError, match="Event 8 was sealed by an older key than an event before it"):
        verified()
    assert six.sequence == 6


@pytest.mark.parametrize("number", [-1, 0, 3, 7, 2**53, 2**63 - 1])
def test_a_new_event_has_the_next_number(five: list[Event], number: int) -> None:
    forged = five[0]
    forged.sequence = number
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.bulk_create([forged])
    assert audit.record("media.revealed", OMAR).sequence == 6
    assert "6 events" in verified()


@pytest.mark.parametrize("number", [0, 2**53, 2**63 - 1])
def test_numbers_are_bounded_even_without_the_guards(five: list[Event], number: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        tamper(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = 5", number)
    assert "5 events" in verified()


def test_a_temporary_table_does_not_lift_the_order(five: list[Event]) -> None:
    ours, theirs = ("main", "temp") if database.vendor == "sqlite" else ("public", "pg_temp")
    columns = "at, code, verb, outcome, actor_name, actor_email, connection, media_id, ticket, line, hash"
    copy = f"SELECT 42, {columns} FROM {ours}.{TABLE} WHERE sequence = 5"
    with database.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {TABLE} AS SELECT 41 AS sequence")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(f"INSERT INTO {ours}.{TABLE} (sequence, {columns}) {copy}")
        cursor.execute(f"DROP TABLE {theirs}.{TABLE}")
    assert "5 events" in verified()


def test_a_guard_that_is_gone_is_named(five: list[Event]) -> None:
    of = {"sqlite": f"{TABLE}_no_delete", "postgresql": f"{TABLE}_no_truncate ON {TABLE}"}
    with database.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {of[database.vendor]}")
    with pytest.raises(CommandError, match=f"a guard of the table is gone: {of[database.vendor].split()[0]}"):
        verified()


def test_a_guard_that_does_nothing_is_named(five: list[Event]) -> None:
    name = f"{TABLE}_no_delete" if database.vendor == "sqlite" else f"{TABLE}_no_truncate"
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"CREATE TRIGGER {name} BEFORE DELETE ON {TABLE} BEGIN SELECT 1; END")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {TABLE} ENABLE REPLICA TRIGGER {name}")
    with pytest.raises(CommandError, match=f"a guard of the table is gone: {name}"):
        verified()


@pytest.mark.django_db(transaction=True)
def test_steps_of_removals_of_the_same_microsecond_are_told_apart() -> None:
    job = bulk.begin(make.connection(), Intent(OMAR, uuid.uuid4()), ["1", "2"]).job
    number = uuid.uuid4()
    for row in claims.acquire(job, number, 2):
        assert claims.close(row, number, OMAR, RemovalState.ALREADY_GONE, result={"found_by": "reading"})
    assert job.removals.values("sent_at").distinct().count() == 1
    assert verified().startswith("The chain holds: 3 events.")


def test_a_trigger_that_keeps_events_out_is_named(five: list[Event]) -> None:
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute(f"CREATE TRIGGER hush BEFORE INSERT ON {TABLE} BEGIN SELECT RAISE(IGNORE); END")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
            )
            cursor.execute(
                f"CREATE TRIGGER hush BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION hush()"
            )
    audit.record("media.revealed", OMAR)
    assert Event.objects.count() == 5
    with pytest.raises(CommandError, match="triggers or rules hang on its table: hush"):
        verified()


WRITES: list[str] = [
    f"UPDATE {TABLE} SET ticket = 'x'",
    f"UPDATE {TABLE} SET ticket = 'x' WHERE sequence = 2",
    f"DELETE FROM {TABLE}",
    f"DELETE FROM {TABLE} WHERE sequence = 5",
]
if database.vendor == "sqlite":
    WRITES += [
        f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE} WHERE sequence = 2",
        f"REPLACE INTO {TABLE} SELECT * FROM {TABLE} WHERE sequence = 2",
        f"UPDATE OR REPLACE {TABLE} SET sequence = 2 WHERE sequence = 3",
        f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE sequence = 2 ON CONFLICT (sequence) "
        "DO UPDATE SET ticket = 'x'",
    ]
else:
    WRITES += [
        f"TRUNCATE {TABLE}",
        f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE sequence = 2 ON CONFLICT (sequence) "
        "DO UPDATE SET ticket = 'x'",
    ]


@pytest.mark.parametrize("sql", WRITES)
def test_the_database_refuses_every_write_but_a_new_row(five: list[Event], sql: str) -> None:
    with pytest.raises((IntegrityError, OperationalError)), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql)
    assert "5 events" in verified()


def test_the_model_refuses_as_the_database_does(five: list[Event]) -> None:
    first = Event.objects.get(sequence=1)
    writes: list[Callable[[], object]] = [first.save, first.delete, Event.objects.all().delete]
    for write in writes:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    assert "5 events" in verified()
