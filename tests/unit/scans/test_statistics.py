"""What a walk adds up to, against the same sums made the plain way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.scans.statistics import (
    AGE_LIMITS_MS,
    MAX_NAMED_ITEMS,
    MAX_NAMED_LINKS,
    MAX_NAMES,
    NEVER_INDEX,
    ScanStatistics,
)
from dashboard.vault import MediaItem, UnreadableItem, Variant
from tests import make

pytestmark = pytest.mark.no_cover  # it adds up for long

NOW = 1_795_000_000_000
Items = list[MediaItem | UnreadableItem]

moments = st.one_of(st.just(0), st.integers(NOW - 2 * AGE_LIMITS_MS[-1], NOW + AGE_LIMITS_MS[0]))
names = st.sampled_from(["stored", "storing", "pending", "removed", "edge_only", "thawing", "a\0b", ""])


@st.composite
def variants(draw: st.DrawFn) -> Variant:
    return make.variant(
        status=draw(names),
        size_bytes=draw(st.integers(0, 5000)),
        created_ms=draw(moments),
        expires_ms=draw(moments),
        last_accessed_ms=draw(moments),
    )


@st.composite
def items(draw: st.DrawFn) -> MediaItem | UnreadableItem:
    media_id = f"{draw(st.integers(1, 10**6))}"
    if draw(st.integers(0, 9)) == 0:
        return UnreadableItem(media_id, "broken")
    media = draw(st.dictionaries(st.sampled_from(["thumb", "full", "720", "x" * 99]), variants(), max_size=3))
    return MediaItem(id=media_id, type=draw(st.sampled_from(["image", "video"])), duration=None, media=media)


def age(ms: float) -> int:
    """Which of the ages a time has, looked up one by one."""
    if not ms:
        return NEVER_INDEX
    return sum(NOW - ms > span for span in AGE_LIMITS_MS)


def of(item: MediaItem) -> Collection[Variant]:
    return item.media.values()


def plainly(counted: Items) -> dict[str, Any]:
    """Every sum by itself, from everything at once."""
    readable = [one for one in counted if isinstance(one, MediaItem)]
    flat = [(one, label, v) for one in readable for label, v in one.media.items()]
    first = {
        id(one): min((v.created_ms for v in one.media.values() if v.created_ms), default=0)
        for one in readable
    }
    last = {id(one): max((v.last_accessed_ms for v in one.media.values()), default=0) for one in readable}
    links = [
        (v.expires_ms, one.id, label[:60]) for one, label, v in flat if v.status != "removed" and v.expires_ms
    ]
    alive = sorted(link for link in links if link[0] > NOW)

    def named(pairs: list[tuple[str, int]]) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for name, size in pairs:
            row = rows.setdefault(name[:60].replace("\0", "�"), [0, 0])
            row[0], row[1] = row[0] + 1, row[1] + size
        return rows

    def aged(times: dict[int, float]) -> list[list[int]]:
        rows = [[0, 0] for _ in range(NEVER_INDEX + 1)]
        for one in readable:
            row = rows[age(times[id(one)])]
            row[0], row[1] = row[0] + 1, row[1] + one.size_bytes
        return rows

    held = [one for one in readable if one.size_bytes]
    return {
        "items": len(counted),
        "unreadable": len(counted) - len(readable),
        "variants": len(flat),
        "size_bytes": sum(one.size_bytes for one in readable),
        "in_flight": sum(v.is_moving for _, _, v in flat),
        "states": named([(v.status, v.size_bytes) for _, _, v in flat]),
        "labels": named([(label, v.size_bytes) for _, label, v in flat]),
        "types": named([(one.type, one.size_bytes) for one in readable]),
        "ages": aged(first),
        "accesses": aged(last),
        "expired": len(links) - len(alive),
        "within_hour": sum(ends - NOW <= AGE_LIMITS_MS[0] for ends, _, _ in alive),
        "within_day": sum(AGE_LIMITS_MS[0] < ends - NOW <= AGE_LIMITS_MS[1] for ends, _, _ in alive),
        "later": sum(ends - NOW > AGE_LIMITS_MS[1] for ends, _, _ in alive),
        "newest_ms": max((v.created_ms for _, _, v in flat), default=0),
        "last_access_ms": max(last.values(), default=0),
        "largest": sorted((one.size_bytes for one in held), reverse=True)[:MAX_NAMED_ITEMS],
        "coldest": sorted(last[id(one)] or first[id(one)] for one in held)[:MAX_NAMED_ITEMS],
        "soonest": [ends for ends, _, _ in alive][:MAX_NAMED_LINKS],
    }


def told(stats: ScanStatistics) -> dict[str, Any]:
    """The same sums as the stats tells them. Of those that tie for a last place either may be named."""
    kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(stats))
    del kept["now_ms"], kept["repeats"]
    for name in ("states", "labels", "types"):
        kept[name] = kept[name]["rows"]
    kept["in_flight"] = stats.in_flight
    kept["largest"] = sorted((entry[0] for entry in stats.largest), reverse=True)
    kept["coldest"] = sorted(-entry[0] for entry in stats.coldest)
    kept["soonest"] = sorted(-entry[0] for entry in stats.soonest)
    return kept


@given(st.lists(st.lists(items(), max_size=30), max_size=5))
def test_adds_up_as_it_would_all_at_once(pages: list[Items]) -> None:
    stats = ScanStatistics(now_ms=NOW)
    for page in pages:
        stats.add(page)
        kept = msgspec.json.decode(msgspec.json.encode(stats))  # as a job keeps it in between
        stats = msgspec.convert(kept, ScanStatistics)
    assert told(stats) == plainly([one for page in pages for one in page])


@given(st.lists(items(), max_size=60))
def test_what_it_names_is_what_came(page: Items) -> None:
    stats = ScanStatistics(now_ms=NOW)
    stats.add(page)
    by_id = {one.id: one for one in reversed(page) if isinstance(one, MediaItem)}
    several = {media_id for media_id, times in Counter(one.id for one in page).items() if times > 1}
    for size, media_id, _, kind in stats.largest:
        assert media_id in several or (by_id[media_id].size_bytes, by_id[media_id].type) == (size, kind)
    for ends, media_id, label in stats.soonest:
        variant = next((v for k, v in by_id[media_id].media.items() if k[:60] == label), None)
        assert media_id in several or (variant is not None and variant.expires_ms == -ends)


def test_open_texts_have_forty_rows_and_no_more() -> None:
    stats = ScanStatistics(now_ms=NOW)
    stats.add(make.item(str(n), **{f"label {n}": make.variant(size_bytes=5)}) for n in range(MAX_NAMES + 7))
    stats.add([make.item("again", **{"label 3": make.variant(size_bytes=5)})])
    assert len(stats.labels.rows) == MAX_NAMES
    assert stats.labels.rows["label 3"] == [2, 10]
    assert stats.labels.others == [7, 35]


def test_stays_as_small_as_it_began() -> None:
    stats = ScanStatistics(now_ms=NOW)
    page = [make.item(str(n), **{f"l{n}": make.variant(status=f"s{n}")}) for n in range(1000)]
    stats.add(page)
    size = len(msgspec.json.encode(stats))
    for _ in range(5):
        stats.add(page)
    assert len(msgspec.json.encode(stats)) < size * 1.1 < 50_000


@pytest.mark.parametrize(
    ("ms", "place"),
    [(NOW + 5, 0), (NOW, 0), (NOW - AGE_LIMITS_MS[0], 0), (NOW - AGE_LIMITS_MS[0] - 1, 1), (0, NEVER_INDEX)],
)
def test_an_age_ends_with_its_span(ms: int, place: int) -> None:
    stats = ScanStatistics(now_ms=NOW)
    stats.add([make.item(full=make.variant(created_ms=ms, last_accessed_ms=ms))])
    assert [row[0] for row in stats.ages].index(1) == place
    assert [row[0] for row in stats.accesses].index(1) == place


def test_what_was_never_accessed_is_as_cold_as_it_is_old() -> None:
    stats = ScanStatistics(now_ms=NOW)
    day = AGE_LIMITS_MS[1]
    stats.add(
        [
            make.item("new", full=make.variant(created_ms=NOW - day)),
            make.item("old", full=make.variant(created_ms=NOW - 9 * day)),
            make.item("used", full=make.variant(created_ms=NOW - 99 * day, last_accessed_ms=NOW - 5 * day)),
            make.item("void", full=make.variant(created_ms=NOW - 99 * day, size_bytes=0)),
        ]
    )
    assert [entry[1] for entry in sorted(stats.coldest, reverse=True)] == ["old", "used", "new"]


def test_a_page_takes_little_time() -> None:
    page: Items = [
        make.item(str(n), **{label: make.variant() for label in ("thumb", "720", "full")}) for n in range(100)
    ]
    stats = ScanStatistics(now_ms=NOW)
    fastest = 1.0
    for _ in range(20):
        started = time.thread_time()
        stats.add(page)
        fastest = min(fastest, time.thread_time() - started)
    assert fastest < 0.005  # a third of a millisecond where nobody else works
