"""Summaries of many bulk removals at once: the counts of their items, and the bytes that these freed."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from dashboard.models import Job, JobState, Removal

from . import bulk


@dataclass(frozen=True, slots=True)
class BulkSummary:
    """A bulk removal with the counts of its items."""

    job: Job
    counts: bulk.Counts
    freed_bytes: int

    @property
    def is_done_in_part(self) -> bool:
        """True once it is over and some items were not removed, or nobody knows whether they were."""
        return self.job.state == JobState.DONE and bool(self.counts.failed or self.counts.unknown)


def summarize(numbers: Collection[UUID]) -> dict[UUID, BulkSummary]:
    """Return the bulk removals of these numbers, by number: two queries, however many they are."""
    if not numbers:
        return {}
    states: dict[UUID, Counter[str]] = defaultdict(Counter)
    freed: Counter[UUID] = Counter()
    items: Any = Removal.objects.filter(job__in=numbers).order_by().values_list("job_id", "state")
    for job, state, count, bytes_ in items.annotate(Count("pk"), Sum("freed_bytes")):
        states[job][state] = count
        freed[job] += bytes_ or 0
    there = Job.objects.in_bulk(numbers)
    return {pk: BulkSummary(job, bulk.count_states(states[pk]), freed[pk]) for pk, job in there.items()}
