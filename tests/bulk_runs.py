"""Bulk removals as tests begin and run them in this process, and what became of their items."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection as database

from dashboard.identity import Caller
from dashboard.models import Connection, Job
from dashboard.removals import bulk, runner
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from tests import make


def begin(of: Connection, ids: list[str], caller: Caller = make.OMAR) -> Job:
    return bulk.begin(of, Intent(caller, uuid.uuid4(), "ZD-1", "asked for"), ids).job


def run(job: Job) -> Job:
    runner.run(job.pk)
    job.refresh_from_db()
    return job


def states(job: Job) -> list[str]:
    return list(job.removals.order_by("position").values_list("state", flat=True))


def assert_each_was_taken_once(sandbox: Sandbox, ids: list[str]) -> None:
    taken = [
        call.path.rpartition("/")[2]
        for call in sandbox.calls
        if (call.method, call.status) == ("DELETE", 200)
    ]
    assert sorted(taken) == sorted(ids)


def go_on(job: Job) -> Job:
    assert bulk.resume(job, make.OMAR)
    return run(job)


@contextmanager
def during_a_call(sandbox: Sandbox, then: Callable[[], None]) -> Iterator[None]:
    """Do something in another thread once the service has a call that removes."""

    def wait_and_do() -> None:
        try:
            while not make.deletes(sandbox):
                assert not over.wait(0.01), "no call was made"
            then()
        finally:
            database.close()

    over = threading.Event()
    thread = threading.Thread(target=wait_and_do)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
