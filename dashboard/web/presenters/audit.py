"""The audit made ready to print: rows and chips of the list, one event in full, the steps of a removal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from dashboard.audit.chain import find_job, is_signature_valid, read_facts, write_signed_line
from dashboard.audit.event_codes import BULK, BULK_BEGINS, DELETE, OUTCOMES, PURGE, VERBS
from dashboard.audit.queries import (
    DEFAULT_LIMIT,
    FILTERING,
    MAX_ATTENTION_ITEMS,
    AuditQuery,
    AuditReader,
    EventPage,
    list_steps,
)
from dashboard.identity import Person, Role
from dashboard.models import Connection, Event, Removal
from dashboard.removals.ledger import RETRYABLE_STATES
from dashboard.units import format_size

from .attention import Look, Resting, list_removals_needing_a_look
from .bulk_summary import BulkSummaryLine, describe_beginning, job_href, summarize_begun
from .media_list import Chip, short_moment
from .removal import Mark, mark_of, words_of

_DEEDS: Final = {
    DELETE: "Delete item",
    PURGE: "Purge",
    BULK: "Bulk removal",
    "media.export": "Export of media",
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
    "held": "Left out, held by others",
    "seconds": "Goes on by itself after, s",
    "more": "Alike, held back",
}
_NARROWEST_FIRST: Final = (
    "media_id",
    "job",
    "ticket",
    "at_from",
    "at_to",
    "outcome",
    "actor",
    "verb",
    "connection",
    "steps",
)


_UNSENT: Final = (Removal.State.PLANNED, Removal.State.CLAIMED, Removal.State.CANCELLED)
_ENDS_UNSENT: Final = (["already_gone"], ["refused"])
"""First steps of removals for which nothing was sent."""


class EventRow:
    """One event in a list or a timeline. Of one that begins a bulk removal, `run` is how that stands now."""

    def __init__(
        self,
        event: Event,
        connection: Connection | None,
        run: BulkSummaryLine | None = None,
        *,
        within: bool = False,
    ) -> None:
        self.event = event
        self.facts = read_facts(event)
        self.href = event.get_absolute_url()
        self.removal_href = reverse("removal", args=[event.removal_id]) if event.removal_id else ""
        self.job = event.job or event.begun_job
        if event.verb in ("bulk", "export"):
            self.job = self.job or find_job(self.facts)
        self.job_href = job_href(self.job) if self.job else ""
        has_items = self.job and event.verb != "export" and not within
        self.items_href = filtered(job=self.job) if has_items else ""
        self.deed = describe_beginning(event) if event.code == BULK_BEGINS else deed_of(event.code)
        self.run = run
        self.outcome = run.word if run else OUTCOMES.get(event.outcome, event.outcome)
        self.mark: Mark = run.mark if run else mark_of(event.outcome)
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
        if self.run:
            return self.run.freed
        freed = self.facts["result"].get("freed_bytes")
        return format_size(freed) if isinstance(freed, int) else ""


class AuditPage:
    """What the list's template prints. Chips, Next and Newest are addresses, so that each view has one."""

    def __init__(self, history: AuditReader, query: AuditQuery) -> None:
        found: EventPage = history.read_page(query)
        self.query = query
        self.rows = rows_of(history, found.events, within=query.job)
        self.href = href(query)
        self.next_href = href(query.replace(before=found.next)) if found.next else ""
        self.newest_href = href(query.replace())
        self.clear_href = href(AuditQuery(limit=query.limit))
        self.is_first = query.before is None
        given = [name for name in FILTERING if getattr(query, name) is not None]
        self.chips = [
            Chip(name, chip_text(name, query, history), href(query.replace(**{name: None}))) for name in given
        ]
        looks = list_removals_needing_a_look(history, query) if self.is_first else []
        self.looks = [Look(one) for one in looks[:MAX_ATTENTION_ITEMS]]
        resting = history.find_jobs_needing_attention(query) if self.is_first else []
        self.resting = [Resting(one) for one in resting[:MAX_ATTENTION_ITEMS]]
        self.more_looks = max(len(looks), len(resting)) > MAX_ATTENTION_ITEMS

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
        asked = self.query.replace(limit=DEFAULT_LIMIT).to_url()
        return f"{reverse('audit-export')}?format={kind}{'&' if asked else ''}{asked}"


class RemovalDetail:
    """One removal with every step of its way, and what this person may do about it."""

    def __init__(
        self, history: AuditReader, record: Removal, person: Person | None, within: Iterable[Connection]
    ) -> None:
        self.record, self.words, self.mark = record, words_of(record), mark_of(record.state)
        self.steps = rows_of(history, list_steps(record))
        self.job_href = job_href(record.job_id) if record.job_id else ""
        waits = bool(record.job and record.job.is_open and record.state in _UNSENT)
        self.is_moving = record.state in Removal.OPEN or waits
        self.retries = list(record.retries.order_by("sent_at"))
        self.connection = next((one for one in within if one.slug == record.connection.slug), None)
        may = person.may if person and self.connection else lambda role: False
        self.may_look = record.needs_attention and record.state != Removal.State.SENT and may(Role.OPERATOR)
        self.may_close = record.may_be_closed and person is not None and person.may(Role.ADMIN)
        again = record.state in RETRYABLE_STATES and not self.retries
        needed = Role.OPERATOR if record.verb == Removal.Verb.DELETE else Role.ADMIN
        self.retry_href = record.retry_url if again and may(needed) else ""

    @property
    def was_sent(self) -> bool:
        """False where its time is that at which it was asked for."""
        outcomes = [step.event.outcome for step in self.steps]
        begins_otherwise = self.record.state in _UNSENT or outcomes[:1] in _ENDS_UNSENT
        return "sent" in outcomes or not begins_otherwise

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

    def __init__(self, history: AuditReader, event: Event) -> None:
        (self.row,) = rows_of(history, [event])
        self.event, self.facts = event, self.row.facts
        self.holds = is_signature_valid(event)
        steps = list_steps(event.removal) if event.removal else []
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
    def signed_line(self) -> str:
        return write_signed_line(self.event)

    @property
    def result(self) -> list[tuple[str, str]]:
        result = self.facts["result"]
        return labelled({name: v for name, v in result.items() if name not in ("job", "digest")})


def rows_of(history: AuditReader, events: Iterable[Event], *, within: UUID | None = None) -> list[EventRow]:
    """The events as rows; `within` is the bulk removal whose events are asked for."""
    events = list(events)
    begun = summarize_begun(events)
    return [
        EventRow(
            event,
            history.connections.get(event.connection),
            begun.get(event.begun_job) if event.begun_job else None,
            within=within is not None,
        )
        for event in events
    ]


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
        return f"{format_size(value)} ({value:,} B)"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items()) or "—"
    return str(value)


def filtered(**asked: Any) -> str:
    """The list with one filter."""
    return href(AuditQuery(**asked))


def href(query: AuditQuery) -> str:
    asked = query.to_url()
    return f"{reverse('audit')}?{asked}" if asked else reverse("audit")


def chip_text(name: str, query: AuditQuery, history: AuditReader) -> str:
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
        case "job":
            begun = history.find_beginning(value)
            return (
                describe_beginning(begun).replace("Bulk removal", "Run") if begun else f"Run {str(value)[:8]}"
            )
    return f"{'Since' if name == 'at_from' else 'Until'} {short_moment(value)}"
