"""The ledger beside its events: its rows are not sealed, but each of their steps is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from dashboard.logs import masked
from dashboard.models import Connection, Event, Removal


def differing_removals() -> tuple[UUID, str] | None:
    """The first removal whose row says something else than its events, and what is wrong with it.

    Of what retention took away nothing is asked: neither of removals from before the oldest event, nor who
    asked for one whose first steps are gone. Removals from before there were events name no issuer.
    """
    return next(_differences(), None)


def _differences() -> Iterator[tuple[UUID, str]]:
    steps = Event.objects.filter(removal__isnull=False)
    there = Removal.objects.filter(connection__in=Connection.objects.values("pk")).values("pk")
    for event in steps.exclude(removal_id__in=there).order_by("sequence"):
        yield _number(event), "is gone, or its connection is, but its events are there"
    told = steps.order_by("removal_id", "sequence").select_related("removal__connection")
    for number, group in groupby(told.iterator(chunk_size=2000), key=_number):
        if wrong := _wrong(list(group)):
            yield number, wrong
    untold = Removal.objects.filter(events=None).exclude(issuer="")
    oldest = Event.objects.order_by("sequence").first()
    if oldest and oldest.sequence > 1:
        untold = untold.filter(sent_at__gte=oldest.at)
    for removal in untold:
        yield removal.pk, "has no event"


def _number(event: Event) -> UUID:
    assert event.removal_id is not None  # noqa: S101 - it is a step of a removal
    return event.removal_id


def _wrong(steps: list[Event]) -> str | None:
    """What is wrong with the row that these are the steps of; None where nothing is."""
    row = steps[0].removal
    assert row is not None  # noqa: S101 - those that are gone were named before
    closings = [step for step in steps if step.outcome == "closed"]
    moves = [step for step in steps if step.outcome != "closed"]
    if moves and row.state != moves[-1].outcome:
        return f"is {row.state}, and its last event says {moves[-1].outcome}"
    if row.closed_at and not closings and steps[0].outcome == "sent":
        return "is closed, and no event says so"
    said = [_said(step, is_first=step is steps[0]) for step in moves]
    said += [
        {"closed_by": one.actor_name, "closing_note": json.loads(one.line)["reason"]} for one in closings
    ]
    for facts in said:
        for name, value in facts.items():
            if masked(_column(row, name)) != value:
                return f"has another {name} than its events"
    return None


def _said(step: Event, *, is_first: bool) -> dict[str, Any]:
    """What a step says of the row, by the names of its columns."""
    facts = json.loads(step.line)
    said = {name: facts[name] for name in ("connection", "media_id", "ticket", "reason", "attempt")}
    said["verb"] = step.verb
    if is_first and step.outcome in ("sent", "already_gone"):
        said |= {"person": facts["actor_name"], "email": facts["actor_email"]}
        said |= {"issuer": facts["actor_issuer"], "subject": facts["actor_subject"], "role": facts["role"]}
    if step.outcome == "sent":
        said["before"] = facts["before"]
    return said | {
        name: facts["result"][name] for name in ("freed_bytes", "purged_variants") if name in facts["result"]
    }


def _column(row: Removal, name: str) -> Any:
    if name == "connection":
        return row.connection.slug
    return row.email.lower() if name == "email" else getattr(row, name)
