"""Of two who move a row from the same state at once, one does."""

from __future__ import annotations

import uuid

from django.db.models import Q

from dashboard.models import Job, transition
from tests import make

State = Job.State


def test_a_row_moves_once_and_the_later_one_is_left_as_it_was(db: None) -> None:
    job = make.job(make.connection())
    first, second = Job.objects.get(pk=job.pk), Job.objects.get(pk=job.pk)
    waits = Q(state=State.WAITING)
    assert transition(first, waits, state=State.RUNNING, why="first")
    assert not transition(second, waits, state=State.PAUSED, why="second")
    assert (first.state, first.why) == (State.RUNNING, "first")
    assert (second.state, second.why) == (State.WAITING, "")
    job.refresh_from_db()
    assert (job.state, job.why) == (State.RUNNING, "first")


def test_no_other_row_moves(db: None) -> None:
    connection = make.connection()
    job, other = make.job(connection), make.job(connection)
    assert transition(job, Q(), state=State.DONE)
    other.refresh_from_db()
    assert other.state == State.WAITING
    job.pk = uuid.uuid4()
    assert not transition(job, Q(), state=State.FAILED)
