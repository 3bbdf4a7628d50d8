"""The worker acts for people who were here lately, by their row; else the job waits for somebody."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard.accounts import accounts
from dashboard.audit.queries import AuditQuery, AuditReader
from dashboard.exports import job as export
from dashboard.identity import Caller, Person, Role
from dashboard.jobs import lifecycle
from dashboard.models import Account, Connection, Job, JobState
from dashboard.removals import bulk
from dashboard.sandbox import Sandbox
from dashboard.scans import scan
from dashboard.vault import MediaQuery
from tests import bulk_runs, make
from tests.assertions import GROUPS, ISSUER

OPERATOR = Person("Omar", "o@example.com", Role.OPERATOR, issuer=ISSUER, subject="u-1", mode="assertion")
KINDS = Job.Kind.values
pytestmark = pytest.mark.usefixtures("connections", "behind_sign_on", "folder")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[None]:
    with override_settings(DASHBOARD_FILES=tmp_path / "files"):
        yield


@pytest.fixture
def small() -> Connection:
    return Connection.objects.get(slug="small")


def visit(role: str = "operator", *, subject: str = "u-1", at: str = "/c/small/media/") -> make.Browser:
    browser = make.assertion_browser(
        GROUPS[role], subject=subject, name="Omar" if subject == "u-1" else "Zed"
    )
    assert browser.get(at).status_code == 200
    return browser


def begun(kind: str, small: Connection) -> Job:
    """What Omar, who is here, has begun."""
    visit()
    caller = Caller(OPERATOR)
    if kind == Job.Kind.SCAN:
        return scan.begin(small, caller)
    if kind == Job.Kind.EXPORT:
        return export.begin(caller, small, MediaQuery(), "csv", uuid.uuid4())
    return bulk_runs.begin(small, make.plain_ids(small, MediaQuery(status="stored", limit=20))[:3], caller)


def age(**ago: float) -> None:
    """Have everybody's last visit be so long ago."""
    make.rewrite(Account.objects, last_seen_at=timezone.now() - timedelta(**ago))


def work(job: Job) -> Job:
    make.work_off()
    job.refresh_from_db()
    return job


@contextmanager
def ageing_once(words: str) -> Iterator[None]:
    """Have everybody be away for days as soon as the database was told something with these words."""

    def listen(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        told = execute(sql, params, *rest)
        if words in f"{sql} {params}" and not heard:
            heard.append(words)
            age(days=2)
        return told

    heard: list[str] = []
    with database.execute_wrapper(listen):
        yield
    assert heard


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ago", [{"days": 30}, {"hours": 24, "seconds": 1}, {"days": 3650}, {"hours": -2}])
def test_what_somebody_began_who_stayed_away_waits(
    small: Connection, sandbox: Sandbox, kind: str, ago: dict[str, float]
) -> None:
    job = begun(kind, small)
    sandbox.calls.clear()
    age(**ago)
    assert work(job).state == JobState.PAUSED
    assert job.why.startswith("Omar hasn't been here since ")
    assert "Is it still wanted?" in job.why
    assert job.next_try_at is None, "it waits for somebody"
    assert make.operations(sandbox) == []
    waiting = AuditReader(Person("Ada", "", Role.ADMIN)).find_jobs_needing_attention(AuditQuery())
    assert waiting == [job]
    lifecycle.queue_due_jobs()
    assert work(job).state == JobState.PAUSED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ago", [{"hours": 23.9}, {"minutes": 1}, {"seconds": -30}])
def test_who_was_here_lately_is_acted_for(small: Connection, kind: str, ago: dict[str, float]) -> None:
    job = begun(kind, small)
    age(**ago)
    assert work(job).state == JobState.DONE


@pytest.mark.parametrize(("hours", "state"), [(0.5, JobState.PAUSED), (48, JobState.DONE)])
def test_the_hours_are_a_setting(small: Connection, hours: float, state: JobState) -> None:
    job = begun("remove", small)
    age(hours=24.5 if hours == 48 else 0.6)
    with override_settings(DASHBOARD_STANDING_HOURS=hours):
        assert work(job).state == state


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ago", [timedelta(days=30), timedelta()])
def test_who_has_a_row_by_another_hand_is_away(
    small: Connection, sandbox: Sandbox, kind: str, ago: timedelta
) -> None:
    job = begun(kind, small)
    sandbox.calls.clear()
    Account.objects.update(last_seen_at=timezone.now() - ago, groups=[GROUPS["admin"]])
    assert work(job).state == JobState.PAUSED
    assert job.why.startswith("Omar hasn't been here since ")
    assert make.operations(sandbox) == []
    visit().post(f"{job.get_absolute_url()}resume/")
    assert work(job).state == JobState.DONE


@pytest.mark.parametrize("kind", KINDS)
def test_they_come_back_and_resume_it(small: Connection, kind: str) -> None:
    """The press itself is the visit, though their process remembers that it has just seen them."""
    job, browser = begun(kind, small), visit()
    age(days=30)
    work(job)
    assert browser.post(f"{job.get_absolute_url()}resume/").status_code == 303
    assert work(job).state == JobState.DONE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["operator", "admin"])
def test_somebody_else_with_the_right_resumes_it(small: Connection, kind: str, role: str) -> None:
    job = begun(kind, small)
    age(days=30)
    message = work(job).why
    other = visit(role, subject="u-2")
    assert other.post(f"{job.get_absolute_url()}resume/").status_code == 303
    assert work(job).state == JobState.DONE
    if kind == Job.Kind.REMOVE:
        assert make.facts_of("media.bulk.paused")["reason"] == message
        assert make.facts_of("media.bulk.resumed")["actor_subject"] == "u-2"


@pytest.mark.parametrize("lost", ["visit", "role", "groups"])
def test_who_resumed_it_has_to_be_here_and_to_have_the_right(small: Connection, lost: str) -> None:
    job = begun("remove", small)
    age(days=30)
    work(job)
    other = visit(subject="u-2")
    if lost == "groups":
        make.rewrite(Account.objects.filter(subject="u-1"), groups=[GROUPS["operator"], "inner"])
    assert other.post(f"{job.get_absolute_url()}resume/").status_code == 303
    if lost == "visit":
        age(days=2)
    elif lost == "role":
        visit("viewer", subject="u-2")
    else:
        make.rewrite(Connection.objects, groups=["inner"])
    assert work(job).state == JobState.PAUSED
    assert bulk.summarize([job.pk])[job.pk].counts.left == 3


def test_viewers_resume_nothing_of_others(small: Connection) -> None:
    job = begun("scan", small)
    age(days=30)
    work(job)
    assert visit("viewer", subject="u-2").post(f"{job.get_absolute_url()}resume/").status_code == 403
    assert work(job).state == JobState.PAUSED


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_that_was_lost_is_not_given_back_by_who_resumes_it(small: Connection, kind: str) -> None:
    job = begun(kind, small)
    age(days=30)
    work(job)
    make.rewrite(Account.objects.filter(subject="u-1"), groups=["staff"])
    visit("admin", subject="u-2").post(f"{job.get_absolute_url()}resume/")
    assert work(job).state in (JobState.STOPPED, JobState.FAILED)
    assert "any more" in job.why


def test_a_bulk_removal_under_way_pauses_between_two_items(small: Connection, sandbox: Sandbox) -> None:
    job = begun("remove", small)
    with ageing_once("'sent'"):
        work(job)
    assert job.state == JobState.PAUSED
    assert sorted(bulk_runs.states(job)) == ["deleted", "planned", "planned"]
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.parametrize("kind", ["scan", "export"])
def test_a_walk_under_way_pauses_at_its_next_checkpoint(kind: str, sandbox: Sandbox) -> None:
    job = begun(kind, Connection.objects.get(slug="big"))
    with ageing_once('UPDATE "dashboard_job" SET "lease_until"'):
        work(job)
    assert job.state == JobState.PAUSED
    assert 0 < job.seen < 1_000_000
    seen, asked = job.seen, len(make.operations(sandbox))
    age(minutes=0)
    sandbox.faults.add(times=2)
    sandbox.faults.add(status=404, times=None)
    lifecycle.resume(job, None)
    assert work(job).state == JobState.FAILED, "of the service's answer"
    assert job.seen >= seen, "it goes on from there"
    assert len(make.operations(sandbox)) > asked


@pytest.mark.parametrize(
    ("address", "claims"),
    [
        ("/healthz", {}),
        ("/readyz", {}),
        ("/c/small/media/", {"subject": "U-1"}),
        ("/c/small/media/", {"subject": "u-1 "}),
        ("/c/small/media/", {"aud": "another"}),
        ("/c/small/media/", {"exp": 1}),
    ],
)
def test_what_is_no_visit_of_theirs(small: Connection, address: str, claims: dict[str, Any]) -> None:
    job = begun("remove", small)
    age(hours=25)
    accounts.forget()
    make.assertion_browser(GROUPS["operator"], **claims).get(address)
    assert work(job).state == JobState.PAUSED


def test_a_short_token_gives_no_longer_standing_than_a_visit(small: Connection) -> None:
    """A visit needs a token that is valid, so that standing ends by its end and the setting at the latest."""
    now = timezone.now()
    ended: dict[str, Any] = {"iat": int(now.timestamp()) - 600, "exp": int(now.timestamp()) - 60}
    job = begun("remove", small)
    age(hours=25)
    browser = make.assertion_browser(GROUPS["operator"], **ended)
    assert browser.post(f"{job.get_absolute_url()}resume/").status_code == 401
    assert work(job).state == JobState.PAUSED
