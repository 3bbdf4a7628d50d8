"""Ten thousand items in one bulk removal, over a service that errs, with a worker that is killed."""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.crash.conftest import DATABASES
from tests.crash.databases import Postgresql, Sqlite
from tests.crash.program import Worker
from tests.crash.stage import ITEMS, Stage, Target

COUNT: Final = {"sqlite": 10_000, "postgresql": 2_000}
"""So many that both take well under a minute on two processors."""

MEMORY: Final = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
LONGEST: Final = 300.0
UNFINISHED: Final = "SELECT 1 FROM dashboard_job WHERE state <> 'done'"
UNSETTLED: Final = "SELECT 1 FROM dashboard_removal WHERE state IN ('sent', 'unknown') LIMIT 1"
TROUBLE: Final[list[tuple[str, dict[str, Any], str]]] = [
    (r"/\d*37$", {"close": True, "act": True}, "verified_gone"),
    (r"/\d*73$", {"close": True}, "verified_present"),
    (r"/\d*111$", {"status": 500, "body": {"error": "Internal"}}, "verified_present"),
    (r"/\d*555$", {"status": 500, "body": {"error": "Internal"}, "act": True}, "verified_gone"),
]
"""Whose answers go wrong, how, and what is found out by reading."""


@pytest.fixture(params=DATABASES)
def large(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Iterator[tuple[str, Stage]]:
    """A stage of its own, so that the books of the others stay small; its chain holds afterwards."""
    name = request.param
    with ExitStack() as stack:
        memory = MEMORY if Path(MEMORY).is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory, prefix="vault-")))
        if name == "sqlite":
            stage = stack.enter_context(Stage(folder, Sqlite(folder)))
        else:
            database = stages(name).database
            assert isinstance(database, Postgresql)
            url = database.owner_url
            with psycopg.connect(url, autocommit=True) as server:
                server.execute("CREATE DATABASE large")
            stage = stack.enter_context(Stage(folder, Postgresql(url.rpartition("/")[0] + "/large")))
        yield name, stage
        stage.verify()


def test_ten_thousand_items(
    large: tuple[str, Stage], tell_of: Callable[[Stage, str, int, list[Target]], Counter[str]]
) -> None:
    name, stage = large
    ids, service = stage.ids(COUNT[name]), stage.service
    gone = set(ids[5::100])
    stage.take_away(gone)
    for path, fault, _ in TROUBLE:
        service.faults.add(method="DELETE", path=path, times=None, **fault)
    service.faults.add(method="DELETE", path=r"/\d*9$", times=3, status=429, headers={"Retry-After": "1"})
    with workers(stage) as start:
        dying, _ = start(), start()
        stage.order("begin", slug=ITEMS, shares=[ids], tasks=2)
        wait(lambda: len(stage.removals()) >= len(ids) // 3)
        dying.kill()
        stage.age()
        start()
        wait(lambda: not stage.database.rows(UNFINISHED) and not stage.database.rows(UNSETTLED))
    targets = [(ITEMS, media_id) for media_id in ids]
    became = tell_of(stage, f"one of two workers on a job of {len(ids):,}", 1, targets)
    refused = [call for call in stage.removals() if call.status == 429]
    accounts = stage.accounts()
    unsent = [one.outcome for one in accounts.values() if one.outcome != "already_gone" and not one.calls]
    assert unsent in ([], ["verified_present"], ["verified_present"] * 2), "committed, and then it was killed"
    taken = len(ids) - became["already_gone"] - len(unsent)
    assert len(stage.removals()) == stage.sent(targets) == taken + len(refused)
    assert len(refused) == 3
    expected = {target: outcome_of(target[1], gone) for target in targets}
    other = {target: accounts[target] for target in targets if accounts[target].outcome != expected[target]}
    assert len(other) <= 2, "no more than the dead one had under way"
    assert {one.outcome for one in other.values()} <= {"verified_gone", "verified_present"}
    assert [one["result"]["items"] for one in stage.events() if one["code"] == "media.bulk.finished"] == [
        len(ids)
    ]


def outcome_of(media_id: str, gone: set[str]) -> str:
    if media_id in gone:
        return "already_gone"
    return next((found for path, _, found in TROUBLE if re.search(path, f"/{media_id}")), "deleted")


@contextmanager
def workers(stage: Stage) -> Iterator[Callable[[], Worker]]:
    """Starts workers that reach the service by themselves."""
    environment = stage.environment() | {"VAULTPLUS_API_URL": stage.service.url}
    with ExitStack() as stack:

        def start() -> Worker:
            worker = Worker(stage.folder, environment)
            stack.callback(worker.kill)
            return worker

        yield start


def wait(fits: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST
    while not fits():
        assert time.monotonic() < until
        time.sleep(0.2)
