"""A bulk removal in one line of the audit's list: the event that begins it stands for all of it."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.urls import reverse

from dashboard.audit.chain import read_facts
from dashboard.models import Event, JobState
from dashboard.removals.bulk import BulkSummary, summarize
from dashboard.units import format_count, format_size

from .progress import get_job_badge
from .removal import Badge

PARTLY_DONE_BADGE: Final = Badge("expired", "alert")


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
