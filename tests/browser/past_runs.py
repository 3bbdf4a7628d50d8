"""Bulk removals for pictures: one that is done, one half-way, and one that waits for somebody to see why."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from django.utils import timezone

from dashboard.identity import Caller
from dashboard.models import Connection, Job, JobState, RemovalState
from dashboard.removals import bulk, claims, ledger
from tests.browser.numbers import RUN_DONE, RUN_HALF_WAY, RUN_RESTING
from tests.make import job

_REFUSED: Final = "The service refused our key. Tell your administrator. It said: Unauthorized"


def write(studio: Connection, creator: Connection, omar: Caller, ada: Caller) -> None:
    deleted, gone, kept = RemovalState.DELETED, RemovalState.ALREADY_GONE, RemovalState.NOT_REMOVED
    done = begun(studio, omar, RUN_DONE, 26, "ZD-4811", [*[deleted] * 22, gone, kept, kept, deleted])
    finish(done, omar)
    begun(creator, ada, RUN_RESTING, 400, "LEGAL-90", [deleted] * 9, state=JobState.PAUSED, why=_REFUSED)
    half_way = {"state": JobState.RUNNING, "lease_until": timezone.now() + timedelta(days=1)}
    begun(studio, omar, RUN_HALF_WAY, 60, "ZD-4815", [deleted] * 12, **half_way)


def begun(
    of: Connection,
    who: Caller,
    number: str,
    items: int,
    ticket: str,
    came: list[RemovalState],
    **facts: object,
) -> Job:
    """A bulk removal of so many items of which the first came to these outcomes; no worker takes it up."""
    assert who.person is not None
    person, email = who.person.name, who.person.email
    said = {"person": person, "email": email, "ticket": ticket, "reason": f"Requested in {ticket}"}
    started = timezone.now() - timedelta(minutes=2)
    times = {"created_at": started, "started_at": started, "moved_at": started}
    made = job(of, id=number, total=items, **{**said, **times, **facts})
    claims.plan(made, of, [f"55{number[-2:]}{place:04}" for place in range(items)])
    bulk.record_step(made, who, "planned", {"items": items, "held": 0})
    claim = uuid.uuid4()
    for row, outcome in zip(claims.acquire(made, claim, len(came)), came, strict=True):
        if outcome == RemovalState.ALREADY_GONE:
            claims.close(row, claim, who, outcome, result={"found_by": "reading"})
            continue
        claims.send(row, claim, who, {"type": "image", "duration": None, "variants": []})
        freed = {"freed_bytes": 1_204_000 + 31_000 * row.position} if outcome == RemovalState.DELETED else {}
        ledger.move(row, outcome, who, result={"status": 200, "success": bool(freed), **freed}, **freed)
    if made.state == JobState.PAUSED:
        bulk.record_step(made, who, "paused", {"seconds": None})
    return made


def finish(made: Job, who: Caller) -> None:
    made.state, made.finished_at = JobState.DONE, timezone.now()
    made.save()
    bulk.record_step(made, who, "finished", {"items": made.total, **claims.states(made)})
