"""Rows, chips and links of the audit's list."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from dashboard import budgets, policy_reports
from dashboard.audit import nightly
from dashboard.audit.chain import find_job, read_facts
from dashboard.audit.event_codes import BULK, BULK_BEGINS, DELETE, OUTCOMES, PURGE, VERBS
from dashboard.audit.queries import (
    DEFAULT_LIMIT,
    FILTERING,
    MAX_ATTENTION_ITEMS,
    AuditQuery,
    AuditReader,
    EventPage,
)
from dashboard.models import Connection, Event, JobState, Removal
from dashboard.removals import ledger
from dashboard.removals.bulk import BulkSummary, summarize
from dashboard.units import format_count, format_size

from .attention import BudgetAttention, JobAttention, RemovalAttention, ViolationAttention
from .media_list import Chip, find_narrowest, format_moment
from .progress import get_job_badge
from .removal import Badge, get_badge

_DEEDS: Final = {
    DELETE: "Delete item",
    PURGE: "Purge",
    BULK: "Bulk removal",
    "media.export": "Export of media",
    "media.exported": "Export of media",
    "media.revealed": "Reveal item",
    "audit.exported": "Export of the audit",
    "audit.checkpoint": "Checkpoint of the audit",
    "audit.verified": "Nightly check of the audit",
    "audit.broken": "Nightly check of the audit",
    "access.refused": "Sign-in refused",
    "access.denied": "Turned away",
    "access.no_role": "Turned away without a role",
    "access.forged": "Form from elsewhere refused",
    "access.violation": "Blocked by a browser",
    "access.renamed": "Name or email changed",
    "access.media_mode": "Media mode changed",
    "access.limited": "Held back by a limit",
    "access.limit_lifted": "Limit lifted",
    "connection.added": "Connection added",
    "connection.changed": "Connection changed",
    "connection.archived": "Connection archived",
    "connection.restored": "Connection restored",
    "connection.confirmed": "Connection confirmed",
}
"""Words for an event, by its code, or by its code without the outcome."""

MAX_VIOLATIONS_LISTED: Final = 5

PARTLY_DONE_BADGE: Final = Badge("expired", "alert")

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

_FILTER_LABELS: Final = {
    "verb": "What",
    "outcome": "Outcome",
    "actor": "By",
    "media_id": "Item",
    "ticket": "Ticket",
}


class BulkSummaryLine:
    """A bulk removal in words, as it stands now: `word` is its state, `outcomes` those of its items."""

    def __init__(self, summary: BulkSummary) -> None:
        counts, self.job = summary.counts, summary.job
        self.word = JobState(self.job.state).label
        if self.job.is_open and counts.done:
            self.word += f", {counts.done:,} of {counts.total:,}"
        elif summary.is_done_in_part:
            self.word += f", but for {counts.failed + counts.unknown:,}"
        self.badge = PARTLY_DONE_BADGE if summary.is_done_in_part else get_job_badge(self.job)
        named = {
            "deleted": counts.deleted,
            "already gone": counts.already_gone,
            "failed": counts.failed,
            "unknown": counts.unknown,
            "cancelled": counts.cancelled,
        }
        self.outcomes = ", ".join(f"{count:,} {word}" for word, count in named.items() if count)
        self.freed = format_size(summary.freed_bytes) if summary.freed_bytes else ""


class EventRow:
    """An event in a list or a timeline. Of one that begins a bulk removal, `run` is its state now."""

    def __init__(
        self,
        event: Event,
        facts: dict[str, Any],
        connection: Connection | None,
        run: BulkSummaryLine | None = None,
        *,
        within: bool = False,
    ) -> None:
        self.event = event
        self.facts = facts
        self.href = event.get_absolute_url()
        self.removal_href = reverse("removal", args=[event.removal_id]) if event.removal_id else ""
        self.job = event.job or event.begun_job
        if event.verb in ("bulk", "export"):
            self.job = self.job or find_job(self.facts)
        self.job_href = build_job_href(self.job) if self.job else ""
        has_items = self.job and event.verb != "export" and not within
        self.items_href = build_filter_href(job=self.job) if has_items else ""
        self.deed = describe_beginning(event) if event.code == BULK_BEGINS else describe_deed(event.code)
        self.run = run
        self.outcome = run.word if run else OUTCOMES.get(event.outcome, event.outcome)
        self.badge: Badge = run.badge if run else get_badge(event.outcome)
        self.connection_label = self.facts["connection_label"]
        self.colour = connection.colour if connection else "slate"
        self.actor = event.actor_name or facts["actor_email"]
        self.reason = self.facts["reason"] if event.verb == "access" or event.outcome == "broken" else ""
        self.actor_href = build_filter_href(actor=facts["actor_email"] or event.actor_name)
        self.ticket_href = build_filter_href(ticket=event.ticket)
        freed = self.facts["result"].get("freed_bytes")
        self.freed = run.freed if run else format_size(freed) if isinstance(freed, int) else ""


class AuditPage:
    """The context of the list's template. Chips, Next and Newest are addresses, so that each view has one."""

    def __init__(self, history: AuditReader, query: AuditQuery) -> None:
        found: EventPage = history.read_page(query)
        self.query = query
        self.rows = build_rows(history, found.events, within=query.job)
        self.href = build_audit_href(query)
        self.next_href = build_audit_href(query.replace(before=found.next)) if found.next else ""
        self.newest_href = build_audit_href(query.replace())
        self.clear_href = build_audit_href(AuditQuery(limit=query.limit))
        self.is_first = query.before is None
        applied = [name for name in FILTERING if getattr(query, name) is not None]
        self.chips = [
            Chip(
                name,
                describe_audit_filter(name, query, history),
                build_audit_href(query.replace(**{name: None})),
            )
            for name in applied
        ]
        looks = list_removals_needing_attention(history, query) if self.is_first else []
        self.looks = [RemovalAttention(one) for one in looks[:MAX_ATTENTION_ITEMS]]
        resting = history.find_jobs_needing_attention(query) if self.is_first else []
        self.resting = [JobAttention(one) for one in resting[:MAX_ATTENTION_ITEMS]]
        is_for_admins = self.is_first and history.is_whole
        self.spent = [
            BudgetAttention(one, history.person) for one in (budgets.list_spent() if is_for_admins else ())
        ]
        refused = policy_reports.list_recent(MAX_VIOLATIONS_LISTED + 1) if is_for_admins else []
        self.violations = [ViolationAttention(row) for row in refused[:MAX_VIOLATIONS_LISTED]]
        self.more_violations = len(refused) > MAX_VIOLATIONS_LISTED
        self.check = nightly.read_state() if is_for_admins else nightly.CheckState()
        self.more_looks = max(len(looks), len(resting)) > MAX_ATTENTION_ITEMS
        # Nobody counts a record that only grows.
        self.summary = f"{len(self.rows)} shown{', more available' if self.next_href else ''}"
        self.narrowest = find_narrowest(self.chips, _NARROWEST_FIRST)

    def export_href(self, kind: str) -> str:
        """Return the address of the export in this format."""
        asked = self.query.replace(limit=DEFAULT_LIMIT).to_url()
        return f"{reverse('audit-export')}?format={kind}{'&' if asked else ''}{asked}"


def list_removals_needing_attention(history: AuditReader, query: AuditQuery) -> list[Removal]:
    """Return the removals of which a person should know, of the connection that is asked about or of all."""
    return history.readable(ledger.find_needing_attention(), query)


def build_rows(
    history: AuditReader, events: Iterable[Event], *, within: UUID | None = None
) -> list[EventRow]:
    """Return the events as rows; `within` is the bulk removal whose events are asked for."""
    events = list(events)
    begun = summarize_begun(events)
    return [
        EventRow(
            event,
            history.read_facts(event),
            history.connections.get(event.connection),
            begun.get(event.begun_job) if event.begun_job else None,
            within=within is not None,
        )
        for event in events
    ]


def describe_deed(code: str) -> str:
    """Return the deed without its outcome: `Delete item`."""
    return _DEEDS.get(code) or _DEEDS.get(code.rpartition(".")[0], code)


def build_filter_href(**asked: Any) -> str:
    """Return the address of the list with one filter."""
    return build_audit_href(AuditQuery(**asked))


def build_audit_href(query: AuditQuery) -> str:
    """Return the address of the list with these filters."""
    asked = query.to_url()
    return f"{reverse('audit')}?{asked}" if asked else reverse("audit")


def describe_audit_filter(name: str, query: AuditQuery, history: AuditReader) -> str:
    """Return a filter in words: `Outcome: Deleted`, `Since 2026-06-01`."""
    value = getattr(query, name)
    match name:
        case "steps":
            return "Every step"
        case "job":
            begun = history.find_beginning(value)
            run = describe_beginning(begun).replace("Bulk removal", "Run") if begun else ""
            return run or f"Run {str(value)[:8]}"
        case "at_from" | "at_to":
            return f"{'Since' if name == 'at_from' else 'Until'} {format_moment(value)}"
        case "connection":
            return f"Connection: {history.connections[value].label}"
    words = {"verb": VERBS, "outcome": OUTCOMES}.get(name, {})
    return f"{_FILTER_LABELS[name]}: {words.get(value, value)}"


def summarize_begun(events: Iterable[Event]) -> dict[UUID, BulkSummaryLine]:
    """Return the bulk removals that these events begin, by number: two queries, however many they are."""
    numbers = {event.begun_job for event in events if event.begun_job}
    return {pk: BulkSummaryLine(summary) for pk, summary in summarize(numbers).items()}


def describe_beginning(event: Event) -> str:
    """Return `Bulk removal of 60 items`, as the event that begins it says."""
    items = read_facts(event)["result"].get("items")
    return f"Bulk removal of {format_count(items, 'item')}" if isinstance(items, int) else "Bulk removal"


def build_job_href(number: UUID) -> str:
    """Return the address of a job's page."""
    return reverse("job", args=[number])
