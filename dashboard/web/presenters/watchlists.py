"""Lists that everybody has: links that end soon by the last scan, and variants that wait for long."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.utils import timezone

from dashboard import service
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job
from dashboard.scans import scan
from dashboard.scans.statistics import MAX_NAMED_LINKS
from dashboard.units import format_age, format_time_since
from dashboard.vault import MAX_ITEMS_PER_PAGE, MediaItem, MediaQuery, UnreadableItem

from .media import STATUS_WORDS, BrokenRow, Row, RowBuilder


@dataclass(slots=True)
class EndingLinks:
    """An item, and those of its links that the scan named; `ends_at` is when the first of them ends."""

    id: str
    href: str
    ends_at: datetime
    age: str
    is_over: bool
    labels: list[str] = field(default_factory=list)


class ExpiringPage:
    """The links that end soon, by the last scan of the connection; without a scan, none."""

    def __init__(self, connection: Connection) -> None:
        self.job = lifecycle.find_last_done(connection, Job.Kind.SCAN)
        self.is_scanning = lifecycle.find_open(connection, Job.Kind.SCAN) is not None
        progress = scan.load_progress(self.job) if self.job else None
        self.statistics = progress.statistics if progress else None
        self.endings: list[EndingLinks] = []
        if not self.job or not self.statistics:
            return
        now = timezone.now()
        self.scanned = format_time_since(self.job.finished_at or self.job.created_at)
        self.is_cut = len(self.statistics.soonest) == MAX_NAMED_LINKS
        found: dict[str, EndingLinks] = {}
        for later_ms, media_id, label in sorted(self.statistics.soonest, reverse=True):
            ends_at = datetime.fromtimestamp(-later_ms / 1000, UTC)
            left = (ends_at - now).total_seconds()
            href = f"{connection.media_url}{media_id}/"
            ending = found.setdefault(
                media_id, EndingLinks(media_id, href, ends_at, format_age(-left), left <= 0)
            )
            ending.labels.append(label)
        self.endings = list(found.values())


STUCK_AFTER: Final = timedelta(hours=1)
"""An item that still waits this long after it was first seen counts as stuck; usual is seconds."""

STUCK_STATES: Final = ("pending", "storing")
"""The service filters by one of them at a time, so each is asked for by itself."""


class StuckList(NamedTuple):
    """The result of one of the two queries: its list in full, and whether that holds more."""

    word: str
    href: str
    found: int
    has_more: bool

    @property
    def summary(self) -> str:
        """Return `12 waiting, more available`."""
        return f"{self.found} {self.word.lower()}{', more available' if self.has_more else ''}"


def build_stuck_queries() -> list[MediaQuery]:
    """Return the queries: the oldest first, in whole minutes, so that the links to the lists are short."""
    since = (timezone.now() - STUCK_AFTER).replace(second=0, microsecond=0)
    return [
        MediaQuery(status=status, created_at_to=since, sort="createdAt_asc", limit=MAX_ITEMS_PER_PAGE)
        for status in STUCK_STATES
    ]


class StuckPage:
    """The results of both queries, as rows from the oldest on; an item that both found stands there once."""

    def __init__(self, connection: Connection) -> None:
        asked = build_stuck_queries()
        pages = service.list_each(connection, asked)
        items = {item.id or str(id(item)): item for page in pages for item in page.items}
        self.rows: list[Row | BrokenRow] = RowBuilder(connection, statuses=STUCK_STATES).build_rows(
            sorted(items.values(), key=find_first_seen_ms)
        )
        self.parts = [
            StuckList(
                STATUS_WORDS[str(query.status)],
                f"{connection.media_url}?{query.to_url()}",
                len(page.items),
                page.next_cursor is not None,
            )
            for query, page in zip(asked, pages, strict=True)
        ]
        self.summary = " · ".join(part.summary for part in self.parts if part.found)


def find_first_seen_ms(item: MediaItem | UnreadableItem) -> float:
    """Return the time in Unix milliseconds; what is not known stands last."""
    if isinstance(item, UnreadableItem):
        return float("inf")
    times = (variant.created_ms for variant in item.media.values() if variant.created_ms)
    return min(times, default=float("inf"))
