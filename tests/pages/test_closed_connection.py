"""What acts by the number of a job, a removal or a look-up acts for people of the connection's groups alone;
an admin outside them reads the record, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver
from django.utils import timezone

from dashboard.auth.roles import find_patterns
from dashboard.models import Connection, Event, Job, JobState, Removal, TrayItem
from dashboard.removals import bulk
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.assertions import GROUPS
from tests.bulk_runs import begin
from tests.make import Browser, assertion_browser, operations, rewrite, signed_in, work_off
from tests.pages.addresses import ADDRESSES, FILE, JOB, stand_ready

BY_NUMBER = sorted(
    str(found.name)
    for found in find_patterns(get_resolver().url_patterns)
    if "<uuid:pk>" in str(found.pattern)
)
READ_BY_ADMINS = {"job", "removal", "removal-close", "removal-look"}
"""A look reads nothing there; to close what nobody could settle is a line in the record, which is theirs."""


@pytest.fixture
def closed(connections: None) -> Connection:
    """A connection whose groups nobody here is in, with a job, a removal and a look-up of it."""
    stand_ready()
    rewrite(Connection.objects.filter(slug="small"), groups=["others"])
    return Connection.objects.get(slug="small")


def stand() -> list[Any]:
    """All that a press might change."""
    jobs = list(Job.objects.order_by("pk").values_list("pk", "state", "why"))
    rows = list(Removal.objects.order_by("pk").values_list("pk", "state", "closed_at", "looks"))
    return [jobs, rows, TrayItem.objects.count(), Event.objects.exclude(verb="access").count()]


@pytest.mark.parametrize("name", BY_NUMBER)
@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_nothing_acts_by_a_number(closed: Connection, sandbox: Sandbox, role: str, name: str) -> None:
    before, browser = stand(), signed_in(role)
    Job.objects.filter(pk=FILE).update(subject={"viewer": "vera", "operator": "omar", "admin": "ada"}[role])
    for answer in (browser.post(ADDRESSES[name]), browser.get(ADDRESSES[name])):
        reads = role == "admin" and name in READ_BY_ADMINS
        assert answer.status_code in ((200, 405, 422) if reads else (403, 404, 405))
    assert stand() == before
    assert operations(sandbox) == []


@pytest.mark.parametrize("state", [JobState.WAITING, JobState.RUNNING, JobState.PAUSED, JobState.DONE])
@pytest.mark.parametrize("kind", Job.Kind.values)
def test_no_kind_of_job_in_any_state(closed: Connection, admin: Browser, kind: str, state: JobState) -> None:
    Job.objects.filter(pk=JOB).update(kind=kind, state=state, subject="ada")
    before = stand()
    page = text(admin.get(ADDRESSES["job"]))
    for name in ("job-stop", "job-resume", "job-retry"):
        assert ADDRESSES[name] not in page
        for answer in (admin.post(ADDRESSES[name]), admin.fragment(ADDRESSES[name], method="post")):
            assert answer.status_code == 404
            assert "no connection of this name that you may see" in text(answer)
    assert stand() == before


@pytest.mark.parametrize("name", ["job-stop", "job-resume", "job-retry"])
def test_an_archived_one_is_as_closed_as_it_was(closed: Connection, admin: Browser, name: str) -> None:
    rewrite(Connection.objects, archived_at=timezone.now())
    assert admin.post(ADDRESSES[name]).status_code == 404


def test_a_job_of_an_archived_one_is_stopped_by_its_people(closed: Connection, operator: Browser) -> None:
    rewrite(Connection.objects, groups=[], archived_at=timezone.now())
    assert operator.post(ADDRESSES["job-stop"]).status_code == 303
    assert Job.objects.get(pk=JOB).state == JobState.STOPPED


@pytest.mark.usefixtures("behind_sign_on")
@pytest.mark.parametrize(
    "near", [["Others"], ["other", "s"], ["others "], ["others;x"], ["\uff4fthers"], [""]]
)
@pytest.mark.parametrize("name", ["job-stop", "job-resume", "job-retry"])
def test_a_group_that_looks_like_theirs_is_none(closed: Connection, near: list[str], name: str) -> None:
    before = stand()
    browser = assertion_browser(GROUPS["admin"], *near)
    for at in (ADDRESSES[name], ADDRESSES[name].upper(), f"{ADDRESSES[name]}?connection=empty"):
        assert browser.post(at).status_code == 404
    for act in ("stop", "resume", "begin"):
        assert browser.post("/c/small/scan/", {"act": act, "place": "overview"}).status_code == 404
    assert stand() == before
    inside = assertion_browser(GROUPS["operator"], "others", subject="u-2")
    assert inside.post(ADDRESSES["job-stop"]).status_code == 303


def test_an_admin_outside_the_groups_restarts_no_removal(connections: None, sandbox: Sandbox) -> None:
    small, admin = Connection.objects.get(slug="small"), signed_in("admin")
    job = begin(small, ["odd-many"])
    Job.objects.update(state=JobState.PAUSED)
    rewrite(Connection.objects, groups=["others"])
    assert admin.post(f"{job.get_absolute_url()}resume/").status_code == 404
    work_off()
    assert operations(sandbox) == []
    assert bulk.summarize([job.pk])[job.pk].counts.left == 1
