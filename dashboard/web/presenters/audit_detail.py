"""An event in full, and a removal with every step of its way, as their pages print them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.urls import reverse

from dashboard.audit.chain import is_signature_valid, read_facts, write_signed_line
from dashboard.audit.queries import AuditReader, list_steps
from dashboard.identity import Person, Role
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.removals.ledger import RETRYABLE_STATES
from dashboard.units import format_size

from .audit import build_job_href, build_rows
from .removal import get_badge, write_outcome_message

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

_UNSENT: Final = (RemovalState.PLANNED, RemovalState.CLAIMED, RemovalState.CANCELLED)

_ENDS_UNSENT: Final = (["already_gone"], ["refused"])
"""First steps of removals for which nothing was sent."""


class RemovalDetail:
    """A removal with every step of its way, and what this person may do about it."""

    def __init__(
        self, history: AuditReader, record: Removal, person: Person | None, within: Iterable[Connection]
    ) -> None:
        self.record = record
        self.message, self.badge = write_outcome_message(record), get_badge(record.state)
        self.steps = build_rows(history, list_steps(record))
        self.job_href = build_job_href(record.job_id) if record.job_id else ""
        waits = bool(record.job and record.job.is_open and record.state in _UNSENT)
        self.is_moving = record.state in Removal.OPEN or waits
        self.retries = list(record.retries.order_by("sent_at"))
        self.connection = next((one for one in within if one.slug == record.connection.slug), None)
        may = person.may if person and self.connection else lambda role: False
        self.may_look = record.needs_attention and record.state != RemovalState.SENT and may(Role.OPERATOR)
        self.may_close = record.may_be_closed and person is not None and person.may(Role.ADMIN)
        again = record.state in RETRYABLE_STATES and not self.retries
        needed = Role.OPERATOR if record.verb == Removal.Verb.DELETE else Role.ADMIN
        self.retry_href = record.retry_url if again and may(needed) else ""
        outcomes = [step.event.outcome for step in self.steps]
        begins_otherwise = record.state in _UNSENT or outcomes[:1] in _ENDS_UNSENT
        self.was_sent = "sent" in outcomes or not begins_otherwise  # else its time is when it was asked for
        self.item_href = ""
        if self.connection and record.media_id:
            self.item_href = reverse("media-item", args=[self.connection.slug, record.media_id])
        self.before = label_facts(record.before, "variants")


class EventDetail:
    """An event in full: its line, in words for people and as it was signed."""

    def __init__(self, history: AuditReader, event: Event) -> None:
        (self.row,) = build_rows(history, [event])
        self.event, self.facts = event, self.row.facts
        self.holds = is_signature_valid(event)
        steps = list_steps(event.removal) if event.removal else []
        numbers = [step.sequence for step in steps]
        place = numbers.index(event.sequence) if event.sequence in numbers else 0
        self.earlier = steps[place - 1] if place > 0 else None
        self.later = steps[place + 1] if place + 1 < len(steps) else None
        before = self.facts["before"]
        self.variants: list[dict[str, Any]] = before.get("variants", []) if self.holds else []
        self.before = label_facts(before, "variants")
        self.result = label_facts(self.facts["result"], "job", "digest")
        self.signed_line = write_signed_line(event) if history.may_read_private(read_facts(event)) else ""


def label_facts(facts: Mapping[str, Any], *left_out: str) -> list[tuple[str, str]]:
    """Return facts as label and text, but for those `left_out`; a size is told in both ways."""
    return [
        (_LABELS.get(name, name.replace("_", " ").capitalize()), _format_fact(name, value))
        for name, value in facts.items()
        if name not in left_out
    ]


def _format_fact(name: str, value: Any) -> str:
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
