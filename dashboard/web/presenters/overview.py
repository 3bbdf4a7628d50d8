"""A connection's last scan made ready to be drawn: every bar's share, every number's text."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

from django.utils import timezone

from dashboard.identity import Person
from dashboard.models import Connection, Job, JobState
from dashboard.scans import scan
from dashboard.scans.statistics import AGE_LIMITS_MS, NEVER_INDEX, CountAndBytes, SumsByName
from dashboard.units import format_age, format_count, format_iso, format_time_since

from .job import may_stop
from .media import STATUS_WORDS, TYPE_WORDS
from .progress import Progress
from .usage import parse_ms, was_purged_since

AGE_NAMES: Final = (
    ("1 h", "Last hour"),
    ("1 d", "Last day"),
    ("7 d", "Last 7 days"),
    ("30 d", "Last 30 days"),
    ("3 mo", "Last 3 months"),
    ("1 y", "Last year"),
    ("older", "Over a year ago"),
)
"""Names of a statistic's ages, below a column and in a table."""

MAX_LABELS_DRAWN: Final = 12
"""Labels that are drawn; the table has them all."""


def format_short(count: int) -> str:
    """Return `940`, `1.2k`, `12k`, `3.1M`: a number where there is little room; the table has it whole."""
    value, unit = float(count), ""
    for larger in ("k", "M", "G"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f}{unit}" if unit and value < 9.95 else f"{value:.0f}{unit}"


def format_percent(share: float) -> str:
    """Return `62 %`; a small share is never 0 %, and less than all is never 100 %."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


class ChartPart(NamedTuple):
    """A row or column of a picture. The shares are of 1; `glyph` is a css class, too."""

    name: str
    glyph: str
    number: int
    size_bytes: int
    of_number: float
    of_size: float
    short: str = ""


class NamedItem(NamedTuple):
    """An item that a list names."""

    id: str
    href: str
    glyph: str
    type_word: str
    size_bytes: int
    last: str
    last_iso: str


class ScanStatus:
    """The scan of a connection as a page watches it: the one that is not over, or how the last one ended.

    `watched` is the one that the page knew to be running: once that is over, the page has to be told. Where
    `tells`, what is new to the page is announced as well.
    """

    def __init__(
        self,
        connection: Connection,
        place: str = "overview",
        *,
        watched: UUID | None = None,
        tells: bool = False,
    ) -> None:
        self.connection = connection
        self.place = place
        newest = connection.jobs.filter(kind=Job.Kind.SCAN).first()
        self.job = newest if newest and newest.is_open else None
        self.failed = newest if newest and newest.state in (JobState.FAILED, JobState.STOPPED) else None
        self.is_over = watched is not None and self.job is None
        self.announcement = ""
        """What a screen reader is told of it: how it ended, and that another has begun."""
        if tells and newest and (self.is_over or (self.job and self.job.pk != watched)):
            self.announcement = f"Scan: {Progress(newest).announcement}"

    @cached_property
    def found(self) -> scan.ScanResult | None:
        """Return the result of the last scan, or None."""
        return scan.load_last_result(self.connection)

    @cached_property
    def progress(self) -> Progress | None:
        """Return the progress of the scan that is not over, or None."""
        return Progress(self.job) if self.job else None

    def may_be_ended(self, person: Person | None) -> bool:
        """Return whether the person may stop the scan."""
        return self.job is not None and may_stop(self.job, person)

    @cached_property
    def is_purged(self) -> bool:
        """Return whether a purge came after what the last scan has counted."""
        return self.found is not None and was_purged_since(self.connection, self.found.job)

    @property
    def before(self) -> int:
        """Return the items of the scan before, which tell about how far this one is; 0 if they do not."""
        items = self.found.job.seen if self.found else 0
        return items if self.job and self.job.seen < items else 0

    @property
    def age(self) -> str:
        """Return how long ago the last scan was."""
        return format_time_since(self.found.as_of) if self.found else ""


class Overview:
    """The pictures of one scan and the numbers beside them."""

    few: Final = MAX_LABELS_DRAWN
    percent = staticmethod(format_percent)
    short = staticmethod(format_short)

    def __init__(self, connection: Connection, found: scan.ScanResult) -> None:
        self.connection = connection
        self.job = found.job
        self.progress = found.progress
        self.statistics = statistics = found.progress.statistics
        self.last_access = parse_ms(statistics.last_access_ms)
        self.last_access_age = _format_age(statistics.last_access_ms)
        age = format_time_since(found.as_of)
        self.cover = f"Of {format_count(statistics.items, 'item')}, scanned {age}"
        of_items = (statistics.items - statistics.unreadable, statistics.size_bytes)
        of_variants = (statistics.variants, statistics.size_bytes)
        states = _build_parts(statistics.states, of_variants, STATUS_WORDS, "unknown", "no state")
        types = _build_parts(statistics.types, of_items, TYPE_WORDS, "file", "no type")
        labels = _build_parts(statistics.labels, of_variants, {}, "plain", "no label")
        order = [*STATUS_WORDS, "unknown"]  # in which a variant goes through them
        self.states = sorted(states, key=lambda part: (order.index(part.glyph), -part.number))
        self.types = sorted(types, key=lambda part: -part.number)
        self.labels = sorted(labels, key=lambda part: (-part.size_bytes, -part.number))
        links = {
            ("End date passed", "expired"): statistics.expired,
            ("Within 1 h", "soon"): statistics.within_hour,
            ("Within 24 h", "pending"): statistics.within_day,
            ("Later", "plain"): statistics.later,
        }
        whole = sum(links.values())
        self.links = [ChartPart(*look, count, 0, _divide(count, whole), 0) for look, count in links.items()]
        self.ages = _build_columns(statistics.ages, "not known", "Not known")
        self.accesses = _build_columns(statistics.accesses, "never", "Never")
        largest, coldest = sorted(statistics.largest, reverse=True), sorted(statistics.coldest, reverse=True)
        self.largest = [self._named(media_id, kind, size, last) for size, media_id, last, kind in largest]
        self.coldest = [self._named(media_id, kind, size, last) for _, media_id, size, last, kind in coldest]
        self.expiring = statistics.within_hour + statistics.within_day
        """Links that are good yet and end within a day."""

    def _named(self, media_id: str, kind: str, size: int, last: int) -> NamedItem:
        at = parse_ms(last)
        return NamedItem(
            media_id,
            f"{self.connection.media_url}{media_id}/",
            kind if kind in TYPE_WORDS else "file",
            TYPE_WORDS.get(kind, kind),
            size,
            _format_age(last) if last else "never",
            format_iso(at) if at else "",
        )


def _build_parts(
    names: SumsByName, whole: tuple[int, int], labels: Mapping[str, str], unknown: str, nameless: str
) -> list[ChartPart]:
    """Return a row a name; one that is among the `labels` is its own glyph."""
    rows = [*names.rows.items(), *([("others", names.others)] if names.others[0] else [])]
    return [
        ChartPart(
            labels.get(name) or name or nameless,
            name if name in labels else unknown,
            number,
            size,
            _divide(number, whole[0]),
            _divide(size, whole[1]),
        )
        for name, (number, size) in rows
    ]


def _build_columns(rows: list[CountAndBytes], short: str, name: str) -> list[ChartPart]:
    """Return a column an age, and one for what has no such time, if there is any."""
    labels = [*AGE_NAMES, (short, name)]
    assert len(rows) == len(labels) == len(AGE_LIMITS_MS) + 2  # noqa: S101 - a name an age
    items, size = sum(row[0] for row in rows), sum(row[1] for row in rows)
    return [
        ChartPart(word, "plain", row[0], row[1], _divide(row[0], items), _divide(row[1], size), below)
        for place, (row, (below, word)) in enumerate(zip(rows, labels, strict=True))
        if place != NEVER_INDEX or row[0]
    ]


def _divide(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _format_age(ms: float) -> str:
    return format_age(timezone.now().timestamp() - ms / 1000)
