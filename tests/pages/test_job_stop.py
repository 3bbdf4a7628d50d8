"""`/jobs/<number>/stop/`: ends a job; what is being sent comes to its end."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection as database

from dashboard.models import Connection, Job
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from tests import make
from tests.answers import text
from tests.make import OMAR, Browser, deletes, facts_of, no_events, work_off


@pytest.fixture
def job(connections: None) -> Job:
    small = Connection.objects.get(slug="small")
    return bulk.begin(small, Intent(OMAR, uuid.uuid4(), "ZD-1"), ["1", "2", "3"]).job


def stop(job: Job) -> str:
    return f"{job.get_absolute_url()}stop/"


def test_works(operator: Browser, job: Job, sandbox: Sandbox) -> None:
    answer = operator.post(stop(job))
    assert (answer.status_code, answer.headers["Location"]) == (303, job.get_absolute_url())
    job.refresh_from_db()
    assert job.state == "stopped"
    assert bulk.summarize([job.pk])[job.pk].counts.cancelled == 3
    assert facts_of("media.bulk.stopped")["actor_name"] == "Omar Haddad"
    work_off()
    assert deletes(sandbox) == []


def test_fragment(operator: Browser, job: Job) -> None:
    answer = operator.fragment(stop(job), method="post")
    assert answer.status_code == 200
    assert text(answer).lstrip().startswith('<section id="job"')
    assert "Deleted 0 of 3 items of Studio A" in text(answer)


def test_one_that_is_over_stays_as_it_is(operator: Browser, job: Job) -> None:
    Job.objects.update(state="done")
    assert operator.post(stop(job)).status_code == 303
    job.refresh_from_db()
    assert job.state == "done"


def test_without_a_record_nothing_is_stopped(operator: Browser, job: Job) -> None:
    with database.execute_wrapper(no_events):
        answer = operator.post(stop(job))
    assert answer.status_code == 503
    job.refresh_from_db()
    assert job.state == "waiting"


@pytest.mark.parametrize("kind", ["scan", "export"])
def test_who_began_a_scan_or_an_export_may_stop_it(viewer: Browser, job: Job, kind: str) -> None:
    theirs = make.job(job.connection, kind=kind)
    own = make.job(job.connection, kind=kind, issuer="demo", subject="vera")
    assert "job-stop" not in text(viewer.get(theirs.get_absolute_url()))
    assert "job-stop" in text(viewer.get(own.get_absolute_url()))
    assert viewer.post(stop(theirs)).status_code == 403
    assert viewer.post(stop(own)).status_code == 303
    own.refresh_from_db()
    assert (own.state, own.why) == ("stopped", "Stopped by Vera Lind.")
    assert make.signed_in("operator").post(stop(theirs)).status_code == 303


def test_wrong_role(viewer: Browser, job: Job) -> None:
    answer = viewer.post(stop(job))
    assert answer.status_code == 403
    assert "operator" in text(answer)
    job.refresh_from_db()
    assert job.state == "waiting"


def test_no_job(operator: Browser, job: Job) -> None:
    assert operator.post("/jobs/70b00000-0000-4000-8000-00000000dead/stop/").status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(operator: Browser, job: Job, method: str) -> None:
    assert getattr(operator, method)(stop(job)).status_code == 405
