"""The audit made ready to print: rows and chips of the list, one event in full, the steps of a removal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.urls import reverse

from dashboard.access import Person, Role
from dashboard.ledger import RETRIED
from dashboard.listing import Chip, short_moment
from dashboard.models import Connection, Event, Removal
from dashboard.outcomes import Mark, mark_of, words_of
from dashboard.units import age_text, size_text

from .chain import facts_of, seal_holds, sealed_line
from .codes import DELETE, OUTCOMES, PURGE, VERBS
from .history import DEFAULT_LIMIT, FILTERING, MOST_LOOKS, AuditQuery, EventPage, History, steps_of

_DEEDS: Final = {
    DELETE: "Delete item",
    PURGE: "Purge",
    "media.exported": "Export of media",
    "media.revealed": "Reveal item",
    "audit.exported": "Export of the audit",
    "audit.checkpoint": "Checkpoint of the audit",
    "access.refused": "Sign-in refused",
    "access.denied": "Turned away",
    "access.no_role": "Turned away without a role",
    "access.renamed": "Name or email changed",
    "connection.added": "Connection added",
    "connection.changed": "Connection changed",
    "connection.archived": "Connection archived",
    "connection.restored": "Connection restored",
}
"""What an event tells of, by its code, or by its code without the outcome."""

_LABELS: Final = {
    "status": "HTTP status",
    "error": "Error",
    "service_request_id": "Service's request",
    "duration_ms": "Took, ms",
    "freed_bytes": "Freed",
    "purged_variants": "Variants removed",
    "size_bytes": "Size",
    "duration": "Length, s",
}
_NARROWEST_FIRST: Final = (
    "media_id",
    "ticket",
    "at_from",
    "at_to",
    "outcome",
    "actor",
    "verb",
    "connection",
    "steps",
)


class EventRow:
    """One event in a list or a timeline."""

    def __init__(self, event: Event, connection: Connection | None) -> None:
        self.event = event
        self.facts = facts_of(event)
        self.href = event.get_absolute_url()
        self.removal_href = reverse("removal", args=[event.removal_id]) if event.removal_id else ""
        self.deed = deed_of(event.code)
        self.outcome = OUTCOMES.get(event.outcome, event.outcome)
        self.mark: Mark = mark_of(event.outcome)
        self.connection_label = self.facts["connection_label"]
        self.colour = connection.colour if connection else "slate"
        self.actor = event.actor_name or event.actor_email
        self.why = self.facts["reason"] if event.verb == "access" else ""

    @property
    def actor_href(self) -> str:
        return filtered(actor=self.event.actor_email or self.event.actor_name)

    @property
    def ticket_href(self) -> str:
        return filtered(ticket=self.event.ticket)

    @property
    def freed(self) -> str:
        freed = self.facts["result"].get("freed_bytes")
        return size_text(freed) if isinstance(freed, int) else ""


class AuditPage:
    """What the list's template prints. Chips, Next and Newest are addresses, so that each view has one."""

    def __init__(self, history: History, query: AuditQuery) -> None:
        found: EventPage = history.page(query)
        self.query = query
        self.rows = rows_of(history, found.events)
        self.href = href(query)
        self.next_href = href(query.replacing(before=found.next)) if found.next else ""
        self.newest_href = href(query.replacing())
        self.clear_href = href(AuditQuery(limit=query.limit))
        self.is_first = query.before is None
        given = [name for name in FILTERING if getattr(query, name) is not None]
        self.chips = [
            Chip(name, chip_text(name, query, history), href(query.replacing(**{name: None})))
            for name in given
        ]
        looks = history.needing_a_look(query) if self.is_first else []
        self.looks = [Look(one) for one in looks[:MOST_LOOKS]]
        self.more_looks = len(looks) > MOST_LOOKS

    @property
    def shown(self) -> str:
        """`50 shown, more available`: nobody counts a record that only grows."""
        return f"{len(self.rows)} shown{', more available' if self.next_href else ''}"

    @property
    def narrowest(self) -> Chip | None:
        """The chip whose removal is likeliest to bring something back."""
        chips = {chip.name: chip for chip in self.chips}
        return next((chips[name] for name in _NARROWEST_FIRST if name in chips), None)

    def export_href(self, kind: str) -> str:
        asked = self.query.replacing(limit=DEFAULT_LIMIT).as_url()
        return f"{reverse('audit-export')}?format={kind}{'&' if asked else ''}{asked}"


@dataclass(frozen=True, slots=True)
class Look:
    """A removal of which nobody knows yet what became of it."""

    removal: Removal

    @property
    def age(self) -> str:
        return age_text((datetime.now(UTC) - self.removal.sent_at).total_seconds())

    @property
    def mark(self) -> Mark:
        return mark_of(self.removal.state)


class RemovalDetail:
    """One removal with every step of its way, and what this person may do about it."""

    def __init__(
        self, history: History, record: Removal, person: Person | None, within: Iterable[Connection]
    ) -> None:
        self.record, self.words, self.mark = record, words_of(record), mark_of(record.state)
        self.steps = rows_of(history, steps_of(record))
        self.retries = list(record.retries.order_by("sent_at"))
        self.connection = next((one for one in within if one.slug == record.connection.slug), None)
        may = person.may if person and self.connection else lambda role: False
        self.may_look = record.needs_a_look and record.state != Removal.State.SENT and may(Role.OPERATOR)
        self.may_close = record.may_be_closed and person is not None and person.may(Role.ADMIN)
        again = record.state in RETRIED and not self.retries
        needed = Role.OPERATOR if record.verb == Removal.Verb.DELETE else Role.ADMIN
        self.retry_href = record.retry_url if again and may(needed) else ""

    @property
    def item_href(self) -> str:
        """The item's page, for those who may see its connection's media."""
        if not (self.connection and self.record.media_id):
            return ""
        return reverse("media-item", args=[self.connection.slug, self.record.media_id])

    @property
    def before(self) -> list[tuple[str, str]]:
        return labelled({name: v for name, v in self.record.before.items() if name != "variants"})


class EventDetail:
    """One event in full: its line, in words for people and as it was sealed."""

    def __init__(self, history: History, event: Event) -> None:
        self.row = EventRow(event, history.connections.get(event.connection))
        self.event, self.facts = event, self.row.facts
        self.holds = seal_holds(event)
        steps = steps_of(event.removal) if event.removal else []
        numbers = [step.sequence for step in steps]
        place = numbers.index(event.sequence) if event.sequence in numbers else 0
        self.earlier = steps[place - 1] if place > 0 else None
        self.later = steps[place + 1] if place + 1 < len(steps) else None

    @property
    def variants(self) -> list[dict[str, Any]]:
        """What an item held, where the seal says that it can be believed."""
        variants: list[dict[str, Any]] = self.facts["before"].get("variants", []) if self.holds else []
        return variants

    @property
    def before(self) -> list[tuple[str, str]]:
        return labelled({name: v for name, v in self.facts["before"].items() if name != "variants"})

    @property
    def sealed_line(self) -> str:
        return sealed_line(self.event)

    @property
    def result(self) -> list[tuple[str, str]]:
        return labelled(self.facts["result"])


def rows_of(history: History, events: Iterable[Event]) -> list[EventRow]:
    return [EventRow(event, history.connections.get(event.connection)) for event in events]


def deed_of(code: str) -> str:
    """What happened, without how it ended: `Delete item`."""
    return _DEEDS.get(code) or _DEEDS.get(code.rpartition(".")[0], code)


def labelled(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts as label and text; a size is told in both ways."""
    return [
        (_LABELS.get(name, name.replace("_", " ").capitalize()), _told(name, v)) for name, v in facts.items()
    ]


def _told(name: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_bytes") and isinstance(value, int):
        return f"{size_text(value)} ({value:,} B)"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items()) or "—"
    return str(value)


def filtered(**asked: Any) -> str:
    """The list with one filter."""
    return href(AuditQuery(**asked))


def href(query: AuditQuery) -> str:
    asked = query.as_url()
    return f"{reverse('audit')}?{asked}" if asked else reverse("audit")


def chip_text(name: str, query: AuditQuery, history: History) -> str:
    """A filter in words: `Outcome: Deleted`, `Since 2026-06-01`."""
    value = getattr(query, name)
    match name:
        case "verb":
            return f"What: {VERBS[value]}"
        case "outcome":
            return f"Outcome: {OUTCOMES[value]}"
        case "connection":
            return f"Connection: {history.connections[value].label}"
        case "actor":
            return f"By: {value}"
        case "media_id":
            return f"Item: {value}"
        case "ticket":
            return f"Ticket: {value}"
        case "steps":
            return "Every step"
    return f"{'Since' if name == 'at_from' else 'Until'} {short_moment(value)}"
