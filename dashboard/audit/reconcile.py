"""The ledger beside its events: its rows are not sealed, but each of their steps is.

An item of a bulk removal has no step until it is claimed and sent, or found to be gone. Until then the event
that begins the bulk removal vouches for it: for whom, and how many there are.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from dashboard.logs import masked
from dashboard.models import Connection, Event, Job, Removal

from .record import hold_the_end

State = Removal.State

_WAITING: Final = (State.PLANNED, State.CLAIMED)
_UNSENT: Final = (*_WAITING, State.CANCELLED)


def differing_removals() -> tuple[str, str] | None:
    """The first removal, or bulk removal, that says something else than its events: its name with its number,
    and what is wrong with it.

    Of what retention took away nothing is asked: neither of removals from before the oldest event, nor who
    asked for one whose first steps are gone. Removals from before there were events name no issuer.
    """
    return next(_differences(), None)


def _differences() -> Iterator[tuple[str, str]]:
    for number, wrong in _of_removals():
        yield f"removal {number}", wrong
    for number, wrong in _of_runs():
        yield f"bulk removal {number}", wrong


def _of_removals() -> Iterator[tuple[UUID, str]]:
    steps = Event.objects.filter(removal__isnull=False)
    there = Removal.objects.filter(connection__in=Connection.objects.values("pk")).values("pk")
    for event in steps.exclude(removal_id__in=there).order_by("sequence"):
        yield _number(event), "is gone, or its connection is, but its events are there"
    told = steps.order_by("removal_id", "sequence").select_related("removal__connection")
    for number, group in groupby(told.iterator(chunk_size=2000), key=_number):
        if wrong := _wrong(list(group)):
            yield number, wrong
    oldest = _oldest_kept()
    untold = Removal.objects.filter(events=None).exclude(issuer="")
    untold = untold.exclude(job__isnull=False, state__in=_UNSENT)
    for removal in untold.filter(sent_at__gte=oldest) if oldest else untold:
        yield removal.pk, "has no event"


def _of_runs() -> Iterator[tuple[UUID, str]]:
    """Bulk removals by the event that begins each, and those that none does."""
    oldest = _oldest_kept()
    told = _told(Event.objects.filter(verb="bulk"))
    states = _states(Removal.objects.filter(job__isnull=False))
    for number in sorted({*told, *states}, key=str):
        wrong = _wrong_run(number, told[number], states[number], oldest)
        if wrong and (wrong := _still_wrong(number, oldest)):
            yield number, wrong


def _still_wrong(number: UUID, oldest: datetime | None) -> str | None:
    """The same, read once more while nobody writes an event: a worker may have come between two reads."""
    with transaction.atomic():
        hold_the_end()
        told = _told(Event.objects.filter(Q(job=number) | Q(begun_job=number), verb="bulk"))
        return _wrong_run(number, told[number], _states(Removal.objects.filter(job=number))[number], oldest)


def _told(events: QuerySet[Event]) -> dict[UUID, dict[str, dict[str, Any]]]:
    """What these events say of bulk removals: by number, then by outcome."""
    told: dict[UUID, dict[str, dict[str, Any]]] = defaultdict(dict)
    for event in events.order_by("sequence").iterator(chunk_size=2000):
        facts = json.loads(event.line)
        told[UUID(facts["result"]["job"])][event.outcome] = facts
    return told


def _states(rows: QuerySet[Removal]) -> dict[UUID, Counter[str]]:
    """How many of these rows are in each state, by their bulk removal."""
    states: dict[UUID, Counter[str]] = defaultdict(Counter)
    counted: Any = rows.order_by().values_list("job_id", "state").annotate(Count("pk"))
    for number, state, count in counted:
        states[number][state] = count
    return states


def _wrong_run(
    number: UUID, steps: dict[str, dict[str, Any]], states: Counter[str], oldest: datetime | None
) -> str | None:
    """What is wrong with a bulk removal of which these events tell; None where nothing is."""
    job = Job.objects.filter(pk=number).select_related("connection").first()
    if job is None:
        return "is gone, but its events are there"
    if "planned" not in steps:
        is_kept = oldest is None or job.created_at >= oldest
        return "has items, and no event begins it" if states and is_kept else None
    planned = steps["planned"]
    if (there := sum(states.values())) != (items := planned["result"]["items"]):
        return f"has {there} items, and its event says {items}"
    cancelled = steps.get("stopped", {}).get("result", {}).get("cancelled", 0)
    if states[State.CANCELLED] != cancelled:
        return f"has {states[State.CANCELLED]} cancelled items, and its events say {cancelled}"
    if "finished" in steps and any(states[state] for state in _WAITING):
        return "is finished, and has items that are still to be sent"
    said = {**_asked(planned), **_about(planned)}
    if name := _differing(job, said):
        return f"has another {name} than its event"
    for removal in Removal.objects.filter(job=job, events=None).select_related("connection"):
        if name := _differing(removal, {**said, "verb": Removal.Verb.DELETE}):
            return f"has an item with another {name} than its event: removal {removal.pk}"
    if planned["result"].get("digest", digest := job.digest) != digest:
        return "is of other items than its event says"
    return None


def _oldest_kept() -> datetime | None:
    """From when on there are events of everything; None where all of them are there."""
    oldest = Event.objects.order_by("sequence").first()
    return oldest.at if oldest and oldest.sequence > 1 else None


def _number(event: Event) -> UUID:
    assert event.removal_id is not None  # noqa: S101 - it is a step of a removal
    return event.removal_id


def _wrong(steps: list[Event]) -> str | None:
    """What is wrong with the row that these are the steps of; None where nothing is."""
    row = steps[0].removal
    assert row is not None  # noqa: S101 - those that are gone were named before
    closings = [step for step in steps if step.outcome == "closed"]
    moves = [step for step in steps if step.outcome != "closed"]
    if moves and row.state not in _LEFT_IN.get(moves[-1].outcome, (moves[-1].outcome,)):
        return f"is {row.state}, and its last event says {moves[-1].outcome}"
    if row.closed_at and not closings and steps[0].outcome == "sent":
        return "is closed, and no event says so"
    last_sent = next((step for step in reversed(moves) if step.outcome == "sent"), None)
    said = [_said(step, is_first=step is steps[0], is_last_sent=step is last_sent) for step in moves]
    said += [
        {"closed_by": one.actor_name, "closing_note": json.loads(one.line)["reason"]} for one in closings
    ]
    names = (_differing(row, facts) for facts in said)
    return next((f"has another {name} than its events" for name in names if name), None)


def _differing(row: Removal | Job, said: Mapping[str, Any]) -> str | None:
    """The first column that holds something else than is said of it."""
    return next((name for name, value in said.items() if masked(_column(row, name)) != value), None)


_LEFT_IN: Final[dict[str, tuple[str, ...]]] = {"put_off": _UNSENT}
"""The states that a row may be in after a step that names none."""


def _said(step: Event, *, is_first: bool, is_last_sent: bool) -> dict[str, Any]:
    """What a step says of the row, by the names of its columns. A worker's step names who asked for it."""
    facts = json.loads(step.line)
    said = {name: facts[name] for name in ("media_id", "attempt")} | _about(facts)
    said |= {"verb": step.verb, "job": facts.get("job")}
    if is_first and step.outcome in ("sent", "already_gone", "refused"):
        said |= _asked(facts)
    if is_last_sent:  # one that was put off is read again, and sent again
        said["before"] = facts["before"]
    return said | {
        name: facts["result"][name] for name in ("freed_bytes", "purged_variants") if name in facts["result"]
    }


def _about(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("connection", "ticket", "reason")}


def _asked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Who asked for it, by the names of the row's columns."""
    who = ("name", "email", "issuer", "subject")
    person = dict(zip(("person", *who[1:]), (facts[f"actor_{name}"] for name in who), strict=True))
    return {**person, "role": facts["role"]}


def _column(row: Removal | Job, name: str) -> Any:
    if name == "connection":
        return row.connection.slug
    if name == "job" and isinstance(row, Removal):
        return str(row.job_id) if row.job_id else None
    return row.email.lower() if name == "email" else getattr(row, name)
