"""Removals and jobs above the audit's list, of which a person should know."""

from dashboard.audit.queries import AuditQuery, AuditReader
from dashboard.models import Job, Removal
from dashboard.removals import ledger
from dashboard.units import format_count, format_time_since

from .progress import get_job_badge
from .removal import get_badge


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


def list_removals_needing_attention(history: AuditReader, query: AuditQuery) -> list[Removal]:
    """Return the removals of which a person should know, of the connection that is asked about or of all."""
    return history.readable(ledger.find_needing_attention(), query)
