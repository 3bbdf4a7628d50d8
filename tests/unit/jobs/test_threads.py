"""A worker's threads: what waits for a sick connection, or is long, keeps no other job waiting."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection as database
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import worker
from dashboard.jobs import lifecycle
from dashboard.jobs.queue import run
from dashboard.jobs.shares import CONNECTION_SHARE, thread_shares
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import exports, make, scans
from tests.bulk_runs import begin

LIMIT_SECONDS = 60.0


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    lifecycle.stopping.clear()
    thread_shares.threads = 0


@contextmanager
def working(sandbox: Sandbox) -> Iterator[None]:
    """A worker's threads run, all of them, until the block ends; then what is held is let go."""

    def work() -> None:
        worker.run_worker()
        database.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        lifecycle.stopping.set()
        sandbox.faults.clear()
        for left in (thread, *(one for one in threading.enumerate() if one.name == "keeper")):
            left.join(LIMIT_SECONDS)
            assert not left.is_alive()


def until(is_so: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < ends, what
        time.sleep(0.02)


def held_calls(sandbox: Sandbox, connection_id: str, method: str) -> int:
    return sum(
        (call.connection, call.method, call.status) == (connection_id, method, 0) for call in sandbox.calls
    )


def is_done(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).state == JobState.DONE


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("connections")
def test_removals_of_a_silent_connection_keep_no_other_waiting(sandbox: Sandbox) -> None:
    """As many of them as there are threads, each of which would wait for a call."""
    sick, healthy = Connection.objects.get(slug="big"), Connection.objects.get(slug="small")
    sick_ids = make.plain_ids(sick, MediaQuery(limit=40))[: 2 * worker.DEFAULT_THREADS]
    ids = make.plain_ids(healthy, MediaQuery(limit=60))[:40]
    sandbox.calls.clear()
    sandbox.faults.add(method="DELETE", path=f"/({'|'.join(sick_ids)})$", hold=True, times=None)
    for start in range(0, len(sick_ids), 2):
        begin(sick, sick_ids[start : start + 2])
    with working(sandbox):
        until(lambda: held_calls(sandbox, make.BIG_ID, "DELETE") == 2, "no call is held")
        job = begin(healthy, ids)
        until(lambda: is_done(job), "a healthy connection waits for a sick one")
        assert held_calls(sandbox, make.BIG_ID, "DELETE") == 2, "no more calls of a sick one, either"
        answered = [call for call in sandbox.calls if call.method == "DELETE" and call.status == 200]
        assert {call.connection for call in answered} == {make.SMALL_ID}
        assert len(answered) == len(ids)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("connections", "folder")
def test_exports_keep_no_scan_waiting(sandbox: Sandbox) -> None:
    """Of every connection as many as would take all threads."""
    sandbox.faults.add(method="GET", path="/media$", hold=True, times=4)
    for number in range(4):
        big = make.connection(f"big{number}")
        for _ in range(worker.DEFAULT_THREADS // 4):
            exports.begun(big)
    with working(sandbox):
        until(lambda: len(sandbox.calls) == 4, "no export is held")
        job = scans.begun(Connection.objects.get(slug="small"))
        until(lambda: is_done(job), "a scan waits for exports")
        assert [call.status for call in sandbox.calls if call.connection != make.SMALL_ID] == [0] * 4


@pytest.mark.django_db
@pytest.mark.usefixtures("connections")
def test_a_connection_has_its_share_of_the_threads(sandbox: Sandbox) -> None:
    small, big = Connection.objects.get(slug="small"), Connection.objects.get(slug="big")
    thread_shares.threads = 2 * CONNECTION_SHARE
    with thread_shares.take(scans.begun(small)), thread_shares.take(scans.begun(small)):
        job = scans.begun(small)
        run.func(str(job.pk))
        assert not sandbox.calls, "another has to wait"
        with thread_shares.take(scans.begun(big)) as has_share:
            assert has_share
    DBTaskResult.objects.all().delete()
    assert lifecycle.queue_due_jobs() == 0, "for a moment"
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    assert lifecycle.queue_due_jobs() == 1
    run.func(str(job.pk))
    assert is_done(job)


LONG_WAIT = {"Retry-After": "40"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["scan", "remove"])
def test_a_job_that_rests_gives_its_thread_to_one_that_waits(
    small: Connection, sandbox: Sandbox, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make.plain_ids(small, MediaQuery(limit=60))[:4]
    job = scans.begun(small) if kind == "scan" else begin(small, ids)
    DBTaskResult.objects.all().delete()
    other = lifecycle.open_job(lifecycle.new_job(Job.Kind.EXPORT, small, make.OMAR, token=uuid.uuid4()))
    DBTaskResult.objects.update(enqueued_at=timezone.now() - 2 * lifecycle.PATIENCE)
    limits = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"}
    fault = {"status": 429, "headers": LONG_WAIT} if kind == "scan" else {"headers": limits}
    sandbox.faults.add(times=None, **fault)
    run.func(str(job.pk))
    job.refresh_from_db()
    assert (job.state, other.state) == (JobState.PAUSED, JobState.WAITING)
    assert job.why.startswith("The service asks us to wait.")
    assert job.next_try_at
    assert 20 < (job.next_try_at - timezone.now()).total_seconds() < 45
