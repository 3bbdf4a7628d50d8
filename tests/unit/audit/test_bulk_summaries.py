"""Bulk removals in the record: one event stands for each, and what happened within it can be asked for."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard import audit
from dashboard.audit import triggers
from dashboard.audit.event_codes import CODES
from dashboard.audit.queries import MAX_ATTENTION_ITEMS, AuditQuery, AuditReader
from dashboard.identity import Person, Role
from dashboard.models import Connection, Event, Job, JobState, Removal, RemovalState
from dashboard.removals import bulk, claims, ledger
from dashboard.removals.ledger import Intent
from dashboard.web.presenters.audit import (
    AuditPage,
    describe_deed,
    list_removals_needing_attention,
    summarize_begun,
)
from dashboard.web.presenters.removal import get_badge
from tests import make

ADMIN: Final = Person("Ada", "", Role.ADMIN)
VIEWER: Final = Person("Vera", "", Role.VIEWER, groups=("support",))


@pytest.fixture
def ours(db: None) -> Connection:
    return make.connection("ours", label="Ours")


def begun(of: Connection, items: int = 3, **said: Any) -> Job:
    """A bulk removal of so many items, which nothing upstream has."""
    intent = Intent(make.OMAR, uuid.uuid4(), "ZD-1", "asked for", **said)
    return bulk.begin(of, intent, [f"{uuid.uuid4().hex}" for _ in range(items)]).job


def remove_one(job: Job, state: RemovalState = RemovalState.DELETED, freed: int = 1000) -> Removal:
    """The next item, sent and come to this outcome."""
    number = uuid.uuid4()
    (row,) = claims.acquire(job, number, 1)
    assert claims.send(row, number, make.OMAR, {})
    fields = {"freed_bytes": freed} if state == RemovalState.DELETED else {}
    assert ledger.move(row, state, make.OMAR, result={"status": 200, **fields}, **fields)
    return row


def codes(events: list[Event]) -> list[str]:
    return [event.code.removeprefix("media.") for event in events]


def read(person: Person = ADMIN, **asked: Any) -> list[str]:
    return codes(AuditReader(person).read_page(AuditQuery(**asked)).events)


def test_a_bulk_removal_is_one_event_of_the_list(ours: Connection) -> None:
    job = begun(ours)
    row = remove_one(job)
    assert bulk.stop(job, make.OMAR)
    assert read() == ["bulk.planned"]
    assert read(ticket="ZD-1", actor="omar@example.com") == ["bulk.planned"]
    assert read(verb="bulk") == ["bulk.planned"]
    assert read(verb="delete") == []
    assert read(media_id=row.media_id) == ["delete.deleted"]
    assert read(outcome="deleted") == ["delete.deleted"]
    assert read(outcome="stopped") == ["bulk.stopped"]
    assert read(steps="all") == ["bulk.stopped", "delete.deleted", "delete.sent", "bulk.planned"]


def test_what_happened_within_one_ends_with_its_beginning(ours: Connection) -> None:
    job, other = begun(ours), begun(ours)
    for _ in range(3):
        remove_one(job)
    remove_one(other)
    make.event(of=ours)
    assert read(job=job.pk) == ["delete.deleted"] * 3 + ["bulk.planned"]
    assert read(job=job.pk, steps="all") == ["delete.deleted", "delete.sent"] * 3 + ["bulk.planned"]
    assert read(job=job.pk, verb="bulk") == ["bulk.planned"]
    assert read(job=job.pk, outcome="deleted") == ["delete.deleted"] * 3
    assert read(job=job.pk, connection="ours", ticket="ZD-1")[-1] == "bulk.planned"
    assert read(job=job.pk, ticket="ZD-2") == []
    assert read(job=uuid.uuid4()) == []
    later = timezone.now() + timedelta(days=1)
    assert read(job=job.pk, at_from=later) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_its_pages_have_no_gaps_and_no_doubles(ours: Connection, limit: int) -> None:
    job = begun(ours)
    for _ in range(3):
        remove_one(job)
    begun(ours)
    query, found = AuditQuery(job=job.pk, limit=limit), list[int]()
    while True:
        page = AuditReader(ADMIN).read_page(query)
        found += [event.sequence for event in page.events]
        if page.next is None:
            break
        query = replace(query, before=page.next)
    assert found == [7, 5, 3, 1]
    assert [event.sequence for event in AuditReader(ADMIN).iterate_events(AuditQuery(job=job.pk))] == found


def test_anothers_is_as_if_it_never_was(ours: Connection) -> None:
    theirs = make.connection("theirs", groups=["legal"])
    job = begun(theirs)
    remove_one(job)
    history = AuditReader(VIEWER)
    assert read(VIEWER, job=job.pk) == []
    assert history.find_beginning(job.pk) is None
    chips = [
        AuditPage(history, AuditQuery(job=number)).chips[0].text for number in (job.pk, uuid.UUID(int=7))
    ]
    assert chips == [f"Run {str(job.pk)[:8]}", "Run 00000000"]
    assert AuditPage(AuditReader(ADMIN), AuditQuery(job=job.pk)).chips[0].text == "Run of 3 items"


def test_a_beginning_that_was_hidden_is_named(ours: Connection, owner: None) -> None:
    begun(ours)
    with triggers.suspend():
        Event.objects.update(begun_job=None)
    broken = audit.verify().broken
    assert broken is not None
    assert broken.reason == "has another begun_job in its column than in its line"


@pytest.mark.parametrize("quote", ['"', '\\"', "'"])
def test_a_beginning_cannot_be_made_up_in_a_reason(ours: Connection, quote: str) -> None:
    job = begun(ours)
    said = f"{quote}job{quote}:{quote}{job.pk}{quote}"
    bulk.begin(ours, Intent(make.OMAR, uuid.uuid4(), "ZD-1", said), ["1"])
    found = AuditReader(ADMIN).find_beginning(job.pk)
    assert found is not None
    assert found.sequence == 1


def test_how_one_stands_is_told_of_many_by_two_queries(
    ours: Connection, django_assert_num_queries: Any
) -> None:
    made = [begun(ours, items) for items in (1, 2, 5)]
    for job in made:
        remove_one(job, freed=500)
    remove_one(made[2], RemovalState.REJECTED)
    assert bulk.stop(made[2], make.OMAR)
    events = list(Event.objects.filter(job=None))
    with django_assert_num_queries(2):
        runs = summarize_begun(events)
    first, second, third = (runs[job.pk] for job in made)
    assert (first.word, first.outcomes, first.freed) == ("Waiting for a worker, 1 of 1", "1 deleted", "500 B")
    assert second.word == "Waiting for a worker, 1 of 2"
    assert (third.word, third.outcomes) == ("Stopped", "1 deleted, 1 failed, 3 cancelled")
    with django_assert_num_queries(0):
        assert summarize_begun([]) == {}


def test_jobs_that_wait_for_somebody_are_named(ours: Connection) -> None:
    theirs = make.connection("theirs", groups=["legal"])
    rests = make.job(ours, state=JobState.PAUSED, total=3, why="The service refused our key.")
    make.job(ours, state=JobState.PAUSED, next_try_at=timezone.now())
    make.job(ours, state=JobState.STOPPED)
    hidden = make.job(theirs, kind=Job.Kind.SCAN, state=JobState.PAUSED)
    assert AuditReader(VIEWER).find_jobs_needing_attention(AuditQuery()) == [rests]
    assert set(AuditReader(ADMIN).find_jobs_needing_attention(AuditQuery())) == {rests, hidden}
    assert AuditReader(ADMIN).find_jobs_needing_attention(AuditQuery(connection="theirs")) == [hidden]
    named = {one.deed for one in AuditPage(AuditReader(ADMIN), AuditQuery()).resting}
    assert named == {"Bulk removal of 3 items", "Scan"}
    for _ in range(MAX_ATTENTION_ITEMS + 5):
        make.job(ours, state=JobState.PAUSED)
    page = AuditPage(AuditReader(ADMIN), AuditQuery())
    assert (len(page.resting), page.more_looks) == (MAX_ATTENTION_ITEMS, True)


def test_items_that_wait_need_no_look_and_lost_ones_do(ours: Connection) -> None:
    job = begun(ours)
    claims.acquire(job, uuid.uuid4(), 1)
    assert list_removals_needing_attention(AuditReader(ADMIN), AuditQuery()) == []
    lost = remove_one(job, RemovalState.UNKNOWN)
    assert list_removals_needing_attention(AuditReader(ADMIN), AuditQuery()) == [lost]


@pytest.mark.skipif(database.vendor != "sqlite", reason="PostgreSQL chooses by what it knows of the table")
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "of_no_job"),
        ({"verb": "bulk"}, "alone_verb"),
        ({"actor": "Omar"}, "alone_actor_name"),
        ({"actor": "o@x"}, "alone_actor_email"),
        ({"connection": "ours"}, "alone_connection"),
        ({"ticket": "ZD-1", "connection": "ours", "verb": "bulk"}, "alone_ticket"),
        ({"media_id": "1"}, "media_id"),
        ({"outcome": "rejected", "connection": "ours"}, "outcome"),
        ({"outcome": "deleted", "ticket": "ZD-1"}, "ticket"),
        ({"steps": "all"}, "at"),
    ],
)
def test_the_list_walks_along_an_index_without_items(
    ours: Connection, asked: dict[str, Any], index: str
) -> None:
    assert f"INDEX event_{index}" in AuditReader(ADMIN)._filter_events(AuditQuery(**asked))[:51].explain()


@pytest.mark.skipif(database.vendor != "sqlite", reason="PostgreSQL chooses by what it knows of the table")
def test_within_one_it_walks_along_its_own(ours: Connection) -> None:
    job = uuid.uuid4()
    query = AuditReader(ADMIN)._filter_events(AuditQuery(job=job, verb="delete", ticket="ZD-1"))
    assert "INDEX event_job" in query.filter(job=job).order_by("-sequence")[:51].explain()


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_and_a_mark(code: str) -> None:
    assert describe_deed(code) != code
    outcome = CODES[code][1]
    assert get_badge(outcome) != get_badge("no outcome at all") or outcome in ("unknown", "unresolved")
