"""Sizes, lengths, ages and counts in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboard.units import format_age, format_count, format_iso, format_length, format_size, format_utc

NOW = datetime(2026, 11, 20, 14, 2, 11, 45_678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_400_000, "12.4 MB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (10**18, "1000.0 PB"),
    ],
)
def test_sizes_are_decimal(size: int | None, words: str) -> None:
    assert format_size(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, "0:00"), (9.6, "0:10"), (72, "1:12"), (3599.6, "1:00:00"), (3672, "1:01:12")],
)
def test_lengths(seconds: float | None, words: str) -> None:
    assert format_length(seconds) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "just now"),
        (9, "just now"),
        (10, "10 s ago"),
        (180, "3 min ago"),
        (7200, "2 h ago"),
        (-7200, "in 2 h"),
        (86_400 * 29, "29 d ago"),
        (86_400 * 31, "1 mo ago"),
        (86_400 * 800, "2 y ago"),
    ],
)
def test_ages(ago: float, words: str) -> None:
    assert format_age(ago) == words


def test_moments_are_utc_whatever_zone_they_came_in() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert format_iso(there) == "2026-11-20T14:02:11.045Z"
    assert format_utc(there) == "20 Nov 2026, 14:02:11 UTC"
    assert format_utc(there.replace(day=3)) == "3 Nov 2026, 14:02:11 UTC"


@pytest.mark.parametrize(("count", "words"), [(0, "0 variants"), (1, "1 variant"), (4812, "4,812 variants")])
def test_counts(count: int, words: str) -> None:
    assert format_count(count, "variant") == words


def test_counts_with_a_plural_of_their_own() -> None:
    assert format_count(1, "variant is", "variants are") == "1 variant is"
    assert format_count(2, "variant is", "variants are") == "2 variants are"
