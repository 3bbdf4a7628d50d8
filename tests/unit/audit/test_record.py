"""An event: what it holds, what it never holds, its line on stdout, and what becomes of floods."""

from __future__ import annotations

import io
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.db import connection as database
from django.utils import timezone

from dashboard import audit
from dashboard.audit import reconcile, triggers
from dashboard.audit.record import Throttle, lines
from dashboard.identity import Caller, Person, Role
from dashboard.models import Event, Removal, RemovalState
from dashboard.removals import ledger
from dashboard.removals.ledger import Intent
from tests import make
from tests.make import OMAR
from tests.rights import as_owner


@pytest.fixture
def stdout() -> Iterator[io.StringIO]:
    """What the audit's logger prints."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(message)s"))
    lines.addHandler(handler)
    yield text
    lines.removeHandler(handler)


def test_an_event_says_who_where_what_and_why(db: None) -> None:
    since = timezone.now()
    person = Person(
        "Omar",
        "omar@example.com",
        Role.OPERATOR,
        issuer="https://id.example",
        subject="s-1",
        groups=("ops", "all"),
        matched=("ops",),
        mode="assertion",
        signed_in_at=since,
    )
    small = make.connection("small", connection_id="conn_0123456789abcdef")
    caller = Caller(person, "192.0.2.1", "Firefox", "r-1")
    event = audit.record(
        "media.revealed",
        caller,
        connection=small,
        media_id="449",
        ticket="ZD-1",
        reason="asked",
        result={"variant": "full"},
    )
    said = json.loads(event.line)
    assert said["actor_subject"] == "s-1"
    assert (said["role"], said["groups"], said["mode"]) == ("operator", ["ops"], "assertion")
    assert said["signed_in_at"]
    assert (said["address"], said["agent"], said["request_id"]) == ("192.0.2.1", "Firefox", "r-1")
    assert (said["connection"], said["connection_tail"]) == ("small", "cdef")
    assert (event.verb, event.outcome, event.ticket) == ("reveal", "done", "ZD-1")
    assert said["result"] == {"variant": "full"}


def test_what_somebody_typed_is_masked_and_cleaned(db: None) -> None:
    event = audit.record("media.revealed", OMAR, reason="it is conn_t4mwq8z2rk6x \x00 \ud800", ticket="<b>")
    said = json.loads(event.line)
    assert said["reason"] == "it is conn_…  ?"
    assert event.ticket == "<b>"


def test_a_code_that_is_none_is_our_mistake(db: None) -> None:
    with pytest.raises(KeyError):
        audit.record("media.eaten", OMAR)


@pytest.mark.django_db(transaction=True)
def test_a_committed_event_is_one_line_on_stdout(stdout: io.StringIO) -> None:
    event = audit.record("media.revealed", OMAR, reason="two\nlines \u2028 of it")
    printed = stdout.getvalue()
    assert printed.count("\n") == 1
    assert printed.isascii()
    said = json.loads(printed)
    assert said.pop("hash") == event.hash
    assert said == json.loads(event.line)


@pytest.mark.django_db(transaction=True)
def test_what_was_not_committed_is_not_printed(stdout: io.StringIO) -> None:
    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT"):
            raise OperationalError("disk full")
        return execute(sql, *rest)

    with database.execute_wrapper(refuse), pytest.raises(audit.NotRecorded):
        audit.record("media.revealed", OMAR)
    assert stdout.getvalue() == ""
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_stand_in_one_row() -> None:
    def write(number: int) -> None:
        try:
            audit.record("media.revealed", OMAR, media_id=str(number))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as people:
        list(people.map(write, range(60)))
    verdict = audit.verify()
    assert (verdict.events, verdict.head, verdict.broken) == (60, 60, None)


def test_a_flood_is_one_event_a_minute_of_a_kind(db: None) -> None:
    for _ in range(500):
        audit.note("access.refused", OMAR, reason="expired")
    audit.note("access.refused", OMAR, reason="forged")
    audit.note("access.refused", Caller(address="192.0.2.99"), reason="expired")
    assert Event.objects.count() == 3


def test_a_flood_from_everywhere_has_a_ceiling_and_says_how_much_it_held_back(db: None) -> None:
    for number in range(300):
        audit.note("access.refused", Caller(address=f"192.0.2.{number}"), reason="expired")
    assert Event.objects.count() == 120
    audit.note("access.denied", OMAR, reason="another code is not held back by it")
    assert Event.objects.count() == 121
    quick = Throttle(seconds=0.05, most=2)
    assert [quick.admit("a", number) for number in range(4)] == [0, 0, None, None]
    time.sleep(0.06)
    assert quick.admit("a", 9) == 2


def test_a_note_fails_nothing(db: None) -> None:
    def broken(*args: Any) -> Any:
        raise OperationalError("database is locked")

    with database.execute_wrapper(broken):
        audit.note("access.denied", OMAR, reason="needs admin")
    assert not Event.objects.exists()


def trim(tmp_path: Any, keep_days: int, name: str = "old.jsonl") -> str:
    out = io.StringIO()
    with as_owner():
        call_command("audit_trim", keep_days=keep_days, to=tmp_path / name, stdout=out)
    return out.getvalue()


def age(days: int, *sequences: int) -> None:
    """Write events as if it had been `days` ago; the chain is made with the time in it."""
    for number in sequences:
        with as_owner(), triggers.suspend():
            Event.objects.filter(sequence=number).update(at=timezone.now() - timedelta(days=days))


def test_what_is_kept_no_longer_leaves_for_a_file(db: None, tmp_path: Any) -> None:
    for number in range(5):
        audit.record("media.revealed", OMAR, media_id=str(number))
    age(100, 1, 2, 3)
    assert "3 events written" in trim(tmp_path, 30)
    taken = [json.loads(line) for line in (tmp_path / "old.jsonl").read_text().splitlines()]
    assert [one["sequence"] for one in taken] == [1, 2, 3]
    assert all(len(one["hash"]) == 64 for one in taken)
    left = list(Event.objects.order_by("sequence").values_list("sequence", "code"))
    assert left == [(4, "media.revealed"), (5, "media.revealed"), (6, "audit.checkpoint")]
    assert audit.verify().broken is None
    assert triggers.find_missing() == []


def test_a_checkpoint_vouches_only_for_what_it_names(db: None, tmp_path: Any) -> None:
    for number in range(6):
        audit.record("media.revealed", OMAR, media_id=str(number))
    age(100, 1, 2)
    trim(tmp_path, 30)
    with as_owner(), triggers.suspend():
        Event.objects.filter(sequence=3).delete()
    broken = audit.verify().broken
    assert broken
    assert broken.sequence == 4


def test_a_removal_made_up_among_those_without_events_is_counted(db: None, tmp_path: Any) -> None:
    small = make.connection("small")
    for media_id in ("1", "2"):
        gone = RemovalState.ALREADY_GONE
        intent = Intent(OMAR, uuid.uuid4())
        ledger.open_row(small, intent, verb=Removal.Verb.DELETE, media_id=media_id, state=gone)
    audit.record("media.revealed", OMAR)
    age(100, 1, 2)
    trim(tmp_path, 30)
    assert make.facts_of("audit.checkpoint")["result"]["removals"] == 2
    Removal.objects.update(sent_at=timezone.now() - timedelta(days=100))
    assert reconcile.find_difference() is None
    make.removal(small, sent_at=timezone.now() - timedelta(days=99))
    words = "have no event, and 2 had lost theirs when old events were taken out"
    assert reconcile.find_difference() == ("3 removals", words)


def test_trimming_twice_goes_on_from_the_last_checkpoint(db: None, tmp_path: Any) -> None:
    for number in range(6):
        audit.record("media.revealed", OMAR, media_id=str(number))
    age(100, 1, 2)
    trim(tmp_path, 30)
    age(50, 3, 4)
    trim(tmp_path, 40, "more.jsonl")
    assert audit.verify().broken is None
    assert Event.objects.order_by("sequence").values_list("sequence", flat=True)[0] == 5


def test_the_newest_event_stays_and_nothing_old_is_nothing(db: None, tmp_path: Any) -> None:
    assert "0 events" in trim(tmp_path, 30)
    audit.record("media.revealed", OMAR)
    age(100, 1)
    assert "0 events" in trim(tmp_path, 30, "again.jsonl")
    assert Event.objects.count() == 1


def test_a_file_that_is_there_or_cannot_be_written_takes_nothing(db: None, tmp_path: Any) -> None:
    audit.record("media.revealed", OMAR)
    audit.record("media.revealed", OMAR)
    age(100, 1)
    (tmp_path / "old.jsonl").write_text("mine")
    for name, words in (("old.jsonl", "is there already"), ("none/old.jsonl", "cannot be written")):
        with pytest.raises(CommandError, match=words):
            trim(tmp_path, 30, name)
    with pytest.raises(CommandError, match="1 or more"):
        trim(tmp_path, 0, "new.jsonl")
    assert Event.objects.count() == 2
