"""Of two who move a row from the same state at once, one does."""

from __future__ import annotations

import uuid

from django.db.models import Q

from dashboard.models import Job, JobState, transition
from tests import make


def test_a_row_moves_once_and_the_later_one_is_left_as_it_was(db: None) -> None:
    job = make.job(make.connection())
    first, second = Job.objects.get(pk=job.pk), Job.objects.get(pk=job.pk)
    waits = Q(state=JobState.WAITING)
    assert transition(first, waits, state=JobState.RUNNING, why="first")
    assert not transition(second, waits, state=JobState.PAUSED, why="second")
    assert (first.state, first.why) == (JobState.RUNNING, "first")
    assert (second.state, second.why) == (JobState.WAITING, "")
    job.refresh_from_db()
    assert (job.state, job.why) == (JobState.RUNNING, "first")


def test_no_other_row_moves(db: None) -> None:
    connection = make.connection()
    job, other = make.job(connection), make.job(connection)
    assert transition(job, Q(), state=JobState.DONE)
    other.refresh_from_db()
    assert other.state == JobState.WAITING
    job.pk = uuid.uuid4()
    assert not transition(job, Q(), state=JobState.FAILED)
