"""What a person may read of the audit: pages of events by filters, one event, one removal and its steps.

The record is read newest first, by the place where the page before ended and never by a page's number: each
page is one walk along an index, however long the record is and however far back one looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection as database
from django.db.models import CharField, F, Func, IntegerField, QuerySet, Value
from django.db.models.lookups import Exact, LessThan

from dashboard.identity import Person, Role
from dashboard.models import Connection, Event, Job, Removal

Row = TypeVar("Row", Job, Removal)

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
EVERY_STEP: Final = "all"
MOST_LOOKS: Final = 20
"""Removals that the list names above itself as needing a look; more of them are said to be there."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST: Final = 2**63 - 1
_STEP: Final = 500
_FEW: Final = 10


class UnknownRecord(Exception):
    """No event or removal of this number for this person: it never was, or is not theirs to see."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the record: what is older than the event that stands here comes after it."""

    at: datetime
    sequence: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read back from an address; ValueError for what is no place."""
        micros, dash, sequence = text.partition("-")
        if not (dash and (micros + sequence).isascii() and micros.isdigit() and sequence.isdigit()):
            raise ValueError(text)
        try:
            place = cls(_EPOCH + int(micros) * _MICROSECOND, int(sequence))
        except OverflowError:
            raise ValueError(text) from None
        if place.sequence > _LAST:
            raise ValueError(text)
        return place

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """One question to the audit. An actor is an email where there is an @, else a name; both are exact."""

    actor: str | None = None
    verb: str | None = None
    connection: str | None = None
    media_id: str | None = None
    ticket: str | None = None
    outcome: str | None = None
    at_from: datetime | None = None
    at_to: datetime | None = None
    steps: str | None = None
    job: UUID | None = None
    limit: int = DEFAULT_LIMIT
    before: Place | None = None

    @property
    def leaves_out_intents(self) -> bool:
        """True unless every step is asked for: an intent has its outcome in the list, or needs a look."""
        return self.steps != EVERY_STEP and self.outcome != "sent"

    @property
    def leaves_out_items(self) -> bool:
        """True where a bulk removal is one event, and what happened within it is not asked for."""
        return self.steps != EVERY_STEP and not (self.job or self.media_id or self.outcome)

    def replacing(self, **changes: object) -> Self:
        """The same question with `changes`, from the newest on unless a place is among them."""
        return replace(self, **{"before": None, **changes})  # type: ignore[arg-type]

    def as_url(self) -> str:
        """The query string that asks this; what is not asked is left out."""
        return urlencode(self.asked)

    @property
    def asked(self) -> dict[str, str]:
        """What is asked, as the address spells it."""
        values = {name: getattr(self, name) for name in PARAMETERS}
        given = {name: v for name, v in values.items() if v is not None and (name, v) != _USUAL}
        return {PARAMETERS[name]: _text(value) for name, value in given.items()}


PARAMETERS: Final = {
    **{field.name: field.name for field in fields(AuditQuery)},
    "media_id": "media",
    "at_from": "from",
    "at_to": "to",
}
"""Our names to those in the address."""

FILTERING: Final = tuple(name for name in PARAMETERS if name not in ("limit", "before"))
_USUAL: Final = ("limit", DEFAULT_LIMIT)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first, and where the next page starts; None at the end of the record."""

    events: list[Event]
    next: Place | None


class History:
    """The audit as one person may read it.

    An admin reads the whole record. Anybody else reads what concerns the connections open to them, archived
    ones too: what concerns another, or none, is to them as if it never was.
    """

    def __init__(self, person: Person | None) -> None:
        known = list(Connection.objects.all())
        self.is_whole = person is not None and person.may(Role.ADMIN)
        groups = person.groups if person else ()
        readable = [c for c in known if self.is_whole or (person and c.is_open_to(groups))]
        self.connections: dict[str, Connection] = {c.slug: c for c in readable}
        self._hidden = ["", *(c.slug for c in known if c.slug not in self.connections)]

    def page(self, query: AuditQuery) -> EventPage:
        """One page of events. There is no total, so none is claimed."""
        found = self._found(query, query.limit + 1)
        last = found[query.limit - 1] if len(found) > query.limit else None
        events = [event for event in found[: query.limit] if self._may_read(event)]
        return EventPage(events, Place(last.at, last.sequence) if last else None)

    def walk(self, query: AuditQuery) -> Iterator[Event]:
        """Every event of the question, however many there are: some hundreds at a time are in hand."""
        place = query.before
        while True:
            page = self.page(replace(query, limit=_STEP, before=place))
            yield from page.events
            if page.next is None:
                return
            place = page.next

    def event(self, sequence: int) -> Event:
        """The event of this number; raises UnknownRecord."""
        event = Event.objects.filter(sequence=sequence).select_related("removal").first()
        if event is None or not self._may_read(event):
            raise UnknownRecord(sequence)
        return event

    def removal(self, number: UUID) -> Removal:
        """The removal of this number; raises UnknownRecord."""
        with_it = ("connection", "retry_of", "job")
        removal = Removal.objects.filter(pk=number).select_related(*with_it).first()
        if removal is None or removal.connection.slug not in self.connections:
            raise UnknownRecord(number)
        return removal

    def job(self, number: UUID) -> Job:
        """The job of this number; raises UnknownRecord."""
        job = Job.objects.filter(pk=number).select_related("connection", "retry_of").first()
        if job is None or job.connection.slug not in self.connections:
            raise UnknownRecord(number)
        return job

    def readable(self, rows: QuerySet[Row], query: AuditQuery) -> list[Row]:
        """Return those of the rows that concern the connection that is asked about, or all that may be read;
        one more than are shown, where there are more."""
        if query.connection:
            rows = rows.filter(connection__slug=query.connection)
        if not self.is_whole:
            rows = rows.filter(connection__slug__in=list(self.connections))
        return list(rows[: MOST_LOOKS + 1])

    def waiting_for_somebody(self, query: AuditQuery) -> list[Job]:
        """Jobs that rest until somebody presses Go on."""
        waiting = Job.objects.filter(state=Job.State.PAUSED, next_try_at=None).select_related("connection")
        return self.readable(waiting, query)

    def beginning(self, job: UUID) -> Event | None:
        """The event that begins this bulk removal, where it may be read."""
        event = Event.objects.filter(begun_job=job).first()
        return event if event and self._may_read(event) else None

    def _may_read(self, event: Event) -> bool:
        return self.is_whole or event.connection in self.connections

    def _found(self, query: AuditQuery, count: int) -> list[Event]:
        """The first so many events.

        Where no filter leads to them, who reads of a few connections gets them from those: what they may not
        read can be nearly all of a long record, and would be walked through.
        """
        if query.job is not None:
            return self._within(query.job, query, count)
        if self.is_whole or len(self.connections) > _FEW or any(_equal(query)):
            return list(self._events(query)[:count])
        each = [self._events(replace(query, connection=slug))[:count] for slug in self.connections]
        return sorted(chain.from_iterable(each), key=attrgetter("at", "sequence"), reverse=True)[:count]

    def _within(self, job: UUID, query: AuditQuery, count: int) -> list[Event]:
        """The first so many events of a bulk removal, the one that begins it last: in the order written,
        for which there is an index."""
        events = self._events(replace(query, before=None)).filter(job=job).order_by("-sequence")
        if query.before is not None:
            events = events.filter(sequence__lt=query.before.sequence)
        found = list(events[:count])
        begun = self.beginning(job) if len(found) < count else None
        if begun and (query.before is None or begun.sequence < query.before.sequence):
            found += self._events(replace(query, before=None)).filter(sequence=begun.sequence)
        return found

    def _events(self, query: AuditQuery) -> QuerySet[Event]:
        events = Event.objects.filter(*_equal(query)).order_by("-at", "-sequence")
        if query.leaves_out_items:
            events = events.filter(job=None)
        if query.at_from is not None:
            events = events.filter(at__gte=query.at_from)
        if query.at_to is not None:  # dates are given to the millisecond, and the last one counts
            last = query.at_to.microsecond // 1000 * 1000 + 999
            events = events.filter(at__lte=query.at_to.replace(microsecond=last))
        if query.before is not None:
            events = events.filter(_is_before(query.before))
        if query.leaves_out_intents:
            events = events.exclude(outcome="sent")
        return events if self.is_whole else events.exclude(connection__in=self._hidden)


def steps_of(removal: Removal) -> list[Event]:
    """Every step of a removal that may be read, first to last."""
    return list(removal.events.order_by("sequence"))


_NARROWEST_FIRST: Final = ("media_id", "ticket", "outcome", "verb", "actor_email", "actor_name", "connection")
_COMMON: Final = ("delete", "reveal", "access", "sent", "deleted", "done", "denied")
"""Verbs and outcomes that most of a record has, so that they narrow it least of all."""


def _equal(query: AuditQuery) -> Iterator[Exact]:
    """The filters by exact value, narrowest first.

    SQLite keeps no statistics, and of a ticket and a connection it may walk along the connection; with a plus
    before it, a column is compared and not looked up.
    """
    values = {name: getattr(query, name, None) for name in _NARROWEST_FIRST}
    if query.actor is not None:
        column = "actor_email" if "@" in query.actor else "actor_name"
        values[column] = query.actor.lower() if column == "actor_email" else query.actor
    given = [(name, value) for name, value in values.items() if value is not None]
    given.sort(key=lambda one: one[0] in ("outcome", "verb") and one[1] in _COMMON)
    for place, (name, value) in enumerate(given, 1 if query.job else 0):
        is_compared = place > 0 and database.vendor == "sqlite"
        yield Exact(_plus(name) if is_compared else F(name), value)


def _plus(column: str) -> Func:
    return Func(F(column), template="+%(expressions)s", output_field=CharField())


def _is_before(place: Place) -> LessThan:
    """`(at, sequence) < (…, …)`: one range of an index on both engines, where an OR of two would be none."""
    columns = _row(F("at"), F("sequence"))
    return LessThan(columns, _row(Value(place.at), Value(place.sequence)))


def _row(*values: F | Value) -> Func:
    return Func(*values, template="(%(expressions)s)", output_field=IntegerField())


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
