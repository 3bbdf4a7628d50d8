"""Removals and jobs above the audit's list, of which a person should know."""

from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.audit.queries import AuditQuery, AuditReader
from dashboard.models import Job, Removal
from dashboard.removals import ledger
from dashboard.units import format_age, format_count

from . import progress
from .bulk_summary import build_job_href
from .removal import Badge, get_badge


@dataclass(frozen=True, slots=True)
class RemovalAttention:
    """A removal whose outcome nobody knows yet."""

    removal: Removal

    @property
    def age(self) -> str:
        """Return how long ago it was sent."""
        return _format_age(self.removal.sent_at)

    @property
    def mark(self) -> Badge:
        """Return the badge of its state."""
        return get_badge(self.removal.state)


@dataclass(frozen=True, slots=True)
class JobAttention:
    """A job that goes no further until somebody has looked into it."""

    job: Job

    @property
    def deed(self) -> str:
        """Return its kind in words."""
        if self.job.kind == Job.Kind.REMOVE and self.job.total is not None:
            return f"Bulk removal of {format_count(self.job.total, 'item')}"
        return Job.Kind(self.job.kind).label

    @property
    def href(self) -> str:
        """Return the address of its page."""
        return build_job_href(self.job.pk)

    @property
    def since(self) -> datetime:
        """Return since when it stands still."""
        return self.job.moved_at or self.job.created_at

    @property
    def age(self) -> str:
        """Return how long it has stood still."""
        return _format_age(self.since)

    @property
    def mark(self) -> Badge:
        """Return the badge of its state."""
        return progress.get_job_badge(self.job)


def list_removals_needing_attention(history: AuditReader, query: AuditQuery) -> list[Removal]:
    """Return the removals of which a person should know, of the connection that is asked about or of all."""
    return history.readable(ledger.find_needing_attention(), query)


def _format_age(since: datetime) -> str:
    return format_age((datetime.now(UTC) - since).total_seconds())
