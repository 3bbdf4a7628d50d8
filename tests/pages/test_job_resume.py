"""`/jobs/<number>/resume/`: has a paused job go on now."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection as database

from dashboard.models import Connection, Job
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import OMAR, Browser, facts_of, no_events, operations, work_off


@pytest.fixture
def job(connections: None) -> Job:
    """A bulk removal that is paused because the service refused our key."""
    small = Connection.objects.get(slug="small")
    job = bulk.begin(small, Intent(OMAR, uuid.uuid4(), "ZD-1"), ["1", "2"]).job
    Job.objects.update(state="paused", why="The service refused our key.")
    return job


def resume(job: Job) -> str:
    return f"{job.get_absolute_url()}resume/"


def test_works(operator: Browser, job: Job, sandbox: Sandbox) -> None:
    answer = operator.post(resume(job))
    assert (answer.status_code, answer.headers["Location"]) == (303, job.get_absolute_url())
    job.refresh_from_db()
    assert (job.state, job.why) == ("waiting", "")
    assert facts_of("media.bulk.resumed")["actor_name"] == "Omar Haddad"
    work_off()
    job.refresh_from_db()
    assert job.state == "done"
    assert bulk.summarize([job.pk])[job.pk].counts.already_gone == 2
    assert operations(sandbox) == ["batch"]


def test_fragment(operator: Browser, job: Job) -> None:
    answer = operator.fragment(resume(job), method="post")
    assert text(answer).lstrip().startswith('<section id="job"')
    assert "refused our key" not in text(answer)


def test_one_that_is_not_paused_stays_as_it_is(operator: Browser, job: Job) -> None:
    Job.objects.update(state="stopped")
    assert operator.post(resume(job)).status_code == 303
    job.refresh_from_db()
    assert job.state == "stopped"


def test_without_a_record_it_stays_paused(operator: Browser, job: Job) -> None:
    with database.execute_wrapper(no_events):
        assert operator.post(resume(job)).status_code == 503
    job.refresh_from_db()
    assert job.state == "paused"


def test_a_scan_goes_on_too(operator: Browser, job: Job) -> None:
    Job.objects.update(kind="scan")
    assert operator.post(resume(job)).status_code == 303
    job.refresh_from_db()
    assert job.state == "waiting"


def test_wrong_role(viewer: Browser, job: Job) -> None:
    assert viewer.post(resume(job)).status_code == 403
    job.refresh_from_db()
    assert job.state == "paused"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(operator: Browser, job: Job, method: str) -> None:
    assert getattr(operator, method)(resume(job)).status_code == 405
