"""What counts once against a limit though it is pressed again, and what counts though it looks small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils import timezone

from dashboard import budgets
from dashboard.exports import files
from dashboard.models import Budget, Connection, Job, JobState, Lookup
from dashboard.sandbox import Sandbox
from tests.answers import leave
from tests.make import Browser, job

from .test_budget_refused import look_up


@pytest.fixture(autouse=True)
def _two_of_each() -> Iterator[None]:
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 2)):
        yield


def test_the_file_of_an_export_counts_as_one(operator: Browser, tmp_path: Path) -> None:
    with override_settings(DASHBOARD_FILES=tmp_path):
        small = Connection.objects.get(slug="small")
        done = {"kind": Job.Kind.EXPORT, "form": "csv", "state": JobState.DONE, "finished_at": timezone.now()}
        export = job(small, size_bytes=1, **done)
        files.get_path(export).write_text("x")
        statuses = []
        for _ in range(3):
            answer = operator.get(f"/jobs/{export.pk}/file/")
            statuses.append(answer.status_code)
            leave(answer)
    assert statuses == [200, 200, 429]


def test_a_look_up_asked_again_counts_what_is_unanswered(viewer: Browser, sandbox: Sandbox) -> None:
    look_up(viewer, {})
    begun = Lookup.objects.get()
    again = f"/lookup/{begun.pk}/again/"
    for _ in range(5):  # everything is answered
        assert viewer.post(again).status_code == 303
    Lookup.objects.update(answers={})
    assert viewer.post(again).status_code == 303
    Lookup.objects.update(answers={})
    assert viewer.post(again).status_code == 429
    assert viewer.post(again, {"all": "on"}).status_code == 429


def test_a_scan_that_is_under_way_counts_once(viewer: Browser, operator: Browser) -> None:
    for browser in (viewer, operator, viewer):
        for act in ("begin", "resume"):
            browser.post("/c/small/scan/", {"act": act, "place": "overview"})
    assert [(one.subject, one.count) for one in Budget.objects.all()] == [("vera", 1)]


def test_texts_that_are_no_ids_count_too(viewer: Browser) -> None:
    """They are kept as long: one ID among a thousand of them is no small look-up."""
    answer = viewer.post("/lookup/", {"ids": "449 bö-se äü-ßer", "connection": "small"})
    assert answer.status_code == 429
    assert not Lookup.objects.exists()


def test_a_form_pressed_twice_counts_once(operator: Browser) -> None:
    token = str(uuid4())
    for _ in range(5):
        answer = operator.post("/c/small/export/", {"format": "csv", "token": token})
        assert answer.status_code == 303
    assert Budget.objects.get(kind="exports").count == 1
