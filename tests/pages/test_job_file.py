"""`/jobs/<number>/file/`: what a worker wrote, for whoever had it written; and what the job's page says."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard.exports import files as export_files
from dashboard.exports import job as export
from dashboard.models import Connection, Event, Job
from dashboard.sandbox import Sandbox
from dashboard.spreadsheets import CONTENT_TYPES
from dashboard.vault import MediaQuery
from tests.answers import leave, text, words_in
from tests.exports import after, streamed, written
from tests.make import OMAR, Browser, facts_of, no_events, rewrite

TAKEN = "media.exported"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DASHBOARD_FILES=tmp_path):
        yield tmp_path


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def begun(of: Connection, form: str = "csv") -> Job:
    """Omar Haddad's, who is the operator."""
    return export.begin(OMAR, of, MediaQuery(status="stored"), form, uuid.uuid4())


def at(job: Job) -> str:
    return f"{job.get_absolute_url()}file/"


def page_of(job: Job, browser: Browser) -> str:
    return words_in(text(browser.get(job.get_absolute_url())))


@pytest.mark.parametrize(
    ("form", "kind"), [("csv", "text/csv; charset=utf-8"), ("jsonl", "application/jsonl")]
)
def test_works(operator: Browser, small: Connection, form: str, kind: str) -> None:
    job = after(begun(small, form))
    answer = operator.get(at(job))
    assert answer.status_code == 200
    assert bytes(answer.getvalue()) == written(job) == streamed(small, form, MediaQuery(status="stored"))
    assert answer.headers["Content-Type"] == CONTENT_TYPES[form]
    assert answer.headers["Content-Length"] == str(job.size_bytes)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="media-small-20')
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_that_it_is_taken_is_recorded_first(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    leave(operator.get(at(job)))
    facts = facts_of(TAKEN)
    filters = {"status": "stored"}
    assert facts["result"] == {
        "job": str(job.pk),
        "size_bytes": job.size_bytes,
        "format": "csv",
        "filters": filters,
    }
    with database.execute_wrapper(no_events):
        answer = operator.get(at(job))
    assert (answer.status_code, answer.streaming) == (503, False)


def test_it_is_for_whoever_had_it_written(
    viewer: Browser, operator: Browser, admin: Browser, small: Connection
) -> None:
    job = after(begun(small))
    for other in (viewer, admin):
        answer = other.get(at(job))
        assert answer.status_code == 404
        assert text(answer) == text(other.get(at(Job(pk=job.pk)))) or "no record of this number" in text(
            answer
        )
        assert "Only Omar Haddad, who asked for it, can download it." in page_of(job, other)
        assert "Download CSV" not in page_of(job, other)
    assert "Download CSV" in page_of(job, operator)
    assert not Event.objects.filter(code=TAKEN).exists()


def test_who_may_not_see_the_connection_any_more_takes_nothing(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    rewrite(Connection.objects, groups=["vault-admins"])
    assert operator.get(at(job)).status_code == 404


def test_of_an_archived_connection_nothing_is_taken_away(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    rewrite(Connection.objects, archived_at=timezone.now())
    assert operator.get(at(job)).status_code == 404
    page = text(operator.get(job.get_absolute_url()))
    assert "is archived or not open to you" in page
    assert at(job) not in page
    assert "/c/small/" not in page, "its list is not there any more"
    assert not Event.objects.filter(code=TAKEN).exists()


def test_a_link_from_elsewhere_takes_nothing_away(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    answer = operator.get(at(job), headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers["Location"]) == (302, job.get_absolute_url())
    assert not Event.objects.filter(code=TAKEN).exists()


def test_empty_or_not_yet_there(operator: Browser, small: Connection) -> None:
    job = begun(small)
    answer = operator.get(at(job))
    assert answer.status_code == 410
    assert "has not come to its end" in text(answer)
    assert "0 B so far" in page_of(job, operator)
    assert "for you alone" in page_of(job, operator)


def test_after_a_day_it_is_gone(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    Job.objects.update(finished_at=timezone.now() - timedelta(hours=25))
    for _ in range(2):  # before it is tidied away, and after
        answer = operator.get(at(job))
        assert answer.status_code == 410
        assert "lay here for a day" in text(answer)
        export.delete_old_files()
    assert "It was deleted after a day." in page_of(job, operator)
    assert 'href="/c/small/export/?status=stored"' in text(operator.get(job.get_absolute_url()))


def test_on_another_machine_it_is_said_to_be_elsewhere(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    export_files.get_path(job).unlink()
    answer = operator.get(at(job))
    assert answer.status_code == 410
    assert "not on this machine" in text(answer)
    assert "not on this machine" in page_of(job, operator)


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_one_without_an_end_has_no_file(operator: Browser, small: Connection, state: str) -> None:
    job = begun(small)
    Job.objects.update(state=state, finished_at=timezone.now(), why="There is no room for the file.")
    assert operator.get(at(job)).status_code == 410
    assert "What had been written was deleted." in page_of(job, operator)
    assert "Export again…" in page_of(job, operator)


def test_the_page_says_what_it_is_of(operator: Browser, small: Connection) -> None:
    page = page_of(after(begun(small)), operator)
    for words in ("Export of Studio A", "Done", "Status: Stored", "as the service lists", "Download CSV"):
        assert words in page


def test_fragment(operator: Browser, small: Connection) -> None:
    job = after(begun(small))
    answer = operator.fragment(at(job))
    assert answer.streaming
    leave(answer)


def test_bad_input(operator: Browser, connections: None) -> None:
    assert operator.get("/jobs/nonsense/file/").status_code == 404
    assert operator.get(f"/jobs/{uuid.uuid4()}/file/").status_code == 404


def test_upstream_error(operator: Browser, small: Connection, sandbox: Sandbox) -> None:
    """It is no business of the service's any more."""
    job = after(begun(small))
    sandbox.faults.add(status=500, times=None)
    answer = operator.get(at(job))
    assert answer.status_code == 200
    leave(answer)


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_wrong_method(operator: Browser, small: Connection, method: str) -> None:
    job = after(begun(small))
    assert getattr(operator, method)(at(job)).status_code == 405
    assert not Event.objects.filter(code=TAKEN).exists()


def test_wrong_role(nobody: Browser, small: Connection) -> None:
    job = after(begun(small))
    answer: Any = nobody.get(at(job))
    assert answer.status_code == 302


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_of_a_table_the_page_says_how_ids_survive_a_spreadsheet(
    operator: Browser, small: Connection, form: str
) -> None:
    job = after(begun(small, form))
    assert ("set the column media_id to text" in page_of(job, operator)) == (form == "csv")
