"""`/jobs/<number>/retry/`: what failed goes back into the tray, to be read again first."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from dashboard import selection
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Job, RemovalState, TrayItem
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from tests.answers import hidden_fields, text
from tests.make import OMAR, Browser, rewrite

PERSON = DEMO_PEOPLE["operator"]


@pytest.fixture
def job(connections: None) -> Job:
    """A bulk removal of four items that is over: two of them failed."""
    small = Connection.objects.get(slug="small")
    job = bulk.begin(small, Intent(OMAR, uuid.uuid4(), "ZD-1"), ["1", "2", "3", "odd-many"]).job
    Job.objects.update(state="done")
    job.removals.update(state=RemovalState.DELETED)
    held = {"variants": [{"size_bytes": 700}, {"size_bytes": 300}]}
    job.removals.filter(media_id__in=["2", "odd-many"]).update(state=RemovalState.NOT_REMOVED, before=held)
    return job


def retry(job: Job) -> str:
    return f"{job.get_absolute_url()}retry/"


def test_works(operator: Browser, job: Job, sandbox: Sandbox) -> None:
    answer = operator.post(retry(job))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/small/tray/?ticket=ZD-1")
    assert selection.list_ids(PERSON, job.connection) == ["2", "odd-many"]
    assert selection.count_totals(PERSON, job.connection) == selection.Totals(2, 4, 2000)
    assert sandbox.calls == []
    review = operator.get(answer.headers["Location"])  # reads them again: one is gone by now
    assert "Delete 1 item of" in text(review)
    assert "is gone already" in text(review)
    operator.post("/c/small/tray/", hidden_fields(review))
    again = Job.objects.exclude(pk=job.pk).get()
    assert again.retry_of == job
    assert again.removals.get().retry_of == job.removals.get(media_id="odd-many")


def test_empty(operator: Browser, job: Job) -> None:
    job.removals.update(state=RemovalState.DELETED)
    assert operator.post(retry(job)).status_code == 303
    assert not TrayItem.objects.exists()
    assert "Retry" not in text(operator.get(job.get_absolute_url()))


def test_fragment(operator: Browser, job: Job) -> None:
    assert operator.fragment(retry(job), method="post").headers["HX-Redirect"].startswith("/c/small/tray/")


def test_of_a_connection_that_is_archived_nothing_is_selected(operator: Browser, job: Job) -> None:
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    assert "Retry" not in text(operator.get(job.get_absolute_url()))
    assert operator.post(retry(job)).status_code == 404
    assert not TrayItem.objects.exists()


def test_wrong_role(viewer: Browser, job: Job) -> None:
    assert "Retry" not in text(viewer.get(job.get_absolute_url()))
    assert viewer.post(retry(job)).status_code == 403
    assert not TrayItem.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(operator: Browser, job: Job, method: str) -> None:
    assert getattr(operator, method)(retry(job)).status_code == 405
