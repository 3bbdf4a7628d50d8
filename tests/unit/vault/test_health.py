"""The service's health, from how calls went, in bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import BreakerState, Health, KeyState
from dashboard.vault.health import MAX_RECENT_CALLS, HealthRecord
from tests.faults.vault_calls import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def record(clock: Clock) -> HealthRecord:
    return HealthRecord(clock)


def report(record: HealthRecord) -> Health:
    return record.report(BreakerState.CLOSED, 0)


def test_nothing_was_asked_yet(record: HealthRecord) -> None:
    assert report(record) == (None, None, KeyState.UNKNOWN, BreakerState.CLOSED, 0)


def test_a_success_is_so_old_and_took_so_long(record: HealthRecord, clock: Clock) -> None:
    record.note_success(0.084)
    clock.seconds += 4
    assert report(record) == (4, 84, KeyState.OK, BreakerState.CLOSED, 0)


def test_what_is_older_than_five_minutes_makes_no_median(record: HealthRecord, clock: Clock) -> None:
    record.note_success(9)
    clock.seconds += 299
    record.note_success(1)
    record.note_success(2)
    assert report(record).p50_ms == 2000
    clock.seconds += 1
    assert report(record).p50_ms == 2000
    clock.seconds += 299
    assert report(record) == (299 + 1, None, KeyState.OK, BreakerState.CLOSED, 0)


def test_a_refused_key_is_said_until_one_is_accepted(record: HealthRecord) -> None:
    record.note_key_refused()
    assert report(record).key is KeyState.REFUSED
    record.note_success(1)
    assert report(record).key is KeyState.OK


@given(st.lists(st.floats(0, 60), min_size=1, max_size=600))
def test_its_median_is_that_of_the_last_calls_and_its_memory_has_an_end(taken: list[float]) -> None:
    record = HealthRecord(Clock())
    for seconds in taken:
        record.note_success(seconds)
    last = sorted(taken[-MAX_RECENT_CALLS:])
    assert report(record).p50_ms == last[len(last) // 2] * 1000
    assert len(record._recent) <= MAX_RECENT_CALLS
