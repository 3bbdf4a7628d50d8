"""What stands above the audit's list: removals and jobs of which a person should know."""

from __future__ import annotations

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
    """A removal of which nobody knows yet what became of it."""

    removal: Removal

    @property
    def age(self) -> str:
        return _format_age(self.removal.sent_at)

    @property
    def mark(self) -> Badge:
        return get_badge(self.removal.state)


@dataclass(frozen=True, slots=True)
class JobAttention:
    """A job that goes no further until somebody has seen why."""

    job: Job

    @property
    def deed(self) -> str:
        if self.job.kind == Job.Kind.REMOVE and self.job.total is not None:
            return f"Bulk removal of {format_count(self.job.total, 'item')}"
        return Job.Kind(self.job.kind).label

    @property
    def href(self) -> str:
        return build_job_href(self.job.pk)

    @property
    def since(self) -> datetime:
        return self.job.moved_at or self.job.created_at

    @property
    def age(self) -> str:
        return _format_age(self.since)

    @property
    def mark(self) -> Badge:
        return progress.get_job_badge(self.job)


def list_removals_needing_attention(history: AuditReader, query: AuditQuery) -> list[Removal]:
    """Return the removals of which a person should know, of the connection that is asked about or of all."""
    return history.readable(ledger.find_needing_attention(), query)


def _format_age(since: datetime) -> str:
    return format_age((datetime.now(UTC) - since).total_seconds())
