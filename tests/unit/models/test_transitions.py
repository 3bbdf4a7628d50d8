"""Of two who move a row from the same state at once, one does; and a row is written as the ORM reads it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from dashboard.models import Job, JobState, Removal, RemovalState, insert, transition
from tests import make

BEFORE = {"type": "image", "variants": [{"label": "thumb 😀", "size_bytes": None}]}


def test_a_row_moves_once_and_the_later_one_is_left_as_it_was(db: None) -> None:
    job = make.job(make.connection())
    first, second = Job.objects.get(pk=job.pk), Job.objects.get(pk=job.pk)
    waits = {"state": JobState.WAITING}
    assert transition(first, waits, state=JobState.RUNNING, why="first")
    assert not transition(second, waits, state=JobState.PAUSED, why="second")
    assert (first.state, first.why) == (JobState.RUNNING, "first")
    assert (second.state, second.why) == (JobState.WAITING, "")
    job.refresh_from_db()
    assert (job.state, job.why) == (JobState.RUNNING, "first")


def test_no_other_row_moves(db: None) -> None:
    connection = make.connection()
    job, other = make.job(connection), make.job(connection)
    assert transition(job, {}, state=JobState.DONE)
    other.refresh_from_db()
    assert other.state == JobState.WAITING
    job.pk = uuid.uuid4()
    assert not transition(job, {}, state=JobState.FAILED)


def test_a_row_moves_from_any_of_several_states_and_from_an_empty_column(db: None) -> None:
    job = make.job(make.connection())
    of_somebody, of_nobody = {"runner": uuid.uuid4()}, {"runner": None}
    assert not transition(job, of_somebody, state=JobState.DONE)
    assert transition(job, of_nobody, runner=of_somebody["runner"])
    assert not transition(job, of_nobody, state=JobState.DONE)
    assert not transition(job, {"state": (JobState.DONE, JobState.PAUSED)}, state=JobState.DONE)
    assert transition(job, {**of_somebody, "state": (JobState.DONE, JobState.WAITING)}, runner=None)
    job.refresh_from_db()
    assert (job.state, job.runner) == (JobState.WAITING, None)


def test_every_kind_of_column_comes_back_as_it_was_written(db: None) -> None:
    removal = make.removal(make.connection(), before={})
    at, claim = datetime(2026, 10, 25, 1, 30, 0, 123456, UTC), uuid.uuid4()
    changes = {"before": BEFORE, "settled_at": at, "claim": claim, "freed_bytes": 2**40, "closed_by": "'%s'"}
    assert transition(removal, {"state": RemovalState.DELETED}, **changes)
    there = Removal.objects.get(pk=removal.pk)
    assert {name: getattr(there, name) for name in changes} == changes


def test_a_row_that_is_inserted_is_the_row_that_the_orm_saves(db: None) -> None:
    saved = make.removal(make.connection(), before=BEFORE, job=make.job(make.connection("other")))
    columns = [field.attname for field in Removal._meta.concrete_fields]
    values = {name: getattr(saved, name) for name in columns}
    copy = Removal(**{**values, "id": uuid.uuid4(), "token": uuid.uuid4(), "media_id": "7"})
    insert(copy)
    assert not copy._state.adding
    there = Removal.objects.get(pk=copy.pk)
    assert [getattr(there, name) for name in columns] == [getattr(copy, name) for name in columns]
