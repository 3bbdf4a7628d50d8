"""Links that end soon. The service cannot be asked for them, so they are those that the last scan met."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.utils import timezone

from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job
from dashboard.scans import scan
from dashboard.scans.statistics import SOONEST
from dashboard.units import age_text


@dataclass(slots=True)
class Ending:
    """An item, and those of its links that the scan named; `ends_at` is when the first of them ends."""

    id: str
    href: str
    ends_at: datetime
    age: str
    is_over: bool
    labels: list[str] = field(default_factory=list)


class ExpiringPage:
    """What the last scan of the connection knows of links; without a scan, nothing."""

    def __init__(self, connection: Connection) -> None:
        self.job = lifecycle.last_done(connection, Job.Kind.SCAN)
        self.is_scanning = lifecycle.running(connection, Job.Kind.SCAN) is not None
        progress = scan.progress_of(self.job) if self.job else None
        self.tally = progress.tally if progress else None
        self.endings: list[Ending] = []
        if not self.job or not self.tally:
            return
        now = timezone.now()
        self.scanned = age_text((now - (self.job.finished_at or self.job.created_at)).total_seconds())
        self.is_cut = len(self.tally.soonest) == SOONEST
        found: dict[str, Ending] = {}
        for later_ms, media_id, label in sorted(self.tally.soonest, reverse=True):
            ends_at = datetime.fromtimestamp(-later_ms / 1000, UTC)
            left = (ends_at - now).total_seconds()
            href = f"{connection.media_url}{media_id}/"
            ending = found.setdefault(media_id, Ending(media_id, href, ends_at, age_text(-left), left <= 0))
            ending.labels.append(label)
        self.endings = list(found.values())
