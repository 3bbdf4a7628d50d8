"""Bulk removals as the audit shows them: the event that begins one stands for all of it, as it stands now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Sum
from django.urls import reverse

from dashboard.models import Event, Job, Removal
from dashboard.removals import bulk
from dashboard.units import count_text, size_text
from dashboard.web.presenters import progress
from dashboard.web.presenters.removal import Mark

from .chain import facts_of, job_in

IN_PART: Final = Mark("expired", "alert")


@dataclass(frozen=True, slots=True)
class Run:
    """One bulk removal, and how its items stand."""

    job: Job
    counts: bulk.Counts
    freed_bytes: int

    @property
    def word(self) -> str:
        """How it stands: `12 of 60` while it goes on, and what did not go well once it is over."""
        word = Job.State(self.job.state).label
        if self.job.is_open and self.counts.done:
            return f"{word}, {self.counts.done:,} of {self.counts.total:,}"
        if self._is_done_in_part:
            return f"{word}, but for {self.counts.failed + self.counts.unknown:,}"
        return word

    @property
    def mark(self) -> Mark:
        return IN_PART if self._is_done_in_part else progress.mark_of(self.job)

    @property
    def _is_done_in_part(self) -> bool:
        return self.job.state == Job.State.DONE and bool(self.counts.failed or self.counts.unknown)

    @property
    def told(self) -> str:
        """What became of its items so far: `58 deleted, 2 failed`."""
        named = {
            "deleted": self.counts.deleted,
            "already gone": self.counts.already_gone,
            "failed": self.counts.failed,
            "unknown": self.counts.unknown,
            "cancelled": self.counts.cancelled,
        }
        return ", ".join(f"{count:,} {word}" for word, count in named.items() if count)

    @property
    def freed(self) -> str:
        return size_text(self.freed_bytes) if self.freed_bytes else ""


def named_job(event: Event) -> UUID | None:
    """Return the job that an event tells of, or within which it happened."""
    return event.job or event.begun_job or job_in(facts_of(event))


def runs_of(events: Iterable[Event]) -> dict[UUID, Run]:
    """Those that these events begin, by number: two queries, however many they are."""
    numbers = {event.begun_job for event in events if event.begun_job}
    if not numbers:
        return {}
    states: dict[UUID, Counter[str]] = defaultdict(Counter)
    freed: Counter[UUID] = Counter()
    items: Any = Removal.objects.filter(job__in=numbers).order_by().values_list("job_id", "state")
    for job, state, count, bytes_ in items.annotate(Count("pk"), Sum("freed_bytes")):
        states[job][state] = count
        freed[job] += bytes_ or 0
    there = Job.objects.in_bulk(numbers)
    return {pk: Run(job, bulk.counted(states[pk]), freed[pk]) for pk, job in there.items()}


def deed(event: Event) -> str:
    """`Bulk removal of 60 items`, as the event that begins it says."""
    items = facts_of(event)["result"].get("items")
    return f"Bulk removal of {count_text(items, 'item')}" if isinstance(items, int) else "Bulk removal"


def job_href(number: UUID) -> str:
    return reverse("job", args=[number])
