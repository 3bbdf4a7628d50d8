"""The audit as a person may read it: pages of events, each one walk along an index, newest first."""

import re
from collections.abc import Iterator, Mapping
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
from dashboard.models import Connection, Event, Job, JobState, Removal
from dashboard.problems import Action, Problem

from .chain import leave_out_private, read_facts, write_canonical, write_signed_line

Row = TypeVar("Row", Job, Removal)

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
ALL_STEPS: Final = "all"
MAX_ATTENTION_ITEMS: Final = 20
"""Removals that the list names above itself as needing a look; more of them are said to be there."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST: Final = 2**63 - 1
_EVENTS_PER_READ: Final = 500
_MAX_READ_APART: Final = 10


class UnknownRecord(Problem):
    """No event, removal or job of this number exists for this person: it never did, or is not theirs."""

    title = "No such record"
    advice = "There is no record of this number that you may see."
    status = 404
    action = Action("audit", "To the audit")


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the record; the next page starts with the first event older than the one here."""

    at: datetime
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position that an address names. Raise ValueError if the text names none."""
        found = re.fullmatch(r"([0-9]+)-([0-9]+)", text)
        if found is None or int(found[2]) > _LAST:
            raise ValueError(text)
        try:
            return cls(_EPOCH + int(found[1]) * _MICROSECOND, int(found[2]))
        except OverflowError:
            raise ValueError(text) from None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """The filters of a question to the audit. An actor with an @ is an email, else a name; both are exact."""

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
    before: Position | None = None

    @property
    def leaves_out_intents(self) -> bool:
        """Return True unless every step is asked for: an intent has an outcome, or needs attention."""
        return self.steps != ALL_STEPS and self.outcome != "sent"

    @property
    def leaves_out_items(self) -> bool:
        """Return True if the list shows a bulk removal as one event and leaves out the events within it."""
        return self.steps != ALL_STEPS and not (self.job or self.media_id or self.outcome)

    def replace(self, **changes: object) -> Self:
        """Return the same question with `changes`, from the newest event unless they name a position."""
        return replace(self, **{"before": None, **changes})  # type: ignore[arg-type]

    def to_url(self) -> str:
        return urlencode(self.asked)

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that are set, as the address spells them."""
        values = {name: getattr(self, name) for name in PARAMETERS}
        given = {name: v for name, v in values.items() if v is not None and (name, v) != _USUAL}
        return {PARAMETERS[name]: _format_value(value) for name, value in given.items()}


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
    """Events, newest first, and the position where the next page starts, or None at the end of the record."""

    events: list[Event]
    next: Position | None


class AuditReader:
    """The audit as one person may read it: all of it, or the events of the connections open to them."""

    def __init__(self, person: Person | None) -> None:
        known = list(Connection.objects.all())
        self.person = person
        self.is_whole = person is not None and person.may(Role.ADMIN)
        groups = person.groups if person else ()
        readable = [c for c in known if self.is_whole or (person and c.is_open_to(groups))]
        self.connections: dict[str, Connection] = {c.slug: c for c in readable}
        self._hidden = ["", *(c.slug for c in known if c.slug not in self.connections)]

    def read_page(self, query: AuditQuery) -> EventPage:
        """Return one page of events. There is no total, so none is claimed."""
        found = self._find(query, query.limit + 1)
        last = found[query.limit - 1] if len(found) > query.limit else None
        events = [event for event in found[: query.limit] if self._may_read(event)]
        return EventPage(events, Position(last.at, last.sequence) if last else None)

    def iterate_events(self, query: AuditQuery) -> Iterator[Event]:
        """Yield every event of the question, however many there are, holding a few hundred at a time."""
        place = query.before
        while True:
            page = self.read_page(replace(query, limit=_EVENTS_PER_READ, before=place))
            yield from page.events
            if page.next is None:
                return
            place = page.next

    def get_event(self, sequence: int) -> Event:
        event = Event.objects.filter(sequence=sequence).select_related("removal").first()
        if event is None or not self._may_read(event):
            raise UnknownRecord(sequence)
        return event

    def may_read_private(self, facts: Mapping[str, Any]) -> bool:
        """Return True if the facts are the person's own, or the person is an admin."""
        acted = facts["actor_issuer"], facts["actor_subject"]
        return self.is_whole or (
            self.person is not None and (self.person.issuer, self.person.subject) == acted
        )

    def read_facts(self, event: Event) -> dict[str, Any]:
        """Return an event's facts, without what colleagues have no need of."""
        facts = read_facts(event)
        return facts if self.may_read_private(facts) else leave_out_private(facts)

    def write_line(self, event: Event) -> str:
        """Return the event as its line was signed, or, without what is private, with the same hash."""
        facts = read_facts(event)
        if self.may_read_private(facts):
            return write_signed_line(event)
        return write_canonical({**leave_out_private(facts), "hash": event.hash})

    def get_removal(self, number: UUID) -> Removal:
        return self._get(Removal.objects.select_related("connection", "retry_of", "job"), number)

    def get_job(self, number: UUID) -> Job:
        return self._get(Job.objects.select_related("connection", "retry_of"), number)

    def _get(self, rows: QuerySet[Row], number: UUID) -> Row:
        row = rows.filter(pk=number).first()
        if row is None or row.connection.slug not in self.connections:
            raise UnknownRecord(number)
        return row

    def readable(self, rows: QuerySet[Row], query: AuditQuery) -> list[Row]:
        """Return those of the rows that are asked for and may be read, one more than are shown."""
        if query.connection:
            rows = rows.filter(connection__slug=query.connection)
        if not self.is_whole:
            rows = rows.filter(connection__slug__in=list(self.connections))
        return list(rows[: MAX_ATTENTION_ITEMS + 1])

    def find_jobs_needing_attention(self, query: AuditQuery) -> list[Job]:
        waiting = Job.objects.filter(state=JobState.PAUSED, next_try_at=None).select_related("connection")
        return self.readable(waiting, query)

    def find_beginning(self, job: UUID) -> Event | None:
        """Return the event that begins this bulk removal, or None if there is none that may be read."""
        event = Event.objects.filter(begun_job=job).first()
        return event if event and self._may_read(event) else None

    def _may_read(self, event: Event) -> bool:
        return self.is_whole or event.connection in self.connections

    def _find(self, query: AuditQuery, count: int) -> list[Event]:
        """Return the first events; without a filter, a reader's few connections are read apart."""
        if query.job is not None:
            return self._find_within(query.job, query, count)
        if self.is_whole or len(self.connections) > _MAX_READ_APART or any(_iterate_filters(query)):
            return list(self._filter_events(query)[:count])
        each = [self._filter_events(replace(query, connection=slug))[:count] for slug in self.connections]
        return sorted(chain.from_iterable(each), key=attrgetter("at", "sequence"), reverse=True)[:count]

    def _find_within(self, job: UUID, query: AuditQuery, count: int) -> list[Event]:
        events = self._filter_events(replace(query, before=None)).filter(job=job).order_by("-sequence")
        if query.before is not None:
            events = events.filter(sequence__lt=query.before.sequence)
        found = list(events[:count])
        begun = self.find_beginning(job) if len(found) < count else None
        if begun and (query.before is None or begun.sequence < query.before.sequence):
            found += self._filter_events(replace(query, before=None)).filter(sequence=begun.sequence)
        return found

    def _filter_events(self, query: AuditQuery) -> QuerySet[Event]:
        events = Event.objects.filter(*_iterate_filters(query)).order_by("-at", "-sequence")
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


def list_steps(removal: Removal) -> list[Event]:
    """Return every step of a removal, first to last."""
    return list(removal.events.order_by("sequence"))


_NARROWEST_FIRST: Final = ("media_id", "ticket", "outcome", "verb", "actor_email", "actor_name", "connection")
_COMMON: Final = ("delete", "reveal", "access", "sent", "deleted", "done", "denied")
"""Verbs and outcomes that most of a record has, so that they narrow it least of all."""


def _iterate_filters(query: AuditQuery) -> Iterator[Exact]:
    """Yield the filters by exact value, narrowest first; SQLite may use an index for that one alone."""
    values = {name: getattr(query, name, None) for name in _NARROWEST_FIRST}
    if query.actor is not None:
        column = "actor_email" if "@" in query.actor else "actor_name"
        values[column] = query.actor.lower() if column == "actor_email" else query.actor
    given = [(name, value) for name, value in values.items() if value is not None]
    given.sort(key=lambda one: one[0] in ("outcome", "verb") and one[1] in _COMMON)
    for place, (name, value) in enumerate(given, 1 if query.job else 0):
        is_compared = place > 0 and database.vendor == "sqlite"
        yield Exact(_prevent_index(name) if is_compared else F(name), value)


def _prevent_index(column: str) -> Func:
    return Func(F(column), template="+%(expressions)s", output_field=CharField())


def _is_before(place: Position) -> LessThan:
    """Return `(at, sequence) < (…, …)`: one range of an index, where an OR of two conditions is none."""
    columns = _make_row(F("at"), F("sequence"))
    return LessThan(columns, _make_row(Value(place.at), Value(place.sequence)))


def _make_row(*values: F | Value) -> Func:
    return Func(*values, template="(%(expressions)s)", output_field=IntegerField())


def _format_value(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
