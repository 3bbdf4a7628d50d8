"""Sums over all items of a connection, in the same space however many there are."""

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heappush, heappushpop
from typing import Any, Final

from msgspec import Struct, field

from dashboard.vault import MediaItem, UnreadableItem

MAX_NAMES: Final = 40
"""States, types or labels with sums of their own: all three are open texts, and may be anything."""

MAX_NAME_LENGTH: Final = 60
MAX_NAMED_ITEMS: Final = 10
"""Largest items that are named, and as many of the coldest."""

MAX_NAMED_LINKS: Final = 100
"""Links that are named because they end soonest."""

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
AGE_LIMITS_MS: Final = (_HOUR, _DAY, 7 * _DAY, 30 * _DAY, 91 * _DAY, 365 * _DAY)
"""Ages in milliseconds at which one row of `ages` ends and the next begins; the row after the last is of all
that is older."""

NEVER_INDEX: Final = len(AGE_LIMITS_MS) + 1
"""Index in `ages` and `accesses` of items without such a time."""

CountAndBytes = list[int]
"""A list of two: how many, and their bytes. A list, as it is counted up in place."""


def _empty_rows() -> list[CountAndBytes]:
    return [[0, 0] for _ in range(NEVER_INDEX + 1)]


class SumsByName(Struct):
    """Counts and bytes by an open text: the first MAX_NAMES have rows of their own, others share one."""

    rows: dict[str, CountAndBytes] = {}
    others: CountAndBytes = field(default_factory=lambda: [0, 0])

    def find_row(self, name: str) -> CountAndBytes:
        """Return the row of this name, and make it if there is none."""
        name = _clean(name)
        if (row := self.rows.get(name)) is None:
            if len(self.rows) >= MAX_NAMES:
                return self.others
            row = self.rows[name] = [0, 0]
        return row


class ScanStatistics(Struct, kw_only=True):
    """Counts of items, variants and bytes, in all and by state, label, type and age. All times are Unix
    milliseconds, and ages are counted back from `now_ms`, when the scan began. An item is as old as its
    oldest variant, and was accessed when any of its variants was last."""

    now_ms: int
    items: int = 0
    """Each is counted once; those that cannot be read are among them."""
    unreadable: int = 0
    repeats: int = 0
    """Times that an item came again; it is counted the first time only."""
    variants: int = 0
    size_bytes: int = 0
    states: SumsByName = field(default_factory=SumsByName)
    labels: SumsByName = field(default_factory=SumsByName)
    types: SumsByName = field(default_factory=SumsByName)
    """Counts of items; those of the two above are of variants."""
    ages: list[CountAndBytes] = field(default_factory=_empty_rows)
    accesses: list[CountAndBytes] = field(default_factory=_empty_rows)
    """Items by AGE_LIMITS_MS; the last row is of items without such a time."""
    expired: int = 0
    within_hour: int = 0
    within_day: int = 0
    later: int = 0
    """Counts of links by when they end; a variant that was removed, or whose time is unreadable, has none."""
    newest_ms: int = 0
    last_access_ms: int = 0
    largest: list[tuple[int, str, int, str]] = []
    """Heap of (bytes, id, last access, type)."""
    coldest: list[tuple[int, str, int, int, str]] = []
    """Heap of (last touch, negative; id, bytes, last access, type), of items that hold bytes. An item that
    was never accessed was last touched when it was first seen."""
    soonest: list[tuple[int, str, str]] = []
    """Heap of (end of the link, negative; id, label), of links that had not ended at `now_ms`."""

    @property
    def in_flight(self) -> int:
        """Return the number of variants that the service is still storing."""
        return sum(self.states.rows.get(state, (0,))[0] for state in ("pending", "storing"))

    def add(self, items: Iterable[MediaItem | UnreadableItem]) -> None:  # noqa: C901 - one loop, see below
        """Count the items of a page. A scan has many pages with hundreds of variants: hence one loop."""
        now = self.now_ms
        in_hour, in_day = now + _HOUR, now + _DAY
        states, labels, types = self.states, self.labels, self.types
        states_of, labels_of, types_of = states.rows.get, labels.rows.get, types.rows.get
        ages, accesses = self.ages, self.accesses
        newest, newest_access = self.newest_ms, self.last_access_ms
        largest = _threshold(self.largest, MAX_NAMED_ITEMS)
        coldest = _threshold(self.coldest, MAX_NAMED_ITEMS)
        soonest = _threshold(self.soonest, MAX_NAMED_LINKS)
        for item in items:
            self.items += 1
            if not isinstance(item, MediaItem):
                self.unreadable += 1
                continue
            size, first, last = 0, 0.0, 0.0
            for label, variant in item.media.items():
                size_bytes, status = variant.size_bytes, variant.status
                size += size_bytes
                row = states_of(status) or states.find_row(status)
                row[0] += 1
                row[1] += size_bytes
                row = labels_of(label) or labels.find_row(label)
                row[0] += 1
                row[1] += size_bytes
                created, accessed = variant.created_ms, variant.last_accessed_ms
                if created:
                    if created < first or not first:
                        first = created
                    if created > newest:
                        newest = int(created)
                if accessed > last:
                    last = accessed
                if status == "removed":
                    continue
                ends = variant.expires_ms
                if not ends:
                    continue
                if ends <= now:
                    self.expired += 1
                    continue
                if ends > in_day:
                    self.later += 1
                elif ends > in_hour:
                    self.within_day += 1
                else:
                    self.within_hour += 1
                if soonest is None or -ends > soonest:
                    soonest = _push(self.soonest, (-int(ends), item.id, _clean(label)), MAX_NAMED_LINKS)
            self.variants += len(item.media)
            self.size_bytes += size
            row = types_of(item.type) or types.find_row(item.type)
            row[0] += 1
            row[1] += size
            row = ages[bisect_left(AGE_LIMITS_MS, now - first) if first else NEVER_INDEX]
            row[0] += 1
            row[1] += size
            row = accesses[bisect_left(AGE_LIMITS_MS, now - last) if last else NEVER_INDEX]
            row[0] += 1
            row[1] += size
            if last > newest_access:
                newest_access = int(last)
            if not size:
                continue
            if largest is None or size > largest:
                largest = _push(self.largest, (size, item.id, int(last), _clean(item.type)), MAX_NAMED_ITEMS)
            touched = int(last or first)
            if coldest is None or -touched > coldest:
                entry = (-touched, item.id, size, int(last), _clean(item.type))
                coldest = _push(self.coldest, entry, MAX_NAMED_ITEMS)
        self.newest_ms, self.last_access_ms = newest, newest_access


def _push(heap: list[Any], entry: tuple[Any, ...], most: int) -> int | None:
    """Add to a heap of the `most` greatest. Return what the next has to exceed; None while there is room."""
    if len(heap) < most:
        heappush(heap, entry)
    else:
        heappushpop(heap, entry)
    return _threshold(heap, most)


def _threshold(heap: list[Any], most: int) -> int | None:
    return heap[0][0] if len(heap) == most else None


def _clean(text: str) -> str:
    """Return an open text at its greatest length, without NUL, which PostgreSQL's JSON does not take."""
    return text[:MAX_NAME_LENGTH].replace("\0", "\ufffd")
