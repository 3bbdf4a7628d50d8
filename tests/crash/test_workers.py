"""Worker processes on one bulk removal: two at once, one that is killed or asked to end, and a Stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.crash.databases import PATIENCE
from tests.crash.program import Worker
from tests.crash.stage import ITEMS, Stage, Target

Start = Callable[[], Worker]
Tell = Callable[[str, int, list[Target]], object]
LATE = 150
"""Milliseconds that each removal takes here, so that there is a middle of it."""


@pytest.fixture
def start(stage: Stage) -> Iterator[Start]:
    """Starts a worker, which is there when this returns."""
    alive = "SELECT count(*) FROM dashboard_worker"
    stage.database.write("DELETE FROM dashboard_worker")
    with ExitStack() as stack:

        def start() -> Worker:
            before = stage.database.rows(alive)
            worker = Worker(stage.folder, stage.environment())
            stack.callback(worker.kill)
            stage.wait_until(lambda: stage.database.rows(alive) > before, "the worker did not come")
            return worker

        yield start


def begin(stage: Stage, count: int, tasks: int = 1) -> tuple[str, list[Target]]:
    targets = [stage.item() for _ in range(count)]
    [job] = stage.order("begin", slug=ITEMS, shares=[[media_id for _, media_id in targets]], tasks=tasks)
    return job, targets


def state_of(stage: Stage, job: str) -> str:
    [(state,)] = stage.database.rows(f"SELECT state FROM dashboard_job WHERE {is_job('id', job)}")
    return str(state)


def is_job(column: str, job: str) -> str:
    """SQLite keeps a number without its hyphens."""
    return f"REPLACE(CAST({column} AS text), '-', '') = '{job.replace('-', '')}'"


def count(stage: Stage, job: str, state: str) -> int:
    rows = f"SELECT count(*) FROM dashboard_removal WHERE state = '{state}' AND {is_job('job_id', job)}"
    return int(stage.database.rows(rows)[0][0])


def claims(stage: Stage) -> set[str]:
    """Whoever holds rows now."""
    return {str(one) for (one,) in stage.database.rows("SELECT DISTINCT claim FROM dashboard_removal") if one}


@contextmanager
def with_calls_under_way(stage: Stage, job: str) -> Iterator[None]:
    """The block begins once some items are deleted and the next calls are out."""

    def some_are() -> bool:
        return count(stage, job, "deleted") >= 2 and any(not call.status for call in stage.removals())

    stage.wait_until(some_are, "nothing was removed")
    yield


def wait_until_over(stage: Stage, job: str) -> None:
    stage.wait_until(lambda: state_of(stage, job) not in ("waiting", "running", "paused"), "it did not end")
    stage.reconcile()


def test_two_share_a_job(stage: Stage, start: Start, tell: Tell) -> None:
    stage.service.faults.add(method="DELETE", latency_ms=LATE, times=None)
    start(), start()
    job, targets = begin(stage, 40, tasks=2)
    stage.wait_until(lambda: len(claims(stage)) == 2, "the second took no part")
    wait_until_over(stage, job)
    assert stage.balance(targets) == {"deleted": 40}
    assert stage.sent(targets) == 40


def test_one_of_two_is_killed(stage: Stage, start: Start, tell: Tell) -> None:
    """Every lease is then ended early, that of the living, too: it sends nothing that is not its own."""
    stage.service.faults.add(method="DELETE", latency_ms=LATE, times=None)
    dying, _ = start(), start()
    job, targets = begin(stage, 40, tasks=2)
    stage.wait_until(lambda: len(claims(stage)) == 2, "the second took no part")
    with with_calls_under_way(stage, job):
        dying.kill()
    start()
    stage.age()
    stage.service.faults.clear()
    wait_until_over(stage, job)
    became = stage.balance(targets)
    assert set(became) <= {"deleted", "verified_gone", "verified_present"}
    assert became["deleted"] >= 36, "what the dead one had sent was not sent again"
    tell("one of two workers on a job of 40", 1, targets)


def test_asked_to_end_during_a_call(stage: Stage, start: Start) -> None:
    stage.service.faults.add(method="DELETE", latency_ms=1500, times=None)
    worker = start()
    job, targets = begin(stage, 8)
    with with_calls_under_way(stage, job):
        assert worker.end() < PATIENCE
    reached = stage.sent(targets)
    assert count(stage, job, "deleted") == reached < 8, "what was under way came to its end"
    assert count(stage, job, "planned") == 8 - reached, "the rest was given back"
    assert claims(stage) == set()
    assert state_of(stage, job) == "waiting"
    stage.service.faults.clear()
    start()
    began = time.monotonic()
    wait_until_over(stage, job)
    assert time.monotonic() - began < PATIENCE
    assert stage.balance(targets) == {"deleted": 8}


def test_stopped_during_a_call(stage: Stage, start: Start) -> None:
    stage.service.faults.add(method="DELETE", latency_ms=1000, times=None)
    start()
    job, targets = begin(stage, 12)
    with with_calls_under_way(stage, job):
        assert stage.order("stop", job=job)
    stage.wait_until(lambda: not count(stage, job, "sent"), "the calls did not come to their end")
    became = stage.balance(targets)
    assert became["deleted"] >= 3
    assert became["deleted"] + became["cancelled"] == 12
    assert stage.sent(targets) == became["deleted"]
    [stopped] = [one for one in stage.events() if one["code"] == "media.bulk.stopped" and one["job"] == job]
    assert stopped["result"]["cancelled"] == became["cancelled"]
    sent = [
        one["sequence"] for one in stage.events() if one["code"] == "media.delete.sent" and one["job"] == job
    ]
    assert max(sent) < stopped["sequence"], "nothing was sent after it was committed"
    assert state_of(stage, job) == "stopped"
