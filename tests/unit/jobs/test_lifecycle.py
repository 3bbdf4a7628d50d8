"""The life of a job, whoever runs it and however often it is queued."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from dashboard import worker
from dashboard.jobs import lifecycle
from dashboard.jobs.queue import PAUSE_RECORDERS, RUNNERS, run
from dashboard.models import Connection, Job, JobState, Worker
from tests import make

Kind, State = Job.Kind, JobState
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _this_process_goes_on() -> Iterator[None]:
    yield
    lifecycle.stopping.clear()


@pytest.fixture
def small() -> Connection:
    return make.connection("small", label="Studio A")


@pytest.fixture
def job(small: Connection) -> Job:
    """A scan that waits for a worker."""
    return lifecycle.open_job(lifecycle.new_job(Kind.SCAN, small, make.OMAR))


def queued() -> int:
    return DBTaskResult.objects.ready().count()


def lose_the_tasks() -> None:
    """As a worker does that is killed."""
    DBTaskResult.objects.update(status="RUNNING")


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def test_a_job_remembers_who_began_it_and_is_queued_with_its_row(job: Job) -> None:
    person = job.caller.person
    assert person
    assert (person.name, person.subject, job.caller.address) == ("Omar Haddad", "omar", "192.0.2.7")
    assert (job.state, queued()) == (State.WAITING, 1)


def test_one_press_is_one_job(job: Job, small: Connection) -> None:
    with pytest.raises(lifecycle.JobExists) as there:
        lifecycle.open_job(lifecycle.new_job(Kind.SCAN, small, make.OMAR, token=job.token))
    assert there.value.job == job


def test_what_cannot_be_queued_is_not_begun(small: Connection) -> None:
    def broken(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if "django_tasks" in sql and sql.startswith("INSERT"):
            raise OperationalError("disk is full")
        return execute(sql, params, many, context)

    with database.execute_wrapper(broken), pytest.raises(lifecycle.JobNotOpened):
        lifecycle.open_job(lifecycle.new_job(Kind.SCAN, small, make.OMAR))
    assert not Job.objects.exists()


def test_one_runner_holds_it_until_its_lease_ends(job: Job) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    held = lifecycle.acquire(job.pk, first)
    assert held
    assert lifecycle.acquire(job.pk, second) is None
    lifecycle.checkpoint(held, seen=7, cursor="c")
    Job.objects.update(lease_until=ago(1))
    taken = lifecycle.acquire(job.pk, second)
    assert taken
    assert (taken.seen, taken.cursor) == (7, "c")
    with pytest.raises(lifecycle.Interrupted):
        lifecycle.checkpoint(held, seen=8)
    assert not lifecycle.finish(held)
    assert Job.objects.get().seen == 7, "what the first still wanted to write is not written"
    assert lifecycle.finish(taken)
    assert Job.objects.get().state == State.DONE
    assert lifecycle.acquire(job.pk, first) is None


def test_a_stop_is_found_out_at_the_next_step(job: Job) -> None:
    held = lifecycle.acquire(job.pk, uuid.uuid4())
    assert held
    assert lifecycle.stop(Job.objects.get())
    with pytest.raises(lifecycle.Interrupted):
        lifecycle.checkpoint(held, seen=1)
    assert not lifecycle.stop(Job.objects.get()), "it is over"


def test_a_process_that_ends_gives_it_back_at_once(job: Job) -> None:
    held = lifecycle.acquire(job.pk, uuid.uuid4())
    assert held
    lifecycle.stopping.set()
    with pytest.raises(lifecycle.Interrupted):
        lifecycle.checkpoint(held, seen=5)
    kept = Job.objects.get()
    assert (kept.state, kept.seen, kept.lease_until, queued()) == (State.WAITING, 5, None, 2)


def test_a_pause_ends_by_itself_or_by_a_press(job: Job) -> None:
    lose_the_tasks()
    held = lifecycle.acquire(job.pk, uuid.uuid4())
    assert held
    assert lifecycle.pause(held, "The service asked to wait 7 s.", 7)
    assert lifecycle.acquire(job.pk, uuid.uuid4()) is None
    Job.objects.update(next_try_at=ago(1))
    assert lifecycle.queue_due_jobs() == 1
    held = lifecycle.acquire(job.pk, uuid.uuid4())
    assert held
    assert lifecycle.pause(held, "The service refused our key.", None)
    Job.objects.update(moved_at=ago(86_400))
    assert lifecycle.queue_due_jobs() == 0, "nobody has pressed Go on"
    assert lifecycle.resume(held, make.OMAR.person)
    assert Job.objects.get().state == State.WAITING
    assert not lifecycle.resume(held, make.OMAR.person)


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        ({"state": State.RUNNING, "lease_until": -1}, True),
        ({"state": State.RUNNING, "lease_until": 20}, False),
        ({"state": State.RUNNING, "lease_until": 3600}, True),  # by a clock that was ahead
        ({"state": State.WAITING, "lease_until": 3600}, True),
        ({"state": State.WAITING, "created_at": -60}, True),
        ({"state": State.WAITING}, False),
        ({"state": State.PAUSED, "next_try_at": -1}, True),
        ({"state": State.PAUSED, "next_try_at": 20}, False),
        ({"state": State.PAUSED, "next_try_at": 7200}, True),
        ({"state": State.PAUSED}, False),
        ({"state": State.STOPPED, "lease_until": -1}, False),
        ({"state": State.DONE, "lease_until": -1}, False),
    ],
)
def test_what_nobody_works_on_is_queued_again(job: Job, changes: dict[str, object], is_due: bool) -> None:
    moments = {k: ago(-v) if isinstance(v, int) else v for k, v in changes.items()}
    Job.objects.update(**moments)
    assert lifecycle.queue_due_jobs() == 0, "its task waits for a thread, be it for hours"
    lose_the_tasks()
    before = queued()
    assert lifecycle.queue_due_jobs() == is_due
    assert lifecycle.queue_due_jobs() == 0, "not more often than a task may wait"
    assert queued() == before + is_due


def test_a_task_queued_before_an_upgrade_that_moved_it_is_queued_anew(job: Job) -> None:
    DBTaskResult.objects.update(task_path="dashboard.where.it.was.run")
    worker.WorkerThread(lifecycle.SCAN_QUEUE).runner.run_task(DBTaskResult.objects.get())
    assert (Job.objects.get().state, queued()) == (State.WAITING, 0), "the queue cannot find it"
    Job.objects.update(created_at=ago(60))
    assert lifecycle.queue_due_jobs() == 1
    assert DBTaskResult.objects.ready().get().task.func is run.func


def test_a_poll_of_the_worker_beats_and_cleans_up(job: Job) -> None:
    assert not lifecycle.worker_is_alive()
    gone = Worker.objects.create(host="gone", beat_at=ago(100_000))
    old = DBTaskResult.objects.get()
    DBTaskResult.objects.update(status="RUNNING", started_at=ago(1_000_000))
    me = Worker(host="here")
    assert worker.poll(me, cleans_up=True)
    assert lifecycle.worker_is_alive()
    assert list(Worker.objects.all()) == [me]
    assert not DBTaskResult.objects.filter(pk=old.pk).exists()
    assert not Worker.objects.filter(pk=gone.pk).exists()
    Worker.objects.update(beat_at=ago(60))
    assert not lifecycle.worker_is_alive()


def test_no_removal_waits_for_walks_and_no_scan_for_exports(job: Job, small: Connection) -> None:
    """Some of several threads take nothing else; and each kind of job has a thread, if there is only one."""
    for kind in (Kind.REMOVE, Kind.EXPORT):
        lifecycle.open_job(lifecycle.new_job(kind, small, make.OMAR))
    queues = list(DBTaskResult.objects.order_by("enqueued_at").values_list("queue_name", flat=True))
    scans, removals, exports = queues
    only, both, every = {removals}, {removals, scans}, {removals, scans, exports}
    given = {count: [set(queues) for queues in worker.assign_queues(count)] for count in (1, 2, 3, 4, 8)}
    assert given == {
        1: [every],
        2: [only, every],
        3: [only, both, every],
        4: [only, both, every, every],
        8: [only, only, both, both, every, every, every, every],
    }
    assert worker.WorkerThread(removals).runner.queue_names == [removals]


def test_a_thread_takes_nothing_once_its_process_ends(job: Job) -> None:
    lifecycle.stopping.set()
    worker.WorkerThread(lifecycle.SCAN_QUEUE).runner.run()
    assert queued() == 1


def test_a_poll_waits_for_a_database_that_is_away() -> None:
    def away(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        raise OperationalError("the server closed the connection")

    with database.execute_wrapper(away):
        assert not worker.poll(Worker(host="here"))


def test_every_kind_names_a_runner_that_can_be_imported() -> None:
    assert RUNNERS.keys() == set(Job.Kind)
    for path in (*RUNNERS.values(), *PAUSE_RECORDERS.values()):
        assert callable(import_string(path)), path


def test_a_task_of_a_job_that_is_over_or_unknown_does_nothing(job: Job) -> None:
    lifecycle.stop(job)
    run.func(str(job.pk))
    run.func(str(uuid.uuid4()))
    assert Job.objects.get().state == State.STOPPED


def crash(job: Job, error: Exception, times: int) -> None:
    """Runs that end right after they have taken the job."""

    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and " JOIN " in sql:
            raise error
        return execute(sql, params, many, context)

    for _ in range(times):
        Job.objects.filter(state=State.RUNNING).update(lease_until=ago(1))
        with database.execute_wrapper(broken):
            run.func(str(job.pk))
    job.refresh_from_db()


@pytest.mark.parametrize("kind", Kind)
def test_a_job_that_breaks_off_again_and_again_waits_for_somebody(small: Connection, kind: Job.Kind) -> None:
    job = lifecycle.open_job(lifecycle.new_job(kind, small, make.OMAR, form="csv"))
    crash(job, RuntimeError("nobody foresaw it"), lifecycle.MAX_CRASHES - 1)
    assert job.state == State.RUNNING
    crash(job, RuntimeError("nobody foresaw it"), 1)
    assert (job.state, job.next_try_at, job.why) == (State.PAUSED, None, lifecycle.CRASH_MESSAGE)
    assert lifecycle.resume(job, make.OMAR.person)
    crash(job, RuntimeError("nobody foresaw it"), 1)
    assert job.state == State.RUNNING, "a press gives it as many runs again"


def test_a_database_that_is_away_is_waited_for(job: Job) -> None:
    crash(job, OperationalError("away"), lifecycle.MAX_CRASHES + 1)
    assert (job.state, job.crashes) == (State.RUNNING, 0)


def test_what_is_said_of_it_holds_no_id_and_fits(job: Job) -> None:
    held = lifecycle.acquire(job.pk, uuid.uuid4())
    assert held
    assert lifecycle.pause(held, f"The service said {make.SMALL_ID}. {'And more. ' * 40}", 7)
    held.refresh_from_db()
    assert held.why.startswith("The service said conn_…. And")
    assert len(held.why) == 300
    assert lifecycle.stop(held, f"{'N' * 255} may not delete in {'L' * 100} any more.")
    held.refresh_from_db()
    assert len(held.why) == 300
