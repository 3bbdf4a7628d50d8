"""What needs a look, above the audit's list."""

from typing import Any

from dashboard import budgets
from dashboard.identity import Person
from dashboard.models import Budget, Job, Removal
from dashboard.units import format_count, format_time_since

from .progress import get_job_badge
from .removal import Badge, get_badge


class RemovalAttention:
    """A removal whose outcome nobody knows yet."""

    def __init__(self, removal: Removal) -> None:
        self.removal = removal
        self.age = format_time_since(removal.sent_at)
        self.badge = get_badge(removal.state)


class JobAttention:
    """A job that goes no further until somebody has looked into it; `since` is when it stood still."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.deed = Job.Kind(job.kind).label
        if job.kind == Job.Kind.REMOVE and job.total is not None:
            self.deed = f"Bulk removal of {format_count(job.total, 'item')}"
        self.href = job.get_absolute_url()
        self.since = job.moved_at or job.created_at
        self.age = format_time_since(self.since)
        self.badge = get_job_badge(job)


class BudgetAttention:
    """A limit that somebody has reached, and how long it holds; nobody lifts their own."""

    def __init__(self, budget: Budget, person: Person | None) -> None:
        self.budget = budget
        self.limit = budgets.describe_limit(budget.kind)
        self.ends_at = budgets.find_end(budget)
        self.left = format_time_since(self.ends_at)
        self.badge = Badge("expired", "pending")
        self.is_own = budget.is_owned_by(person)


class ViolationAttention:
    """A kind of thing that browsers refused to do on a page of ours in the last days."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.directive, self.blocked, self.page = row["directive"], row["blocked"], row["page"]
        self.count = format_count(row["total"], "report")
        self.last = f"{row['last']:%d %b %Y}".lstrip("0")
        self.badge = get_badge("denied")
