"""`/c/<slug>/jobs/`: the newest jobs of a connection."""

from __future__ import annotations

import uuid

import pytest

from dashboard.models import Connection, RemovalState, Worker
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from tests import make
from tests.answers import rows_of, text
from tests.make import OMAR, Browser

HERE = "/c/small/jobs/"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    first = bulk.begin(small, Intent(OMAR, uuid.uuid4(), "ZD-7"), ["1", "2", "3"]).job
    first.removals.filter(media_id="1").update(state=RemovalState.NOT_REMOVED)
    scan = make.job(small, kind="scan", state="done", seen=61, ticket="")
    make.job(Connection.objects.get(slug="big"), kind="scan")
    answer = viewer.get(HERE)
    assert answer.status_code == 200
    rows = rows_of(answer)
    assert len(rows) == 2
    assert rows[0].startswith("Scan of Studio A Done 61 items")
    assert rows[1].startswith("Deleting 3 items of Studio A Waiting for a worker 1 of 3 items 1 failed")
    assert "ZD-7" in rows[1]
    for job in (first, scan):
        assert job.get_absolute_url() in text(answer)
    assert "No worker is running" in text(answer)
    Worker.objects.create(host="here")
    assert "No worker is running" not in text(viewer.get(HERE))
    assert sandbox.calls == []


def test_empty(viewer: Browser) -> None:
    assert "No jobs yet" in text(viewer.get(HERE))


def test_the_newest_twenty(viewer: Browser, small: Connection) -> None:
    for _ in range(21):
        make.job(small, kind="scan")
    answer = viewer.get(HERE)
    assert len(rows_of(answer)) == 20
    assert "These are the newest 20" in text(answer)


def test_the_tabs_lead_here(viewer: Browser) -> None:
    assert f'href="{HERE}"' in text(viewer.get("/c/small/media/"))
    assert f'href="{HERE}" aria-current="page"' in text(viewer.get(HERE))


def test_unknown_connection(viewer: Browser) -> None:
    assert viewer.get("/c/nowhere/jobs/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(operator: Browser, method: str) -> None:
    assert getattr(operator, method)(HERE).status_code == 405
