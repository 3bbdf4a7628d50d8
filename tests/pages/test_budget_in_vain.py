"""What is not done costs nothing of a budget: what fails, what others do, what cannot be recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard import budgets
from dashboard.models import Budget, Connection, Removal
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests.make import Browser, no_events, plain_ids, removal

from .test_media_reveal import on_item


def delete_what_is_being_deleted(browser: Browser, sandbox: Sandbox) -> Any:
    small = Connection.objects.get(slug="small")
    media_id = plain_ids(small, MediaQuery())[0]
    removal(small, media_id=media_id, state="sent", settled_at=None)
    return browser.post(f"/c/small/media/{media_id}/delete/")


def delete_what_somebody_just_did(browser: Browser, sandbox: Sandbox) -> Any:
    removal(Connection.objects.get(slug="small"), media_id="odd-many", subject="else")
    return browser.post("/c/small/media/odd-many/delete/")


def delete_unread(browser: Browser, sandbox: Sandbox) -> Any:
    sandbox.faults.add(status=500, times=None)
    return browser.post("/c/small/media/odd-many/delete/")


def delete_unrecorded(browser: Browser, sandbox: Sandbox) -> Any:
    with database.execute_wrapper(no_events):
        return browser.post("/c/small/media/odd-many/delete/")


def take_away_unread(browser: Browser, sandbox: Sandbox) -> Any:
    sandbox.faults.add(status=500, times=None)
    return browser.get("/c/small/export/now/?format=csv")


def take_away_unrecorded(browser: Browser, sandbox: Sandbox) -> Any:
    with database.execute_wrapper(no_events):
        return browser.get("/c/small/export/now/?format=csv")


def take_audit_unrecorded(browser: Browser, sandbox: Sandbox) -> Any:
    with database.execute_wrapper(no_events):
        return browser.get("/audit/export/?format=csv")


def reveal_unread(browser: Browser, sandbox: Sandbox) -> Any:
    said = on_item(browser)
    sandbox.faults.add(status=500, times=None)
    return browser.post("/c/small/media/odd-label/reveal/", said)


def reveal_what_is_gone(browser: Browser, sandbox: Sandbox) -> Any:
    said = on_item(browser)
    sandbox.faults.add(status=404, times=None)
    return browser.post("/c/small/media/odd-label/reveal/", said)


def reveal_unrecorded(browser: Browser, sandbox: Sandbox) -> Any:
    said = on_item(browser)
    with database.execute_wrapper(no_events):
        return browser.post("/c/small/media/odd-label/reveal/", said)


def scan_unqueued(browser: Browser, sandbox: Sandbox) -> Any:
    with database.execute_wrapper(no_jobs):
        return browser.post("/c/small/scan/", {"act": "begin", "place": "overview"})


def no_jobs(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.startswith('INSERT INTO "dashboard_job"'):
        raise OperationalError("disk I/O error")
    return execute(sql, *rest)


IN_VAIN: Final[list[Callable[[Browser, Sandbox], Any]]] = [
    delete_what_is_being_deleted,
    delete_what_somebody_just_did,
    delete_unread,
    delete_unrecorded,
    take_away_unread,
    take_away_unrecorded,
    take_audit_unrecorded,
    reveal_unread,
    reveal_what_is_gone,
    reveal_unrecorded,
    scan_unqueued,
]


@pytest.mark.parametrize("press", IN_VAIN, ids=lambda press: press.__name__)
def test_what_is_not_done_does_not_count(
    operator: Browser, sandbox: Sandbox, press: Callable[[Browser, Sandbox], Any]
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 2)):
        for _ in range(3):
            assert press(operator, sandbox).status_code != 429
            sandbox.faults.clear()
            Removal.objects.update(state="deleted", sent_at=long_ago, settled_at=long_ago)
    assert not Budget.objects.filter(count__gt=0).exists()
