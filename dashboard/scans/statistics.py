"""What a walk over a whole connection adds up to, in the same space however long it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heappush, heappushpop
from typing import Any, Final, Self

import msgspec
from msgspec import Struct, field

from dashboard.vault import MediaItem, UnreadableItem

MOST_NAMES: Final = 40
"""States, types or labels that are counted apart: all three are open texts, and may be anything."""

LONGEST_NAME: Final = 60
TOP: Final = 10
"""The largest and the coldest items that are named."""

SOONEST: Final = 100
"""Links that are named for ending soonest."""

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
SPANS: Final = (_HOUR, _DAY, 7 * _DAY, 30 * _DAY, 91 * _DAY, 365 * _DAY)
"""Milliseconds ago at which one age ends and the next begins; what lies beyond the last is older."""

NEVER: Final = len(SPANS) + 1
"""Where in `ages` and `accesses` those stand that have no such time."""

Row = list[int]
"""How many, and their bytes."""


def _rows() -> list[Row]:
    return [[0, 0] for _ in range(NEVER + 1)]


class Names(Struct):
    """Counts and bytes by an open text: the first forty that came have rows of their own."""

    rows: dict[str, Row] = {}
    others: Row = field(default_factory=lambda: [0, 0])

    def row(self, name: str) -> Row:
        """The row of this name, made on its first coming."""
        name = _plain(name)
        if (row := self.rows.get(name)) is None:
            if len(self.rows) >= MOST_NAMES:
                return self.others
            row = self.rows[name] = [0, 0]
        return row


class Tally(Struct, kw_only=True):
    """Items, variants and bytes, and how they spread. All times are Unix milliseconds, and ages are seen from
    `now_ms`, when the walk began. An item's age is its oldest variant's, its last access its newest."""

    now_ms: int
    items: int = 0
    """Each once, those that cannot be read among them."""
    unreadable: int = 0
    repeats: int = 0
    """Times that an item came again; it is counted the first time only."""
    variants: int = 0
    size_bytes: int = 0
    states: Names = field(default_factory=Names)
    labels: Names = field(default_factory=Names)
    types: Names = field(default_factory=Names)
    """Of these the count is of items, of the two above it is of variants."""
    ages: list[Row] = field(default_factory=_rows)
    accesses: list[Row] = field(default_factory=_rows)
    """Items by SPANS; the last row is of those without such a time."""
    expired: int = 0
    within_hour: int = 0
    within_day: int = 0
    later: int = 0
    """Links by when they end; variants that were removed, or whose time could not be read, have none."""
    newest_ms: int = 0
    last_access_ms: int = 0
    largest: list[tuple[int, str, int, str]] = []
    """Heap of (bytes, id, last access, type)."""
    coldest: list[tuple[int, str, int, int, str]] = []
    """Heap of (when last touched, negative; id, bytes, last access, type), of items that hold bytes. One that
    was never accessed was last touched when it was first seen."""
    soonest: list[tuple[int, str, str]] = []
    """Heap of (when the link ends, negative; id, label), of links that had not ended at `now_ms`."""

    @classmethod
    def from_json(cls, kept: Any) -> Self:
        """What `as_json` gave. Raises msgspec.ValidationError for anything else."""
        return msgspec.convert(kept, cls)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON's own types, sharing nothing with what goes on counting."""
        kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return kept

    @property
    def in_flight(self) -> int:
        """Variants that the service is still at."""
        return sum(self.states.rows.get(state, (0,))[0] for state in ("pending", "storing"))

    def add(self, items: Iterable[MediaItem | UnreadableItem]) -> None:
        """Count a page. It has hundreds of variants, and a scan has many pages, so this is one plain loop."""
        now = self.now_ms
        in_hour, in_day = now + _HOUR, now + _DAY
        states, labels, types = self.states, self.labels, self.types
        states_of, labels_of, types_of = states.rows.get, labels.rows.get, types.rows.get
        ages, accesses = self.ages, self.accesses
        newest, newest_access = self.newest_ms, self.last_access_ms
        largest, coldest = _edge(self.largest, TOP), _edge(self.coldest, TOP)
        soonest = _edge(self.soonest, SOONEST)
        for item in items:
            self.items += 1
            if not isinstance(item, MediaItem):
                self.unreadable += 1
                continue
            size, first, last = 0, 0.0, 0.0
            for label, variant in item.media.items():
                size_bytes, status = variant.size_bytes, variant.status
                size += size_bytes
                row = states_of(status) or states.row(status)
                row[0] += 1
                row[1] += size_bytes
                row = labels_of(label) or labels.row(label)
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
                    soonest = _take(self.soonest, (-int(ends), item.id, _plain(label)), SOONEST)
            self.variants += len(item.media)
            self.size_bytes += size
            row = types_of(item.type) or types.row(item.type)
            row[0] += 1
            row[1] += size
            row = ages[bisect_left(SPANS, now - first) if first else NEVER]
            row[0] += 1
            row[1] += size
            row = accesses[bisect_left(SPANS, now - last) if last else NEVER]
            row[0] += 1
            row[1] += size
            if last > newest_access:
                newest_access = int(last)
            if not size:
                continue
            if largest is None or size > largest:
                largest = _take(self.largest, (size, item.id, int(last), _plain(item.type)), TOP)
            touched = int(last or first)
            if coldest is None or -touched > coldest:
                entry = (-touched, item.id, size, int(last), _plain(item.type))
                coldest = _take(self.coldest, entry, TOP)
        self.newest_ms, self.last_access_ms = newest, newest_access


def _take(heap: list[Any], entry: tuple[Any, ...], most: int) -> int | None:
    """Put the entry into a heap of so many of the greatest; what the next has to be greater than, where the
    heap is full."""
    if len(heap) < most:
        heappush(heap, entry)
    else:
        heappushpop(heap, entry)
    return _edge(heap, most)


def _edge(heap: list[Any], most: int) -> int | None:
    return heap[0][0] if len(heap) == most else None


def _plain(text: str) -> str:
    """An open text as it is kept: not endless, and without NUL, which PostgreSQL's JSON does not take."""
    return text[:LONGEST_NAME].replace("\0", "\ufffd")
