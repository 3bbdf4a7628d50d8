"""The bulkhead: how many threads of requests may wait for the service, and who comes next."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dashboard import server
from dashboard.exports.downloads import MAX_DOWNLOADS
from dashboard.service import LOOKUP_CONCURRENCY
from dashboard.vault import HELPER_TIMEOUTS, PAGE_TIMEOUTS, WORKER_DELETE_TIMEOUTS, WORKER_TIMEOUTS, Timeouts
from dashboard.vault.concurrency import PROCESS_CONCURRENCY, RESERVED_PLACES, Claim, ConcurrencyLimit, Places
from dashboard.vault.deadline import Deadline
from dashboard.vault.responses import Effect

CALLS, REMOVALS, WAITING, REMOVALS_EACH = 6, 3, 3, 2
REQUESTS = CALLS + WAITING


def test_a_server_has_more_threads_than_ever_wait_for_the_service() -> None:
    assert server.threads >= PROCESS_CONCURRENCY.max_requests + MAX_DOWNLOADS + RESERVED_PLACES
    assert PROCESS_CONCURRENCY.max_requests == 20
    assert LOOKUP_CONCURRENCY == 16 - RESERVED_PLACES, "as many helpers as may call at once"


class Bulkhead(RuleBasedStateMachine):
    """Claims of every kind come, wait, are given up and end, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.places = Places(CALLS, REMOVALS, WAITING, REMOVALS_EACH)
        self.under_way: list[Claim] = []
        self.in_line: list[Claim] = []
        self.helped = 0

    def requests(self) -> int:
        return self.helped + sum(one.is_of_request for one in (*self.under_way, *self.in_line))

    @rule(removes=st.booleans(), is_of_request=st.booleans(), connection_id=st.sampled_from("ab"))
    def come(self, removes: bool, is_of_request: bool, connection_id: str) -> None:
        claim = Claim(removes=removes, is_of_request=is_of_request, connection_id=connection_id)
        fits = self.places.fits(claim)
        waiting = sum(one.is_of_request for one in self.in_line)
        is_full = is_of_request and (self.requests() >= REQUESTS or (not fits and waiting >= WAITING))
        assert self.places.enter(claim) is not is_full
        if not is_full:
            (self.under_way if fits else self.in_line).append(claim)
        assert claim.has_place is (fits and not is_full)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.under_way))
        self.under_way.remove(claim)
        self.places.leave(claim)
        came = [one for one in self.in_line if one.has_place]
        assert len(came) <= 1 + claim.removes
        for one in came:
            first_of_its_kind = next(
                other
                for other in self.in_line
                if (other.removes, other.is_of_request) == (one.removes, one.is_of_request)
                and (other.connection_id == one.connection_id or not one.removes)
            )
            assert first_of_its_kind is one, "nobody overtakes"
            self.in_line.remove(one)
            self.under_way.append(one)

    @precondition(lambda self: self.in_line)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.in_line))
        self.in_line.remove(claim)
        self.places.leave(claim)

    @rule()
    def let_helpers_call(self) -> None:
        may = self.requests() < REQUESTS and self.helped < REQUESTS - RESERVED_PLACES
        assert self.places.enter_helped() is may
        self.helped += may

    @precondition(lambda self: self.helped)
    @rule()
    def helpers_end(self) -> None:
        self.places.leave_helped()
        self.helped -= 1

    @invariant()
    def no_limit_is_broken(self) -> None:
        assert self.requests() <= REQUESTS
        assert self.requests() == self.places.requests
        assert len(self.under_way) <= CALLS
        removed = Counter(one.connection_id for one in self.under_way if one.removes)
        assert removed == self.places.removals
        assert removed.total() <= REMOVALS
        assert max(removed.values(), default=0) <= REMOVALS_EACH
        assert sum(not one.is_of_request for one in self.under_way) <= CALLS - RESERVED_PLACES
        assert sum(one.is_of_request for one in self.in_line) <= WAITING

    @invariant()
    def nobody_waits_who_need_not(self) -> None:
        assert self.places.line == self.in_line
        assert not any(self.places.fits(one) for one in self.in_line)
        assert all(one.turn.locked() is not one.has_place for one in (*self.in_line, *self.under_way))


TestBulkhead = Bulkhead.TestCase


def waits(timeouts: Timeouts, seconds: float) -> Deadline:
    return Deadline(replace(timeouts, total=seconds))


def test_who_finds_the_line_full_is_told_at_once_and_workers_wait() -> None:
    limit = ConcurrencyLimit(calls=1, waiting=1)
    held = limit.acquire(Effect.READ, waits(PAGE_TIMEOUTS, 60))
    assert held
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(limit.acquire, Effect.READ, waits(PAGE_TIMEOUTS, 60))
        until_there_are(limit, 1)
        late = Deadline(replace(PAGE_TIMEOUTS, total=60))
        assert limit.acquire(Effect.READ, late) is None
        assert late.remaining() > 30, "at once"
        with limit.let_helpers_call() as is_counted:
            assert not is_counted
        worker = threads.submit(limit.acquire, Effect.READ, waits(WORKER_TIMEOUTS, 60))
        until_there_are(limit, 2)
        limit.release(held)
        place = first.result(60)
        assert place
        limit.release(place)
        assert worker.result(60)


@pytest.mark.parametrize(
    "timeouts", [PAGE_TIMEOUTS, HELPER_TIMEOUTS, WORKER_TIMEOUTS, WORKER_DELETE_TIMEOUTS]
)
def test_a_wait_ends_with_its_deadline_and_leaves_nothing(timeouts: Timeouts) -> None:
    limit = ConcurrencyLimit(calls=1)
    held = limit.acquire(Effect.READ, waits(PAGE_TIMEOUTS, 60))
    assert held
    for _ in range(10):
        assert limit.acquire(Effect.DELETE, waits(timeouts, 0.01)) is None
    limit.release(held)
    assert limit.acquire(Effect.DELETE, waits(timeouts, 0))


def test_any_number_of_threads_leave_the_limits_whole() -> None:
    limit = ConcurrencyLimit(calls=4, waiting=2)
    inside, most, lock = [0], [0], threading.Lock()

    def call(seed: int) -> bool:
        kind = random.Random(seed)
        timeouts = kind.choice([PAGE_TIMEOUTS, HELPER_TIMEOUTS, WORKER_TIMEOUTS])
        claim = limit.acquire(kind.choice(list(Effect)), waits(timeouts, kind.choice([0.0, 0.001, 60.0])))
        if claim is None:
            return False
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(kind.random() / 1000)
        with lock:
            inside[0] -= 1
        limit.release(claim)
        return True

    with ThreadPoolExecutor(40) as threads:
        done = list(threads.map(call, range(800)))
    assert any(done)
    assert most[0] <= 4
    places = limit._places
    assert (places.calls, places.helpers, places.requests) == (0, 0, 0)
    assert not places.removals
    assert not places.line


def until_there_are(limit: ConcurrencyLimit, number: int) -> None:
    while len(limit._places.line) < number:
        threading.Event().wait(0.001)
