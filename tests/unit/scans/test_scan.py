"""A scan counts everything once, whatever comes in between."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import connection as database
from django.utils import timezone

from dashboard.jobs import lifecycle, paging, walker
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from dashboard.scans import scan
from dashboard.scans.statistics import ScanStatistics
from dashboard.vault import MediaQuery
from tests import make
from tests.environment import API_KEY
from tests.killed import run_and_kill
from tests.scans import ITEMS, SOME_ID, after, begun, statistics_of, sums


@pytest.fixture
def every_page_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker, "CHECKPOINT_SECONDS", 0.0)


def test_counts_all_there_is(some: Connection, upstream: Sandbox) -> None:
    job = after(begun(some))
    assert (job.state, job.seen, job.cursor, job.why) == (JobState.DONE, ITEMS, "", "")
    by_hand = ScanStatistics(now_ms=statistics_of(job).now_ms)
    for step in paging.paginate(some, MediaQuery()):
        by_hand.add(step.items)
    assert by_hand.items == ITEMS
    assert statistics_of(job) == by_hand
    assert lifecycle.find_last_done(some, Job.Kind.SCAN) == job


def test_an_empty_connection_is_done_at_once(connections: None) -> None:
    job = after(begun(Connection.objects.get(slug="empty")))
    assert (job.state, statistics_of(job).items) == (JobState.DONE, 0)


def test_items_that_cannot_be_read_are_counted(connections: None) -> None:
    statistics = statistics_of(after(begun(Connection.objects.get(slug="small"))))
    assert statistics.unreadable > 0
    assert statistics.items > 60


def test_one_at_a_time(some: Connection) -> None:
    first = begun(some)
    assert begun(some) == first
    after(first)
    second = begun(some)
    assert second != first
    assert begun(some) == second
    lifecycle.stop(second)
    assert begun(some) not in (first, second)


@pytest.mark.django_db(transaction=True)
def test_presses_at_the_same_instant_begin_one(upstream: Sandbox) -> None:
    some = make.connection("some", connection_id=SOME_ID)
    after(begun(some))
    together = threading.Barrier(4)
    found: list[Job] = []

    def press() -> None:
        together.wait(10)
        found.append(begun(Connection.objects.get(pk=some.pk)))
        database.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4
    assert len({job.pk for job in found}) == 1
    assert Job.objects.filter(state=JobState.WAITING).count() == 1


@pytest.mark.usefixtures("every_page_is_kept")
@pytest.mark.parametrize("written", [True, False])
def test_a_scan_killed_at_any_point_counts_nothing_twice(
    some: Connection, whole: dict[str, Any], written: bool
) -> None:
    died = 0
    for point in range(1, 30):
        job = begun(some)
        was_killed = run_and_kill(scan.run, job, point, committed=written)
        died += was_killed
        after(job)
        assert (job.state, job.seen) == (JobState.DONE, ITEMS)
        assert sums(job) == whole
        if not was_killed:
            break  # it came to its end before this point
    assert died > 7


def test_a_stopped_scan_is_left_as_it_is(some: Connection) -> None:
    job = begun(some)
    lifecycle.stop(job, "not now")
    assert after(job).state == JobState.STOPPED
    assert job.seen == 0


@pytest.mark.usefixtures("every_page_is_kept")
def test_stop_ends_it_at_its_next_step(some: Connection, upstream: Sandbox) -> None:
    job = begun(some)
    writes = [0]

    def pressing(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "dashboard_job"') and writes is not None:
            writes[0] += 1
            if writes[0] == 5:
                lifecycle.stop(Job.objects.get(pk=job.pk), "Stopped by Omar Haddad.")
        return execute(sql, *rest)

    with database.execute_wrapper(pressing):
        scan.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.why) == (JobState.STOPPED, "Stopped by Omar Haddad.")
    assert 0 < job.seen < ITEMS


@pytest.mark.usefixtures("every_page_is_kept")
def test_a_process_that_ends_gives_it_back(some: Connection, whole: dict[str, Any]) -> None:
    job = begun(some)
    lifecycle.stopping.set()
    try:
        assert after(job).state == JobState.WAITING
    finally:
        lifecycle.stopping.clear()
    assert job.runner is None
    assert 0 < job.seen < ITEMS
    after(job)
    assert (job.state, sums(job)) == (JobState.DONE, whole)
    progress = scan.load_progress(job)
    assert progress is not None
    assert progress.takeovers == 1


def test_of_two_runners_one_runs(some: Connection, upstream: Sandbox) -> None:
    job = begun(some)
    held = lifecycle.acquire(job.pk, uuid4())
    assert held is not None
    assert after(job).runner == held.runner
    assert upstream.calls == []


@pytest.mark.usefixtures("every_page_is_kept")
def test_a_runner_that_was_taken_over_writes_nothing_more(some: Connection, whole: dict[str, Any]) -> None:
    """Its lease ended while it hung; whoever took over is done before it wakes."""
    job = begun(some)
    writes = [0]

    def hanging(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "dashboard_job"'):
            writes[0] += 1
            if writes[0] == 6:
                Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
                scan.run(job.pk)
        return execute(sql, *rest)

    with database.execute_wrapper(hanging):
        scan.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.seen, sums(job)) == (JobState.DONE, ITEMS, whole)


def answers(upstream: Sandbox, *pages: tuple[int, str | None]) -> None:
    """The service answers with these of its own pages, each leading on to the cursor named."""
    own: list[dict[str, Any]] = []
    cursor = ""
    while len(own) <= max(number for number, _ in pages):
        params = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        headers = {"apiKey": API_KEY, "x-connection-id": SOME_ID}
        own.append(
            requests.get(f"{upstream.url}/v2/vault-plus/media", params, headers=headers, timeout=9).json()
        )
        cursor = own[-1]["nextCursor"]
    for number, leads_to in pages:
        upstream.faults.add(status=200, body={**own[number], "nextCursor": leads_to})


def test_items_that_come_again_are_counted_once(some: Connection, upstream: Sandbox) -> None:
    answers(upstream, (0, "a"), (0, "b"), (1, None))
    job = after(begun(some))
    statistics = statistics_of(job)
    assert (job.state, job.seen) == (JobState.DONE, 300)
    assert (statistics.items, statistics.repeats) == (200, 100)


def test_a_circle_ends_it_and_is_told(some: Connection, upstream: Sandbox) -> None:
    answers(upstream, (0, "a"), (1, "b"), (2, "a"))
    job = after(begun(some))
    progress = scan.load_progress(job)
    assert progress is not None
    assert (job.state, job.why) == (JobState.DONE, scan.CURSOR_LOOP_MESSAGE)
    assert (progress.has_cursor_loop, progress.statistics.items) == (True, 300)


def test_a_circle_of_ever_new_cursors_ends_it_too(some: Connection, upstream: Sandbox) -> None:
    turns = [(number, f"turn {turn}, page {number}") for turn in range(5) for number in (0, 1)]
    answers(upstream, *turns)
    job = after(begun(some))
    progress = scan.load_progress(job)
    assert progress is not None
    assert (job.state, job.why) == (JobState.DONE, scan.CURSOR_LOOP_MESSAGE)
    assert (progress.has_cursor_loop, progress.statistics.items, job.seen) == (True, 200, 500)
