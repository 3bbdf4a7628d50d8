"""What comes after a committed act may fail: the act's answer says that it was done, and what was not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import selection, worker
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Job, Lookup, Removal, RemovalState, Worker
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests.answers import hidden_fields, text
from tests.make import Browser, deletes, lookup, plain_ids, work_off
from tests.rights import refuse

TRAY = "/c/small/tray/"
PERSON = DEMO_PEOPLE["operator"]


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def selected(operator: Browser, small: Connection, sandbox: Sandbox) -> list[str]:
    ids = plain_ids(small, MediaQuery(status="stored", limit=100))[:4]
    selection.add(PERSON, small, [(media_id, 1, 100) for media_id in ids])
    return ids


def press(operator: Browser, *, by_htmx: bool = False) -> Any:
    said = {"ticket": "ZD-3", "reason": "asked for", **hidden_fields(operator.get(TRAY))}
    return operator.fragment(TRAY, said, method="post") if by_htmx else operator.post(TRAY, said)


@pytest.mark.parametrize("by_htmx", [False, True])
def test_a_tray_that_stays_full_keeps_no_removal_from_its_answer(
    operator: Browser, selected: list[str], small: Connection, sandbox: Sandbox, by_htmx: bool
) -> None:
    refuse("DELETE", "dashboard_trayitem")
    answer = press(operator, by_htmx=by_htmx)
    where = answer.headers["HX-Redirect" if by_htmx else "Location"]
    job = Job.objects.get()
    assert where == f"{job.get_absolute_url()}?tray=full"
    page = operator.get(where)
    assert page.status_code == 200
    assert "these items are still selected" in text(page)
    work_off()
    assert len(deletes(sandbox)) == len(selected)
    again = press(operator)
    assert again.status_code < 500
    work_off()
    assert len(deletes(sandbox)) == len(selected), "nothing is deleted twice"


def test_a_tray_that_was_emptied_is_not_spoken_of(
    operator: Browser, selected: list[str], small: Connection
) -> None:
    where = press(operator).headers["Location"]
    assert where == Job.objects.get().get_absolute_url()
    for address in (where, f"{where}?tray=full"):
        assert "still selected" not in text(operator.get(address))


def test_a_look_that_cannot_be_written_down_leaves_what_is(
    operator: Browser, small: Connection, sandbox: Sandbox
) -> None:
    """The answer was lost; that it is unknown is committed, and what reading then finds is not."""
    media_id = plain_ids(small, MediaQuery(status="stored", limit=20))[0]
    question = operator.get(f"/c/small/media/{media_id}/delete/")
    sandbox.faults.add(method="DELETE", close=True, act=True)

    def no_second_update(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "dashboard_removal"') and "verified_gone" in params:
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    with database.execute_wrapper(no_second_update):
        answer = operator.post(
            f"/c/small/media/{media_id}/delete/", {"ticket": "ZD-1", **hidden_fields(question)}
        )
    assert Removal.objects.get().state == RemovalState.UNKNOWN
    assert "could not be recorded" not in text(answer)
    assert answer.status_code != 500


def test_an_expired_look_up_that_cannot_be_deleted_keeps_nobody_from_a_new_one(
    viewer: Browser, small: Connection
) -> None:
    old = lookup([small], expires_at=timezone.now() - timedelta(hours=1))
    refuse("DELETE", "dashboard_lookup")
    answer = viewer.post("/lookup/", {"ids": "1 2", "connection": "small"})
    assert answer.status_code == 303, text(answer)
    begun = Lookup.objects.exclude(pk=old.pk).get()
    assert answer.headers["Location"] == begun.get_absolute_url()
    again = viewer.post(f"{begun.get_absolute_url()}again/", {"all": "1"})
    assert again.status_code == 303


def test_answers_that_cannot_be_kept_are_asked_for_again(viewer: Browser, small: Connection) -> None:
    refuse("UPDATE", "dashboard_lookup")
    answer = viewer.post("/lookup/", {"ids": "1 2", "connection": "small"})
    assert answer.status_code == 303, text(answer)
    page = viewer.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "again/" in text(page)


@pytest.mark.parametrize("table", ["dashboard_lookup", "dashboard_worker"])
def test_what_cannot_be_tidied_keeps_nothing_else_from_it(
    small: Connection, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is it tried again every two seconds."""
    long_ago = timezone.now() - timedelta(days=30)
    lookup([small], expires_at=long_ago)
    Worker.objects.create(host="gone", beat_at=long_ago)
    DBTaskResult.objects.create(
        status="SUCCESSFUL", finished_at=long_ago, args_kwargs={}, task_path="x", backend_name="default"
    )
    refuse("DELETE", table)
    assert worker.poll(Worker(host="here"), cleans_up=True)
    assert Lookup.objects.exists() is (table == "dashboard_lookup")
    assert Worker.objects.filter(host="gone").exists() is (table == "dashboard_worker")
    assert not DBTaskResult.objects.exists()
    [line] = [one for one in caplog.records if "permission denied" in one.getMessage()]
    assert not line.exc_info
