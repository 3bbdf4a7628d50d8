"""Answers to the calls of a bulk removal that contradict what was seen, or refuse."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from dashboard import audit
from dashboard.models import Connection, Job, RemovalState
from dashboard.removals import bulk, recovery
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import answers, make
from tests.answers import words_in
from tests.make import Browser, deletes

Fault = dict[str, Any]


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def pass_by(job: Job) -> None:
    """Let the time pass after which the keeper looks."""
    job.removals.filter(state=RemovalState.UNKNOWN).update(next_look_at=timezone.now())
    recovery.reconcile_due()


def many(small: Connection, answer: Callable[[Sandbox, str], None], sandbox: Sandbox) -> Job:
    """Remove eight items, each answered by a fault of its own; the job, as the worker left it."""
    ids = make.plain_ids(small, MediaQuery(limit=60, status="stored"))[:8]
    for media_id in ids:
        answer(sandbox, media_id)
    job = bulk.begin(small, Intent(make.OMAR, uuid.uuid4(), "ZD-1", "asked for"), ids).job
    make.work_off()
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("kind", ["nothing freed", "no body"])
def test_a_bulk_removal_goes_on_over_answers_that_do_not_tell(
    small: Connection, operator: Browser, sandbox: Sandbox, kind: str, acts: bool
) -> None:
    def answer(service: Sandbox, media_id: str) -> None:
        body = {"success": True, "mediaId": media_id, "freedBytes": 0}
        fault: Fault = (
            {"status": 200, "body": body} if kind == "nothing freed" else {"status": 204, "body": ""}
        )
        service.faults.add(method="DELETE", path=f"/{media_id}$", act=acts, **fault)

    job = many(small, answer, sandbox)
    assert job.state == "done", job.why
    assert len(deletes(sandbox)) == 8
    pass_by(job)
    expected = RemovalState.VERIFIED_GONE if acts else RemovalState.VERIFIED_PRESENT
    assert {row.state for row in job.removals.all()} == {expected}
    assert len(deletes(sandbox)) == 8, "no second call on a guess"
    counts = bulk.summarize([job.pk])[job.pk].counts
    assert (counts.deleted, counts.failed) == ((8, 0) if acts else (0, 8))


def test_a_bulk_removal_names_refusals_and_goes_on(
    small: Connection, operator: Browser, sandbox: Sandbox
) -> None:
    def answer(service: Sandbox, media_id: str) -> None:
        service.faults.add(method="DELETE", path=f"/{media_id}$", status=409, body={"message": "busy"})

    job = many(small, answer, sandbox)
    assert job.state == "done"
    assert {row.state for row in job.removals.all()} == {RemovalState.REJECTED}
    page = unescape(words_in(answers.text(operator.get(job.get_absolute_url()))))
    assert "busy" in page
    assert "Retry" in page or "Try" in page


def test_odd_numbers_of_many_are_never_summed(small: Connection, operator: Browser, sandbox: Sandbox) -> None:
    numbers = iter(["1000", "1024.5", "-7", "1e300", "9007199254740993", "2.0", "1e9999", "0.5"])

    def answer(service: Sandbox, media_id: str) -> None:
        body = f'{{"success": true, "mediaId": "{media_id}", "freedBytes": {next(numbers)}}}'
        service.faults.add(method="DELETE", path=f"/{media_id}$", act=True, status=200, body=body)

    job = many(small, answer, sandbox)
    assert job.state == "done"
    assert {row.state for row in job.removals.all()} == {RemovalState.DELETED}
    page = unescape(words_in(answers.text(operator.get(job.get_absolute_url()))))
    assert "1.0 kB freed" in page
    assert audit.find_difference() is None
