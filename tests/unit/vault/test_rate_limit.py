"""How long a worker waits before the next call: by what the answers said of the service's limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox import Sandbox
from dashboard.vault import MAX_RATE_LIMIT_PAUSE_SECONDS, Busy, MediaQuery, RateLimit, Timeouts, VaultClient

CONNECTION, OTHER, KEY = "conn_a", "conn_b", "key_of_the_tests"
NOW = 1_790_000_000.0


class Time:
    """A clock that goes forward when it is told to."""

    def __init__(self, seconds: float = NOW) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def limits(limit: object, remaining: object, reset: object, **others: str) -> dict[str, str]:
    told = {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
    }
    return told | {name.replace("_", "-"): value for name, value in others.items()}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def rate_limit(time: Time) -> RateLimit:
    return RateLimit(clock=time, moment=time)


def test_nothing_known_is_nothing_to_wait_for(rate_limit: RateLimit) -> None:
    assert rate_limit.reserve_call(CONNECTION) == 0
    rate_limit.record(CONNECTION, 200, {})
    assert rate_limit.reserve_call(CONNECTION) == 0


def test_far_from_the_limit_nobody_waits(rate_limit: RateLimit) -> None:
    rate_limit.record(CONNECTION, 200, limits(60, 7, 60))
    assert rate_limit.reserve_call(CONNECTION) == 0


def test_near_the_limit_what_is_left_is_spread_until_it_is_whole(rate_limit: RateLimit) -> None:
    rate_limit.record(CONNECTION, 200, limits(60, 5, 59))
    assert rate_limit.reserve_call(CONNECTION) == 60 / 6
    assert rate_limit.reserve_call(CONNECTION) == 60 / 5, "whoever asks is counted as calling"


def test_a_used_up_limit_is_waited_for_until_it_is_whole(rate_limit: RateLimit, time: Time) -> None:
    rate_limit.record(CONNECTION, 429, limits(60, 0, 29))
    assert rate_limit.reserve_call(CONNECTION) == 30
    time.seconds += 29
    assert rate_limit.reserve_call(CONNECTION) == 1
    time.seconds += 1
    assert rate_limit.reserve_call(CONNECTION) == 0


def test_one_connections_limit_is_nothing_to_another(rate_limit: RateLimit) -> None:
    rate_limit.record(CONNECTION, 429, limits(60, 0, 29))
    assert rate_limit.reserve_call(OTHER) == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_wish_to_wait_counts_too(rate_limit: RateLimit, time: Time, status: int) -> None:
    rate_limit.record(CONNECTION, status, {"retry-after": "12"})
    assert rate_limit.reserve_call(CONNECTION) == 12
    time.seconds += 12
    assert rate_limit.reserve_call(CONNECTION) == 0


def test_the_longer_of_two_wishes_is_kept(rate_limit: RateLimit) -> None:
    rate_limit.record(CONNECTION, 429, limits(60, 0, 9, retry_after="40"))
    assert rate_limit.reserve_call(CONNECTION) == 40


@pytest.mark.parametrize("scale", [1, 1000], ids=["seconds", "milliseconds"])
def test_a_reset_may_be_a_moment(rate_limit: RateLimit, scale: int) -> None:
    rate_limit.record(CONNECTION, 200, limits(60, 0, int((NOW + 29) * scale)))
    assert rate_limit.reserve_call(CONNECTION) == 30


def test_a_moment_is_read_by_the_services_own_clock(rate_limit: RateLimit) -> None:
    an_hour_behind = formatdate(NOW - 3600, usegmt=True)
    rate_limit.record(CONNECTION, 200, limits(60, 0, int(NOW - 3600 + 29), date=an_hour_behind))
    assert rate_limit.reserve_call(CONNECTION) == 30


def test_silence_is_kept_for_two_minutes_at_most(rate_limit: RateLimit, time: Time) -> None:
    assert rate_limit.get_silence(CONNECTION) == 0
    rate_limit.record(CONNECTION, 200, limits(60, 0, 29))
    assert rate_limit.get_silence(CONNECTION) == 0, "near a limit a page is asked for all the same"
    rate_limit.record(CONNECTION, 429, {"retry-after": "21600"})
    assert (rate_limit.get_silence(CONNECTION), rate_limit.get_silence(OTHER)) == (21_600, 0)
    time.seconds += 119
    assert rate_limit.get_silence(CONNECTION) == 21_481
    time.seconds += 1
    assert rate_limit.get_silence(CONNECTION) == 0


def test_no_pause_is_longer_than_two_minutes(rate_limit: RateLimit) -> None:
    rate_limit.record(CONNECTION, 429, limits(60, 0, 3600, retry_after="3600"))
    assert rate_limit.reserve_call(CONNECTION) == MAX_RATE_LIMIT_PAUSE_SECONDS


def test_a_number_may_be_followed_by_what_it_means(rate_limit: RateLimit) -> None:
    rate_limit.record(CONNECTION, 200, limits("60, 60;w=60", "0; burst", "29.9"))
    assert rate_limit.reserve_call(CONNECTION) == 30


@pytest.mark.parametrize(
    "word", ["", "-1", "soon", "1e3", "nan", "inf", "9" * 400, "²", "0x1", "\udcff", "5000000"]
)
def test_a_reset_that_makes_no_sense_is_ignored(rate_limit: RateLimit, word: str) -> None:
    rate_limit.record(CONNECTION, 200, limits(60, 0, word))
    assert rate_limit.reserve_call(CONNECTION) == 0


@given(
    st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "date"]
        ),
        st.one_of(st.text(max_size=30), st.integers().map(str), st.floats().map(str)),
    ),
)
def test_whatever_is_sent_the_pause_is_a_sane_number(status: int, headers: dict[str, str]) -> None:
    rate_limit = RateLimit(clock=Time(), moment=Time())
    rate_limit.record(CONNECTION, status, headers)
    assert 0 <= rate_limit.reserve_call(CONNECTION) <= MAX_RATE_LIMIT_PAUSE_SECONDS


def test_only_so_many_connections_are_remembered(rate_limit: RateLimit) -> None:
    for number in range(1001):
        rate_limit.record(f"conn_{number}", 429, {"retry-after": "9"})
    assert rate_limit.reserve_call("conn_0") == 0
    assert rate_limit.reserve_call("conn_1") == 9


def test_raw_ids_are_not_kept(rate_limit: RateLimit) -> None:
    rate_limit.record("conn_secret", 429, {"retry-after": "9"})
    assert not any(b"conn_secret" in key for key in rate_limit._known)


def test_many_threads_may_ask_and_note_at_once(rate_limit: RateLimit) -> None:
    def work(number: int) -> float:
        rate_limit.record(f"conn_{number % 7}", 200, limits(60, number % 5, 30))
        return rate_limit.reserve_call(f"conn_{number % 7}")

    with ThreadPoolExecutor(8) as pool:
        assert all(0 <= pause <= 31 for pause in pool.map(work, range(400)))


@given(
    limit=st.integers(1, 40),
    window=st.integers(1, 60),
    started=st.floats(0, 60),
    takes=st.floats(0, 3),
    moments=st.booleans(),
)
def test_whoever_obeys_meets_no_refusal(
    limit: int, window: int, started: float, takes: float, moments: bool
) -> None:
    """By a service that counts the calls of fixed windows and rounds the rest of a window down."""
    time = Time(NOW + started)
    rate_limit = RateLimit(clock=time, moment=time)
    used: dict[int, int] = {}
    for _ in range(3 * limit):
        time.seconds += rate_limit.reserve_call(CONNECTION)
        present = int(time.seconds // window)
        used[present] = used.get(present, 0) + 1
        assert used[present] <= limit
        ends = (present + 1) * window
        reset = ends if moments else int(ends - time.seconds)
        rate_limit.record(CONNECTION, 200, limits(limit, limit - used[present], reset))
        time.seconds += takes


def test_two_hundred_reads_at_the_pace_meet_no_429_and_leave_a_page_its_part(time: Time) -> None:
    with (
        Sandbox({CONNECTION: 5}, key=KEY, rate_limit=(60, 90), now=time) as sandbox,
        VaultClient(sandbox.url, KEY, rate_limit=RateLimit(clock=time, moment=time)) as client,
    ):
        for number in range(200):
            time.seconds += client.reserve_call(CONNECTION)
            client.query(CONNECTION, MediaQuery())
            if number % 50 == 49:
                for _ in range(3):
                    client.query(CONNECTION, MediaQuery())
        assert {call.status for call in sandbox.calls} == {200}
        assert time.seconds - NOW < 212 - 90 + 90, "and not much slower than the service allows"


def test_without_the_pauses_they_do_and_the_refusal_is_remembered(time: Time) -> None:
    impatient = Timeouts(total=5)
    with (
        Sandbox({CONNECTION: 5, OTHER: 5}, key=KEY, rate_limit=(60, 90), now=time) as sandbox,
        VaultClient(sandbox.url, KEY, rate_limit=RateLimit(clock=time, moment=time)) as client,
    ):
        for _ in range(90):
            client.query(CONNECTION, MediaQuery(), impatient)
        with pytest.raises(Busy) as caught:
            client.query(CONNECTION, MediaQuery(), impatient)
        assert caught.value.retry_after == 1
        assert client.reserve_call(CONNECTION) == 91
        client.query(OTHER, MediaQuery(), impatient)
        assert client.reserve_call(OTHER) == 0
