"""When a service is left alone, and when it is asked again: the breaker beside a naive model of its rules."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dashboard.vault.breaker import Breaker, BreakerState, get_breaker
from tests.faults.vault_calls import Clock

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def call(breaker: Breaker, *, failed: bool) -> bool:
    """Make a call, if it may be made, and return whether it was."""
    turn = breaker.enter(8)
    if turn is not None:
        breaker.leave(turn, failed=failed)
    return turn is not None


def open_it(breaker: Breaker) -> None:
    for _ in range(5):
        assert call(breaker, failed=True)


def test_it_opens_after_five_failures_in_a_row(breaker: Breaker) -> None:
    for _ in range(4):
        call(breaker, failed=True)
    call(breaker, failed=False)
    for _ in range(4):
        call(breaker, failed=True)
    assert (breaker.state, breaker.seconds_to_wait()) == (CLOSED, 0)
    call(breaker, failed=True)
    assert (breaker.state, breaker.seconds_to_wait()) == (OPEN, 15)
    assert not call(breaker, failed=False)


def test_it_opens_when_half_of_ten_calls_failed(breaker: Breaker) -> None:
    for _ in range(4):
        call(breaker, failed=False)
        call(breaker, failed=True)
    call(breaker, failed=False)
    assert breaker.state is CLOSED, "nine calls say nothing yet"
    call(breaker, failed=True)
    assert breaker.state is OPEN


def test_less_than_half_leaves_it_closed(breaker: Breaker) -> None:
    for _ in range(100):
        assert call(breaker, failed=False)
        assert call(breaker, failed=False)
        assert call(breaker, failed=True)
    assert breaker.state is CLOSED


def test_what_is_older_than_thirty_seconds_says_nothing(breaker: Breaker, clock: Clock) -> None:
    for _ in range(4):
        call(breaker, failed=True)
        call(breaker, failed=False)
    clock.seconds += 30
    for _ in range(2):
        call(breaker, failed=True)
        call(breaker, failed=False)
    assert breaker.state is CLOSED


def test_a_probe_that_succeeds_closes_it_and_forgets(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.seconds += 14.9
    assert not call(breaker, failed=False)
    clock.seconds += 0.1
    assert (breaker.state, breaker.seconds_to_wait()) == (HALF_OPEN, 0)
    assert call(breaker, failed=False)
    assert breaker.state is CLOSED
    for _ in range(4):
        assert call(breaker, failed=True)
    assert breaker.state is CLOSED


def test_a_probe_that_fails_opens_it_again(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    for _ in range(3):
        clock.seconds += 15
        assert call(breaker, failed=True)
        assert (breaker.state, breaker.seconds_to_wait()) == (OPEN, 15)


def test_a_removal_is_no_probe(breaker: Breaker, clock: Clock) -> None:
    assert breaker.enter(60, may_probe=False) is not None, "while it is closed it may be sent"
    open_it(breaker)
    clock.seconds += 15
    assert breaker.enter(60, may_probe=False) is None
    assert (breaker.state, breaker.seconds_to_wait()) == (HALF_OPEN, 0)
    assert call(breaker, failed=False)
    assert breaker.enter(60, may_probe=False) is not None


def test_a_probe_lets_nobody_else_through(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.seconds += 15
    probe = breaker.enter(8)
    assert probe is not None
    clock.seconds += 8.9
    assert breaker.enter(8) is None
    assert (breaker.state, breaker.seconds_to_wait()) == (HALF_OPEN, 1)
    breaker.leave(probe, failed=False)
    assert breaker.state is CLOSED


def test_a_probe_whose_thread_died_blocks_nobody_for_ever(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.seconds += 15
    dead = breaker.enter(8)
    assert dead is not None
    clock.seconds += 9
    assert (breaker.state, breaker.seconds_to_wait()) == (OPEN, 15)
    breaker.leave(dead, failed=False)  # its word comes too late
    assert breaker.state is OPEN
    clock.seconds += 15
    assert call(breaker, failed=False)
    assert breaker.state is CLOSED


def test_who_called_before_it_opened_decides_nothing(breaker: Breaker, clock: Clock) -> None:
    early = [breaker.enter(20) for _ in range(9)]
    assert None not in early
    for turn in early[:5]:
        breaker.leave(turn or 0, failed=True)
    clock.seconds += 3
    breaker.leave(early[5] or 0, failed=True)
    assert breaker.seconds_to_wait() == 12, "a late failure makes it no longer"
    breaker.leave(early[6] or 0, failed=False)
    assert breaker.state is OPEN
    clock.seconds += 12
    probe = breaker.enter(8)
    breaker.leave(early[7] or 0, failed=True)
    assert breaker.state is HALF_OPEN
    breaker.leave(probe or 0, failed=False)
    for _ in range(4):
        call(breaker, failed=True)
    breaker.leave(early[8] or 0, failed=True)
    assert breaker.state is CLOSED


def test_the_clock_on_the_wall_may_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = Breaker()
    open_it(breaker)
    for moment in (0.0, 4e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        assert 14 < breaker.seconds_to_wait() <= 15


def test_a_base_address_has_one() -> None:
    assert get_breaker("https://a.example") is get_breaker("https://a.example")
    assert get_breaker("https://a.example") is not get_breaker("https://b.example")


def test_of_many_threads_one_is_the_probe(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.seconds += 15
    together = threading.Barrier(16)

    def ask(_: int) -> int | None:
        together.wait()
        return breaker.enter(8)

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(ask, range(16))).count(None) == 15


def test_however_many_calls_it_remembers_as_many_seconds(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5000):
        clock.seconds += 0.05
        call(breaker, failed=False)
    assert len(breaker._seconds) <= 30


@dataclass
class Model:
    """The rules as they are written down, with everything kept and looked through each time."""

    state: BreakerState = CLOSED
    opened_at: float = 0.0
    probe_ends: float = 0.0
    ended: list[tuple[float, bool]] = field(default_factory=list)
    valid: set[int] = field(default_factory=set)  # the calls whose end still counts

    def pass_time(self, now: float) -> None:
        if self.state is HALF_OPEN and now >= self.probe_ends:
            self.open(self.probe_ends)

    def open(self, now: float) -> None:
        self.state, self.opened_at = OPEN, now
        self.valid.clear()

    def may_call(self, now: float) -> bool:
        return self.state is CLOSED or (self.state is OPEN and now >= self.opened_at + 15)

    def begin(self, call: int, now: float, seconds: float) -> None:
        if self.state is OPEN:
            self.state, self.probe_ends = HALF_OPEN, now + seconds + 1
        self.valid.add(call)

    def end(self, call: int, now: float, failed: bool) -> None:
        if call not in self.valid:
            return
        self.valid.discard(call)
        if self.state is HALF_OPEN:
            if failed:
                self.open(now)
            else:
                self.state = CLOSED
                self.ended.clear()
                self.valid.clear()
            return
        self.ended.append((now, failed))
        last = [failed for _, failed in self.ended[-5:]]
        recent = [failed for at, failed in self.ended if int(at) > int(now) - 30]
        if failed and (last == [True] * 5 or (len(recent) >= 10 and 2 * sum(recent) >= len(recent))):
            self.open(now)


class Beside(RuleBasedStateMachine):
    """Calls begin, end, and never end, while time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.model = Clock(), Model()
        self.breaker = Breaker(self.clock)
        self.under_way: dict[int, int] = {}
        self.calls = 0

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.75, 1.0, 5.0, 9.0, 14.75, 15.0, 29.0, 30.0, 60.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.model.pass_time(self.clock.seconds)

    @rule(seconds=st.sampled_from([0.0, 8.0, 20.0]), may_probe=st.booleans())
    def begin(self, seconds: float, may_probe: bool = True) -> None:
        may = self.model.may_call(self.clock.seconds) and (may_probe or self.model.state is CLOSED)
        turn = self.breaker.enter(seconds, may_probe=may_probe)
        assert (turn is not None) is may
        if turn is not None:
            self.calls += 1
            self.under_way[self.calls] = turn
            self.model.begin(self.calls, self.clock.seconds, seconds)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), failed=st.booleans())
    def end(self, data: st.DataObject, failed: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.under_way)))
        self.breaker.leave(self.under_way.pop(number), failed=failed)
        self.model.end(number, self.clock.seconds, failed)

    @rule(failed=st.lists(st.booleans(), min_size=1, max_size=12))
    def several_calls(self, failed: list[bool]) -> None:
        for one in failed:
            self.begin(8.0, may_probe=True)
            if self.under_way and self.model.valid:
                number = max(self.under_way)
                self.breaker.leave(self.under_way.pop(number), failed=one)
                self.model.end(number, self.clock.seconds, one)

    @invariant()
    def both_say_the_same(self) -> None:
        now, model = self.clock.seconds, self.model
        is_over = model.state is OPEN and now >= model.opened_at + 15
        assert self.breaker.state is (HALF_OPEN if is_over else model.state)
        wait = self.breaker.seconds_to_wait()
        assert (wait == 0) is model.may_call(now)
        if model.state is OPEN:
            assert wait == pytest.approx(max(model.opened_at + 15 - now, 0))
        assert wait <= 15


TestBesideTheModel = Beside.TestCase
