"""The ledger beside its events: its rows are not sealed, but each of their steps is."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from dashboard.models import Connection, Event, Job, Removal, RemovalState

from .chain import CHECKPOINT
from .columns import BESIDE, IS_UNSENT_ITEM, UNSENT, format_value
from .record import lock_end_of_chain

_WAITING: Final = (RemovalState.PLANNED, RemovalState.CLAIMED)
_MAX_PLANNING: Final = timedelta(minutes=10)
"""Time from the moment at which the items of a bulk removal are planned to the event that tells of it."""

_EMPTY: Final = ("", None)
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_UNSENT_VALUES: Final = {
    "verb": Removal.Verb.DELETE,
    **dict.fromkeys(("answer_status", "freed_bytes", "purged_variants", "closed_at", "service_text")),
    **{"before": {}, "closed_by": "", "closing_note": ""},
}
"""The columns of an item that was not sent, as they are of each."""


def find_difference(since: datetime | None = None) -> tuple[str, str] | None:
    """Return the first removal that differs from its events that are kept, and the reason; or None.

    With `since` only removals and bulk removals that began after it are read.
    """
    first = Event.objects.order_by("sequence").first()
    found = chain(
        _compare_removals(since), _compare_untold(first, since), _compare_bulk_removals(first, since)
    )
    return next(found, None)


def _compare_removals(since: datetime | None) -> Iterator[tuple[str, str]]:
    steps = Event.objects.filter(removal__isnull=False)
    there = Removal.objects.filter(connection__in=Connection.objects.values("pk")).values("pk")
    for event in steps.filter(at__gte=since or LONG_AGO).exclude(removal_id__in=there).order_by("sequence"):
        yield f"removal {event.removal_id}", "is gone, or its connection is, but its events are there"
    if since:
        steps = steps.filter(removal__in=Removal.objects.filter(sent_at__gte=since).values("pk"))
    told = steps.order_by("removal_id", "sequence").select_related("removal__connection")
    for number, group in groupby(told.iterator(chunk_size=2000), key=attrgetter("removal_id")):
        if wrong := _find_fault(list(group)):
            yield f"removal {number}", wrong


def _compare_untold(first: Event | None, since: datetime | None) -> Iterator[tuple[str, str]]:
    """Find a removal without events that is not from before there were any, or before those that are kept."""
    untold = Removal.objects.filter(events=None).exclude(IS_UNSENT_ITEM)
    is_older = Q(sent_at__lt=first.at) if first else Q()
    is_excused = is_older if first and first.sequence > 1 else is_older & Q(issuer="")
    for removal in untold.exclude(is_excused).filter(sent_at__gte=since or LONG_AGO):
        yield f"removal {removal.pk}", "has no event"
    trimmed = Event.objects.filter(verb="audit", code=CHECKPOINT).order_by("sequence").last()
    left = json.loads(trimmed.line)["result"].get("removals") if trimmed and since is None else None
    if left is not None and (there := untold.count()) > left:
        yield f"{there} removals", f"have no event, and {left} had lost theirs when old events were taken out"


def _compare_bulk_removals(first: Event | None, since: datetime | None) -> Iterator[tuple[str, str]]:
    oldest = first.at if first and first.sequence > 1 else None  # the oldest that retention kept
    events, rows = Event.objects.filter(verb="bulk"), Removal.objects.filter(job__isnull=False)
    if since:
        begun = Job.objects.filter(created_at__gte=since).values("pk")
        events, rows = events.filter(Q(job__in=begun) | Q(begun_job__in=begun)), rows.filter(job__in=begun)
    told, states = _read_steps_by_job(events), _count_states(rows)
    for number in sorted({*told, *states}, key=str):
        wrong = _find_bulk_fault(number, told[number], states[number], oldest)
        if wrong and (wrong := _compare_again(number, oldest)):
            yield f"bulk removal {number}", wrong


def _compare_again(number: UUID, oldest: datetime | None) -> str | None:
    """Compare one while nobody can write an event: a worker may have written between the two reads."""
    with transaction.atomic():
        lock_end_of_chain()
        told = _read_steps_by_job(Event.objects.filter(Q(job=number) | Q(begun_job=number), verb="bulk"))
        return _find_bulk_fault(
            number, told[number], _count_states(Removal.objects.filter(job=number))[number], oldest
        )


def _read_steps_by_job(events: QuerySet[Event]) -> dict[UUID, dict[str, dict[str, Any]]]:
    told: dict[UUID, dict[str, dict[str, Any]]] = defaultdict(dict)
    for event in events.order_by("sequence").iterator(chunk_size=2000):
        facts = json.loads(event.line)
        told[UUID(facts["result"]["job"])][event.outcome] = facts
    return told


def _count_states(rows: QuerySet[Removal]) -> dict[UUID, Counter[str]]:
    states: dict[UUID, Counter[str]] = defaultdict(Counter)
    counted: Any = rows.order_by().values_list("job_id", "state").annotate(Count("pk"))
    for number, state, count in counted:
        states[number][state] = count
    return states


def _find_bulk_fault(
    number: UUID, steps: dict[str, dict[str, Any]], states: Counter[str], oldest: datetime | None
) -> str | None:
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
    if states[RemovalState.CANCELLED] != cancelled:
        return f"has {states[RemovalState.CANCELLED]} cancelled items, and its events say {cancelled}"
    if "finished" in steps and any(states[state] for state in _WAITING):
        return "is finished, and has items that are still to be sent"
    said = {**_read_actor(planned), **_read_subject(planned)}
    if name := _find_differing_name(job, said | _read_sender(planned) | planned.get("row", {})):
        return f"has another {name} than its event"
    for removal in Removal.objects.filter(job=job, events=None).select_related("connection"):
        told = {**said, **_UNSENT_VALUES, "request_id": planned["request_id"]}
        told |= {"connection_label": planned["connection_label"]}
        told |= {name: value for name, value in planned.get("row", {}).items() if name == "token"}
        if name := _find_differing_name(removal, told) or _find_wrong_time(removal, planned["at"]):
            return f"has an item with another {name} than its event: removal {removal.pk}"
    if planned["result"].get("digest", digest := job.digest) != digest:
        return "is of other items than its event says"
    return None


def _find_fault(steps: list[Event]) -> str | None:
    row = steps[0].removal
    assert row is not None  # noqa: S101 - those that are gone were named before
    closings = [step for step in steps if step.outcome == "closed"]
    moves = [step for step in steps if step.outcome != "closed"]
    last = moves[-1].outcome if moves else row.state
    if row.state not in (UNSENT if last == "put_off" else (last,)):
        return f"is {row.state}, and its last event says {last}"
    if row.closed_at and not closings and steps[0].outcome == "sent":
        return "is closed, and no event says so"
    last_sent = next((step for step in reversed(moves) if step.outcome == "sent"), None)
    said = [_read_claims(step, is_first=step is steps[0], is_last_sent=step is last_sent) for step in moves]
    said += [_read_closing(one) for one in closings]
    if moves:
        said.append(_read_row(moves[-1], row))
    names = (_find_differing_name(row, facts) for facts in said)
    return next((f"has another {name} than its events" for name in names if name), None)


def _read_closing(step: Event) -> dict[str, Any]:
    facts = json.loads(step.line)
    said = {"closed_by": step.actor_name, "closing_note": facts["reason"]}
    return said | ({"closed_at": facts["row"]["closed_at"]} if "closed_at" in facts.get("row", {}) else {})


def _read_row(step: Event, row: Removal) -> dict[str, Any]:
    """Return the columns that the last move tells beside its facts; older events tell none of them."""
    told = json.loads(step.line).get("row")
    if not told:
        return {}
    changed_since = ("settled_at",) if row.state in UNSENT else ()  # a cancelled item has no event of its own
    return {name: told.get(name) for name in BESIDE if name not in changed_since}


def _find_wrong_time(removal: Removal, planned_at: str) -> str | None:
    """Return the column of an item that was not sent whose time cannot be, or None."""
    if abs(datetime.fromisoformat(planned_at) - removal.sent_at) > _MAX_PLANNING:
        return "sent_at"
    return "settled_at" if (removal.state in _WAITING) is not (removal.settled_at is None) else None


def _find_differing_name(row: Removal | Job, said: Mapping[str, Any]) -> str | None:
    for name, value in said.items():
        there = _read_column(row, name)
        if there != value and not (there in _EMPTY and value in _EMPTY):
            return name
    return None


def _read_claims(step: Event, *, is_first: bool, is_last_sent: bool) -> dict[str, Any]:
    """Return what a step claims of the row, by column; a worker's step names the person who asked."""
    facts = json.loads(step.line)
    said = {name: facts[name] for name in ("media_id", "attempt")} | _read_subject(facts)
    said |= {"verb": step.verb, "job": facts.get("job")}
    if is_first and step.outcome in ("sent", "already_gone", "refused"):
        said |= _read_actor(facts)
    if is_last_sent:  # one that was put off is read again, and sent again
        said["before"] = facts["before"]
    return said | {
        name: facts["result"][name] for name in ("freed_bytes", "purged_variants") if name in facts["result"]
    }


def _read_subject(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("connection", "ticket", "reason")}


def _read_actor(facts: Mapping[str, Any]) -> dict[str, Any]:
    who = ("name", "email", "issuer", "subject")
    person = dict(zip(("person", *who[1:]), (facts[f"actor_{name}"] for name in who), strict=True))
    return {**person, "role": facts["role"]}


def _read_sender(facts: Mapping[str, Any]) -> dict[str, Any]:
    names = ("groups", "mode", "address", "agent", "request_id", "typed", "connection_label")
    return {name: facts[name] for name in names}


def _read_column(row: Removal | Job, name: str) -> Any:
    if name == "connection":
        return row.connection.slug
    if name == "email":
        return row.email.lower()
    return format_value(getattr(row, "job_id" if name == "job" else name))
