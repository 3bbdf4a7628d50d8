"""Scans as pictures show them, written down as if the worker had walked."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

import msgspec
from django.utils import timezone

from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.identity import Caller
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job, JobState
from dashboard.scans import scan
from dashboard.scans.statistics import ScanStatistics, SumsByName
from tests.make import item, variant

GB: Final = 1_000_000_000
VERA: Final = Caller(DEMO_PEOPLE["viewer"], "192.0.2.17", "Firefox", "7f3c9a")


def write() -> None:
    """A large connection scanned twelve minutes ago, a small one three hours ago."""
    large, small = (Connection.objects.get(slug=slug) for slug in ("creator-b", "studio-a"))
    done(large, of_a_million(), minutes=12)
    done(small, of_sixty(), minutes=3 * 60)


def done(of: Connection, stats: ScanStatistics, *, minutes: int) -> Job:
    """A scan of this connection that came to its end."""
    ended = timezone.now() - timedelta(minutes=minutes)
    progress = {"tally": msgspec.to_builtins(stats)}
    job = lifecycle.new_job(Job.Kind.SCAN, of, VERA, state=JobState.DONE, seen=stats.items, progress=progress)
    job.created_at = job.started_at = ended - timedelta(minutes=9)
    job.finished_at = ended
    job.save()
    assert scan.load_progress(job)
    return job


def of_a_million() -> ScanStatistics:
    """As of a connection that has grown for years."""
    now = int(time.time() * 1000)
    soon = links_that_end(now - 12 * 60_000)
    stats = ScanStatistics(
        now_ms=now, items=1_000_000, unreadable=3, variants=3_214_870, size_bytes=18_462 * GB
    )
    stats.states = SumsByName(
        rows={
            "stored": [2_304_116, 17_904 * GB],
            "edge_only": [611_042, 0],
            "removed": [286_300, 0],
            "storing": [9_204, 558 * GB],
            "pending": [4_196, 0],
            "thawing": [12, 0],
        }
    )
    stats.types = SumsByName(
        rows={
            "image": [684_020, 2_110 * GB],
            "video": [298_514, 16_260 * GB],
            "audio": [17_463, 92 * GB],
        }
    )
    labels = ("full", "1080", "720", "thumb", "preview", "2160", "480", "poster", "sprite", "teaser", "w96")
    stats.labels = SumsByName(
        rows={
            label: [1_050_000 // (place + 1), 9_600 * GB // (place + 1) ** 2]
            for place, label in enumerate(labels)
        }
    )
    stats.ages = [
        [items, items * 18 * 10**6] for items in (214, 4_870, 31_240, 102_300, 188_460, 402_110, 270_803, 0)
    ]
    stats.accesses = [
        [items, items * 18 * 10**6]
        for items in (9_120, 61_300, 144_280, 201_970, 168_330, 190_400, 96_240, 128_357)
    ]
    stats.expired, stats.within_hour, stats.within_day, stats.later = (
        190_204,
        1_302,
        148_066,
        2_588_998,
    )
    stats.newest_ms, stats.last_access_ms = now - 40_000, now - 9_000
    ids = [str(4_492_994_399 + 181_073_101 * number) for number in range(10)]
    kinds = ("video", "video", "image", "video", "audio")
    day = 24 * 3_600_000
    stats.largest = [
        (9_812_440_128 - place * 412_330_777, media_id, now - (place + 1) * 3 * day, kinds[place % 3])
        for place, media_id in enumerate(ids)
    ]
    stats.coldest = [
        (
            -(now - (1900 - place * 41) * day),
            str(int(media_id) + 7),
            48_210_113 // (place + 1),
            0 if place % 3 == 0 else now - (1900 - place * 41) * day,
            kinds[place % 5],
        )
        for place, media_id in enumerate(ids)
    ]
    stats.soonest = soon
    return stats


def links_that_end(now_ms: int) -> list[tuple[int, str, str]]:
    """At all sorts of times, from a few minutes on."""
    stats = ScanStatistics(now_ms=now_ms)
    for number, minutes in enumerate((3, 9, 14, 31, 55, 58, 90, 200, 400, 1500, 3000)):
        ends = variant(expires_ms=now_ms + minutes * 60_000)
        stats.add([item(f"1825442{number:04}", **dict.fromkeys(("thumb", "full")[: 1 + number % 2], ends))])
    return stats.soonest


def of_sixty() -> ScanStatistics:
    """As of a small connection of pictures."""
    stats = ScanStatistics(now_ms=int(time.time() * 1000) - 3 * 3_600_000)
    first = stats.now_ms - 40 * 24 * 3_600_000
    for number in range(60):
        full = variant(
            size_bytes=9_000_000 + 311_000 * number, created_ms=first, last_accessed_ms=first + 9_000_000
        )
        thumb = variant(size_bytes=40_000, created_ms=first, status="stored" if number % 5 else "edge_only")
        stats.add([item(f"2713{number:06}", full=full, thumb=thumb)])
    return stats
