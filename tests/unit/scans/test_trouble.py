"""A scan while the service is in trouble: it waits, pauses or ends in words, and counts nothing twice."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import service
from dashboard.jobs import lifecycle, retry_policy, walker
from dashboard.jobs.retry_policy import MAX_TRIES
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from dashboard.scans import scan
from dashboard.vault import MediaQuery, VaultError, breaker
from tests import make
from tests.scans import ITEMS, SOME_ID, after, begun, statistics_of, sums


def fail(upstream: Sandbox, page: int, times: int | None = None, **fault: Any) -> None:
    """The service misbehaves once it has answered so many pages."""
    if page:
        upstream.faults.add(times=page)
    upstream.faults.add(times=times, **fault)


def fit(job: Job) -> None:
    """The pause is over, and another process takes it up, which remembers no limit of the service."""
    service.get_client().close()
    service.get_client.cache_clear()
    Job.objects.filter(pk=job.pk).update(next_try_at=timezone.now())
    time.sleep(0.001)


@pytest.mark.parametrize(
    ("fault", "words", "least"),
    [
        ({"status": 429, "headers": {"Retry-After": "90"}}, "asks us to wait", 85),
        ({"status": 503, "headers": {"Retry-After": "600"}}, "asks us to wait", 590),
        ({"status": 401, "body": {"error": "Unauthorized"}}, "refused our key", 55),
        ({"status": 403, "body": {"error": "Scope"}}, "refused our key", 55),
    ],
)
def test_what_lasts_is_a_pause(
    some: Connection, upstream: Sandbox, whole: dict[str, Any], fault: dict[str, Any], words: str, least: int
) -> None:
    job = begun(some)
    fail(upstream, 3, **fault)
    asked_at = timezone.now()
    after(job)
    assert job.state == JobState.PAUSED
    assert words in job.why
    assert job.next_try_at is not None
    assert job.next_try_at - asked_at > timedelta(seconds=least)
    assert (job.seen, statistics_of(job).items) == (300, 300)
    assert after(job).state == JobState.PAUSED  # it is not yet time
    upstream.faults.clear()
    fit(job)
    after(job)
    assert (job.state, job.seen, job.why) == (JobState.DONE, ITEMS, "")
    assert sums(job) == whole


def test_go_on_takes_it_up_at_once(some: Connection, upstream: Sandbox, whole: dict[str, Any]) -> None:
    job = begun(some)
    fail(upstream, 5, status=403)
    assert after(job).state == JobState.PAUSED
    upstream.faults.clear()
    assert lifecycle.resume(job, make.OMAR.person)
    assert sums(after(job)) == whole


@pytest.mark.parametrize("fault", [{"status": 200, "body": "<html>maintenance</html>"}, {"cut": True}])
def test_what_passes_costs_a_wait_and_nothing_else(
    some: Connection,
    upstream: Sandbox,
    whole: dict[str, Any],
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry_policy, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 0.01)
    job = begun(some)
    fail(upstream, 2, times=5, **fault)  # more often than the client itself tries, and enough for the breaker
    after(job)
    assert (job.state, job.why, sums(job)) == (JobState.DONE, "", whole)


def test_gives_up_in_words(some: Connection, upstream: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_policy, "FIRST_WAIT_SECONDS", 0.0)
    job = begun(some)
    fail(upstream, 2, status=302, headers={"Location": "/elsewhere"})
    after(job)
    assert (job.state, job.seen) == (JobState.FAILED, 200)
    assert job.why.startswith("Given up after 10 tries. The service sent something we cannot use.")
    assert statistics_of(job).items == 200  # what was counted stays


def test_a_key_that_stays_refused_is_tried_less_and_less_then_given_up(
    some: Connection, upstream: Sandbox
) -> None:
    job = begun(some)
    fail(upstream, 1, status=401)
    waits = []
    while after(job).state == JobState.PAUSED:
        assert job.next_try_at is not None
        waits.append(round((job.next_try_at - timezone.now()).total_seconds()))
        fit(job)
    assert waits[:3] == [60, 120, 240]
    assert len(waits) == MAX_TRIES - 1
    assert (job.state, job.seen) == (JobState.FAILED, 100)
    assert "refused our key" in job.why


def test_a_place_that_the_service_forgot_is_looked_for_once_more_from_the_start(
    some: Connection, upstream: Sandbox, whole: dict[str, Any]
) -> None:
    job = begun(some)
    fail(upstream, 3, status=401)
    after(job)
    assert job.seen == 300
    Job.objects.filter(pk=job.pk).update(cursor="a place that is no more")
    upstream.faults.clear()
    fit(job)
    after(job)
    progress = scan.load_progress(job)
    assert progress is not None
    assert (job.state, job.seen, sums(job), progress.started_over) == (JobState.DONE, ITEMS, whole, True)


def test_a_place_that_is_forgotten_again_and_again_ends_it(some: Connection, upstream: Sandbox) -> None:
    job = begun(some)
    fail(upstream, 3, times=1, status=400, body={"error": "Invalid cursor"})
    fail(upstream, 4, status=400, body={"error": "Invalid cursor"})
    after(job)
    assert (job.state, job.seen) == (JobState.FAILED, 400)
    assert "Invalid cursor" in job.why


@pytest.mark.parametrize("status", [400, 404, 409, 410, 418, 422, 451])
@pytest.mark.parametrize("page", [0, 2])
def test_a_question_that_is_refused_outright_ends_it(
    some: Connection, upstream: Sandbox, status: int, page: int
) -> None:
    fail(upstream, page, status=status, body={"error": "No such connection"})
    job = after(begun(some))
    assert (job.state, job.seen, len(upstream.calls)) == (JobState.FAILED, 100 * page, page + 1)
    assert "No such connection" in job.why


@pytest.mark.parametrize("status", [408, 425])
def test_a_request_that_came_too_slowly_or_too_soon_is_repeated(
    some: Connection, upstream: Sandbox, whole: dict[str, Any], status: int
) -> None:
    fail(upstream, 2, times=3, status=status)
    job = after(begun(some))
    assert (job.state, sums(job)) == (JobState.DONE, whole)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", [{"status": 429, "headers": {"Retry-After": "40"}}, {"hang": True}])
def test_a_wait_ends_when_the_process_does(upstream: Sandbox, fault: dict[str, Any]) -> None:
    """Neither a pause nor a call that hangs keeps a process that is asked to end."""
    job = begun(make.connection("some", connection_id=SOME_ID))
    fail(upstream, 1, **fault)

    def run() -> None:
        scan.run(job.pk)
        database.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until = time.monotonic() + 60
        while Job.objects.get(pk=job.pk).seen == 0 and time.monotonic() < until:
            time.sleep(0.02)
        lifecycle.stopping.set()
        thread.join(30)  # shorter than the pause, and than a call that hangs
        assert not thread.is_alive()
    finally:
        lifecycle.stopping.clear()
        upstream.faults.clear()
        for left in threading.enumerate():
            if left.name.startswith("walk"):
                left.join(20)
    job.refresh_from_db()
    assert (job.state, job.seen) == (JobState.WAITING, 100)


def test_of_an_archived_connection_nothing_is_asked(some: Connection, upstream: Sandbox) -> None:
    job = begun(some)
    make.rewrite(Connection.objects.filter(pk=some.pk), archived_at=timezone.now())
    job = after(job)
    assert (job.state, job.why) == (JobState.FAILED, f"{some.label} was archived.")
    assert upstream.calls == []


def test_a_service_that_is_left_alone_costs_no_try(
    some: Connection, upstream: Sandbox, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walker, "MAX_TRIES", 1)
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 1.5)
    job = begun(some)
    DBTaskResult.objects.update(enqueued_at=timezone.now() - 2 * lifecycle.PATIENCE)  # on a busy machine
    fail(upstream, 0, times=5, status=500)
    for _ in range(3):
        with pytest.raises(VaultError):
            service.list_media(some, MediaQuery())
    upstream.calls.clear()
    after(job)
    assert (job.state, job.why, sums(job)) == (JobState.DONE, "", whole)
    assert {call.status for call in upstream.calls} == {200}
