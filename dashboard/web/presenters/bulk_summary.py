"""A bulk removal in one line of the audit's list: the event that begins it stands for all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.urls import reverse

from dashboard.audit.chain import read_facts
from dashboard.models import Event, Job, JobState
from dashboard.removals.bulk import BulkSummary, summarize
from dashboard.units import format_count, format_size

from . import progress
from .removal import Badge

PARTLY_DONE_BADGE: Final = Badge("expired", "alert")


@dataclass(frozen=True, slots=True)
class BulkSummaryLine:
    """A bulk removal in words, as it stands now."""

    summary: BulkSummary

    @property
    def job(self) -> Job:
        """Return its job."""
        return self.summary.job

    @property
    def word(self) -> str:
        """Return its state: `12 of 60` while it goes on, and what did not go well once it is over."""
        job, counts = self.job, self.summary.counts
        word = JobState(job.state).label
        if job.is_open and counts.done:
            return f"{word}, {counts.done:,} of {counts.total:,}"
        if self.summary.is_done_in_part:
            return f"{word}, but for {counts.failed + counts.unknown:,}"
        return word

    @property
    def mark(self) -> Badge:
        """Return the badge of its state."""
        return PARTLY_DONE_BADGE if self.summary.is_done_in_part else progress.get_job_badge(self.job)

    @property
    def told(self) -> str:
        """Return the outcomes of its items so far: `58 deleted, 2 failed`."""
        counts = self.summary.counts
        named = {
            "deleted": counts.deleted,
            "already gone": counts.already_gone,
            "failed": counts.failed,
            "unknown": counts.unknown,
            "cancelled": counts.cancelled,
        }
        return ", ".join(f"{count:,} {word}" for word, count in named.items() if count)

    @property
    def freed(self) -> str:
        """Return the size that was freed, or ""."""
        freed = self.summary.freed_bytes
        return format_size(freed) if freed else ""


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
