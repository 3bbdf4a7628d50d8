"""The contents of a connection in a few numbers: counted by a look, or by the newest scan."""

import time
from datetime import UTC, datetime
from typing import NamedTuple

from django.utils import timezone

from dashboard.models import Connection, Job, Removal
from dashboard.removals.actions import MAY_HAVE_TAKEN
from dashboard.scans import scan
from dashboard.scans.statistics import ScanStatistics
from dashboard.units import format_iso, format_time_since
from dashboard.vault import MediaPage

from .media import STATUS_WORDS


class Share(NamedTuple):
    """The variants in one state, and how many bytes they hold."""

    name: str
    state: str
    word: str
    variants: int
    size_bytes: int


class Usage:
    """The contents of a connection as seen: `at_least` these; `scan` is what counted them, if any did."""

    def __init__(
        self, statistics: ScanStatistics, as_of: datetime, *, at_least: bool, scan: Job | None = None
    ) -> None:
        self.items, self.variants = statistics.items, statistics.variants
        self.size_bytes, self.unreadable = statistics.size_bytes, statistics.unreadable
        self.moving = statistics.in_flight
        self.shares = build_shares(statistics)
        self.last_accessed = parse_ms(statistics.last_access_ms)
        self.newest = parse_ms(statistics.newest_ms)
        self.as_of, self.at_least, self.scan = as_of, at_least, scan

    @property
    def age(self) -> str:
        """Return how long ago it was so: `12 min ago`."""
        return format_time_since(self.as_of)

    def record(self) -> dict[str, object]:
        """Return what the record of a purge keeps: what was seen before, when, and how it was found out."""
        return {
            "items_seen": self.items,
            "variants_seen": self.variants,
            "size_bytes": self.size_bytes,
            "variants_by_state": {share.name: share.variants for share in self.shares},
            "bytes_by_state": {share.name: share.size_bytes for share in self.shares},
            "in_flight": self.moving,
            "last_access": format_iso(self.last_accessed) if self.last_accessed else None,
            "newest": format_iso(self.newest) if self.newest else None,
            "at_least": self.at_least,
            "scanned": self.scan is not None,
            "as_of": format_iso(self.as_of),
        }


def summarize_page(page: MediaPage) -> Usage:
    """Return the contents that a look just found: exact only if the page is all there is."""
    statistics = ScanStatistics(now_ms=int(time.time() * 1000))
    by_id = {item.id or index: item for index, item in reversed(list(enumerate(page.items)))}
    statistics.add(by_id.values())  # one that is listed twice is one
    return Usage(statistics, timezone.now(), at_least=page.next_cursor is not None)


def summarize_connection(connection: Connection, page: MediaPage) -> Usage:
    """Return the contents by the look if it saw all; else by the newest scan, unless a purge came later."""
    looked = summarize_page(page)
    found = scan.load_last_result(connection) if looked.at_least else None
    if found is None or was_purged_since(connection, found.job):
        return looked
    counted = found.progress.statistics
    if counted.items < looked.items:  # it has grown, or the walk was cut short: the look knows better
        return looked
    return Usage(counted, found.as_of, at_least=found.progress.has_cursor_loop, scan=found.job)


def was_purged_since(connection: Connection, job: Job) -> bool:
    """Return whether a purge may have taken what a scan has counted."""
    purges = Removal.objects.filter(
        connection=connection, verb=Removal.Verb.PURGE, state__in=MAY_HAVE_TAKEN, sent_at__gte=job.created_at
    )
    return purges.exists()


def parse_ms(ms: int) -> datetime | None:
    """Return the time of so many Unix milliseconds; None for 0, which is never."""
    return datetime.fromtimestamp(ms / 1000, UTC) if ms else None


def build_shares(statistics: ScanStatistics) -> list[Share]:
    """Return the shares by state, the one with most variants first."""
    found = [
        Share(name, name if name in STATUS_WORDS else "unknown", STATUS_WORDS.get(name, name), *row)
        for name, row in statistics.states.rows.items()
    ]
    if statistics.states.others[0]:
        found.append(Share("other", "unknown", "other states", *statistics.states.others))
    return sorted(found, key=lambda share: -share.variants)
