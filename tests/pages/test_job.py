"""`/jobs/<number>/`: how far a job is, what became of each of its items, and its receipt."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.models import Connection, Job, JobState, RemovalState, Worker
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from tests import make
from tests.answers import rows_of, text, words_in
from tests.assertions import GROUPS
from tests.make import OMAR, Browser, assertion_browser


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def begun(of: Connection, states: dict[RemovalState, int], **fields: Any) -> Job:
    """A bulk removal whose items stand like this, in this order."""
    ids = [
        f"{state}-{number}".replace("_", "-") for state, count in states.items() for number in range(count)
    ]
    job = bulk.begin(of, Intent(OMAR, uuid.uuid4(), "ZD-1", "asked for"), ids).job
    for state in states:
        freed = 1_000_000 if state == RemovalState.DELETED else None
        rows = job.removals.filter(media_id__startswith=f"{name_of(state)}-")
        rows.update(state=state, freed_bytes=freed, settled_at=timezone.now())
    now = timezone.now()
    usual = {"state": JobState.RUNNING, "started_at": now - timedelta(seconds=20), "lease_until": now}
    Job.objects.filter(pk=job.pk).update(**{**usual, **fields})
    job.refresh_from_db()
    return job


def name_of(state: RemovalState) -> str:
    return state.replace("_", "-")


def tallies(answer: Any) -> dict[str, str]:
    """Each of the counts, by its word."""
    part = text(answer).partition('class="tallies"')[2].partition("</ul>")[0]
    words = [words_in(item.partition(">")[2]) for item in part.split("<li")[1:]]
    return {word.rpartition(" ")[0]: word.rpartition(" ")[2] for word in words}


def test_works(viewer: Browser, small: Connection) -> None:
    states = {
        RemovalState.DELETED: 30,
        RemovalState.ALREADY_GONE: 2,
        RemovalState.NOT_REMOVED: 1,
        RemovalState.UNKNOWN: 1,
        RemovalState.SENT: 1,
    }
    job = begun(small, {**states, RemovalState.PLANNED: 25})
    Worker.objects.create(host="here")
    answer = viewer.get(job.get_absolute_url())
    assert answer.status_code == 200
    words = words_in(text(answer))
    assert "<title>Deleting 60 items of Studio A" in text(answer)
    assert '<progress max="60" value="34"' in text(answer)
    assert 'data-announcement="50 % done"' in text(answer)
    assert 'hx-trigger="every 2s"' in text(answer)
    assert "Deleting now: sent-0 ." in words
    assert "items a second" in words
    assert "left" in words
    assert "You can close this tab; the job keeps running." in words
    assert "Freed so far 30.0 MB" in words
    assert "No worker is running" not in words
    left = {"Unknown": "1", "Left": "26", "Cancelled": "0"}
    assert tallies(answer) == {"Deleted": "30", "Already gone": "2", "Failed": "1", **left}
    assert f"/audit/?job={job.pk}" in text(answer)
    for field in ("Omar Haddad, operator", "ZD-1", "asked for", str(job.pk)):
        assert field in words


def test_empty(viewer: Browser, small: Connection) -> None:
    """Of an outcome that no item has."""
    job = begun(small, {RemovalState.PLANNED: 2})
    answer = viewer.get(f"{job.get_absolute_url()}?outcome=failed")
    assert answer.status_code == 200
    assert "Failed: 0 items" in words_in(text(answer))
    assert "All items" in text(answer)
    assert "no such page" in text(viewer.get(f"{job.get_absolute_url()}?page=2"))


def test_fragment(viewer: Browser, small: Connection) -> None:
    job = begun(small, {RemovalState.DELETED: 1, RemovalState.PLANNED: 1})
    answer = viewer.fragment(f"{job.get_absolute_url()}?outcome=deleted")
    assert text(answer).lstrip().startswith('<section id="job"')
    assert f'hx-get="{job.get_absolute_url()}?outcome=deleted"' in text(answer)


def test_failures_stand_first_and_lead_to_their_records(viewer: Browser, small: Connection) -> None:
    states = {
        RemovalState.DELETED: 2,
        RemovalState.REJECTED: 1,
        RemovalState.PLANNED: 1,
        RemovalState.UNRESOLVED: 1,
    }
    job = begun(small, states)
    answer = viewer.get(job.get_absolute_url())
    assert [row.split()[0] for row in rows_of(answer)] == [
        "rejected-0",
        "unresolved-0",
        "deleted-0",
        "deleted-1",
        "planned-0",
    ]
    failed = job.removals.get(state=RemovalState.REJECTED)
    assert failed.get_absolute_url() in text(answer)
    assert '/c/small/media/rejected-0/"' in text(answer)
    only = viewer.get(f"{job.get_absolute_url()}?outcome=deleted")
    assert [row.split()[0] for row in rows_of(only)] == ["deleted-0", "deleted-1"]


def test_a_hundred_items_a_page(viewer: Browser, small: Connection) -> None:
    job = begun(small, {RemovalState.DELETED: 150, RemovalState.NOT_REMOVED: 1})
    first = viewer.get(job.get_absolute_url())
    assert len(rows_of(first)) == 100
    assert rows_of(first)[0].startswith("not-removed-0")
    assert "Page 1 of 2" in text(first)
    second = viewer.get(f"{job.get_absolute_url()}?page=2")
    assert len(rows_of(second)) == 51
    assert not set(rows_of(first)) & set(rows_of(second))


@pytest.mark.parametrize("query", ["outcome=x", "page=0", "page=many", "page=99999999"])
def test_bad_input(viewer: Browser, small: Connection, query: str) -> None:
    job = begun(small, {RemovalState.DELETED: 1})
    answer = viewer.get(f"{job.get_absolute_url()}?{query}")
    assert answer.status_code == 422
    assert "<title>Error:" in text(answer)
    assert 'role="alert"' in text(answer)


def test_without_a_worker_it_says_that_nothing_is_lost(viewer: Browser, small: Connection) -> None:
    job = begun(small, {RemovalState.PLANNED: 2}, state=JobState.WAITING, started_at=None)
    words = words_in(text(viewer.get(job.get_absolute_url())))
    assert "No worker is running. Nothing is lost: this begins as soon as one runs." in words
    Worker.objects.create(host="here")
    assert "No worker is running" not in text(viewer.get(job.get_absolute_url()))


def test_why_it_is_paused(operator: Browser, viewer: Browser, small: Connection) -> None:
    job = begun(small, {RemovalState.PLANNED: 2}, state=JobState.PAUSED, why="The service refused our key.")
    words = words_in(text(operator.get(job.get_absolute_url())))
    assert "Paused. The service refused our key. Nothing more is deleted until somebody resumes it." in words
    assert "Resume" in words
    Job.objects.update(next_try_at=timezone.now() + timedelta(seconds=30))
    assert "resumes by itself at" in text(operator.get(job.get_absolute_url()))
    assert "Resume" not in text(make.signed_in("viewer").get(job.get_absolute_url()))


def test_over(operator: Browser, small: Connection) -> None:
    states = {
        RemovalState.DELETED: 3,
        RemovalState.ALREADY_GONE: 1,
        RemovalState.NOT_REMOVED: 1,
        RemovalState.RECACHED: 1,
    }
    now = timezone.now()
    job = begun(small, states, state=JobState.DONE, started_at=now - timedelta(seconds=75), finished_at=now)
    answer = operator.get(job.get_absolute_url())
    page, words = text(answer), words_in(text(answer))
    assert 'hx-trigger="every' not in page
    assert "Deleted 4 of 6 items of Studio A" in words
    assert "3.0 MB freed in 1 min 15 s" in words
    receipt = page.partition('readonly rows="')[2].partition(">")[2].partition("</textarea>")[0]
    for line in (
        "Deleted: 3",
        "Failed: 2",
        "Freed: 3.0 MB",
        "Ticket: ZD-1",
        f"https://testserver/jobs/{job.pk}/",
    ):
        assert line in receipt.split("\n")
    assert "Retry 1 item…" in words  # what is cached again was removed
    assert "Stop" not in words


def test_of_one_that_was_stopped_the_rest_is_cancelled(operator: Browser, small: Connection) -> None:
    states = {RemovalState.DELETED: 1, RemovalState.CANCELLED: 4}
    job = begun(small, states, state=JobState.STOPPED, why="Omar may not delete in Studio A any more.")
    page = text(operator.get(job.get_absolute_url()))
    words = words_in(page)
    assert "Deleted 1 of 5 items of Studio A Stopped" in words
    assert '<progress max="5" value="1"' in page, "a full bar would say that all are gone"
    assert "Omar may not delete" in words
    assert "Cancelled: 4" in words


def test_what_is_under_way_stands_before_what_waits(operator: Browser, small: Connection) -> None:
    job = begun(small, {RemovalState.PLANNED: 2, RemovalState.CLAIMED: 1, RemovalState.SENT: 1})
    words = words_in(text(operator.get(job.get_absolute_url())))
    assert re.findall("Sent|About to be sent|Planned", words) == [
        "Sent",
        "About to be sent",
        *["Planned"] * 2,
    ]


@pytest.mark.parametrize(("kind", "title"), [("scan", "Scanning Studio A"), ("export", "Exporting Studio A")])
def test_other_kinds_show_how_far_they_are(viewer: Browser, small: Connection, kind: str, title: str) -> None:
    now = timezone.now()
    job = make.job(small, kind=kind, state="running", seen=48_211, started_at=now - timedelta(seconds=10))
    answer = viewer.get(job.get_absolute_url())
    assert title in text(answer)
    assert "48,211 items" in text(answer)
    assert "<progress aria" in text(answer)
    Job.objects.update(state="done", finished_at=now)
    assert "<progress" not in text(viewer.get(job.get_absolute_url()))


def test_it_asks_nothing_of_the_service(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    job = begun(small, {RemovalState.PLANNED: 1})
    sandbox.calls.clear()
    viewer.get(job.get_absolute_url())
    assert sandbox.calls == []


def test_wrong_role(small: Connection, behind_sign_on: object) -> None:
    """Of a connection that is not theirs to see it is said what is said of a job that never was."""
    job = begun(small, {RemovalState.PLANNED: 1})
    make.rewrite(Connection.objects.filter(pk=small.pk), groups=["legal"])
    stranger = assertion_browser(GROUPS["operator"])
    theirs = stranger.get(job.get_absolute_url())
    never = stranger.get("/jobs/70b00000-0000-4000-8000-00000000dead/")
    assert theirs.status_code == never.status_code == 404
    assert "There is no record of this number that you may see." in text(theirs)
    assert "There is no record of this number that you may see." in text(never)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(operator: Browser, small: Connection, method: str) -> None:
    job = begun(small, {RemovalState.PLANNED: 1})
    assert getattr(operator, method)(job.get_absolute_url()).status_code == 405


def test_after_a_stop_what_was_sent_is_waited_for(operator: Browser, small: Connection) -> None:
    job = begun(small, {RemovalState.SENT: 2, RemovalState.CANCELLED: 3}, state=JobState.STOPPED)
    answer = operator.get(job.get_absolute_url())
    assert "Waiting for the outcome of 2 items" in text(answer)
    assert 'hx-trigger="every 2s"' in text(answer)
    job.removals.filter(state=RemovalState.SENT).update(state=RemovalState.DELETED)
    assert 'hx-trigger="every' not in text(operator.get(job.get_absolute_url()))
