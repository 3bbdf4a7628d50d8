"""A walk asks for one page ahead, and keeps to the service's limits: it waits a little, leaves a long pause
to the job, and ends at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from dashboard.jobs import lifecycle, paging
from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from dashboard.vault import Busy, MediaPage, MediaQuery, UnreadableItem


def near_the_limit(sandbox: Sandbox, remaining: int, reset: int) -> None:
    """The next answer says so."""
    headers = {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }
    sandbox.faults.add(headers=headers)


@pytest.fixture
def big(connections: None) -> Connection:
    return Connection.objects.get(slug="big")


@pytest.fixture
def ending() -> Iterator[None]:
    lifecycle.stopping.set()
    yield
    lifecycle.stopping.clear()


def test_far_from_the_limit_it_goes_on(sandbox: Sandbox, big: Connection) -> None:
    near_the_limit(sandbox, 40, 60)
    pages = paging.paginate(big, MediaQuery())
    assert [len(next(pages).items) for _ in range(3)] == [100] * 3


def test_near_the_limit_it_waits(sandbox: Sandbox, big: Connection) -> None:
    near_the_limit(sandbox, 5, 1)
    paging.ask_within_limits(big, MediaQuery())
    begun = time.monotonic()
    paging.ask_within_limits(big, MediaQuery())
    assert time.monotonic() - begun > 0.3


def test_a_long_pause_is_left_to_the_job(sandbox: Sandbox, big: Connection) -> None:
    near_the_limit(sandbox, 0, 40)
    pages = paging.paginate(big, MediaQuery())
    next(pages)
    with pytest.raises(Busy) as caught:
        next(pages)
    assert 39 < (caught.value.retry_after or 0) <= 41
    assert len(sandbox.calls) == 1


@pytest.mark.usefixtures("ending")
def test_a_process_that_ends_waits_for_nothing(sandbox: Sandbox, big: Connection) -> None:
    begun = time.monotonic()
    for _ in range(10):
        near_the_limit(sandbox, 5, 48)  # whoever waited would do so for eight seconds, each time
        paging.ask_within_limits(big, MediaQuery())
    assert time.monotonic() - begun < 60


MANY = 60


class Service:
    """Answers as many pages of one item, each with that item's id as the cursor, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    def ask(self, connection: Connection, query: MediaQuery) -> MediaPage:
        self.calls += 1
        number = self.calls
        time.sleep(0.002)
        return MediaPage((UnreadableItem(f"{number}", ""),), f"{number}" if number < MANY else None)


def test_the_next_page_is_asked_for_before_this_one_is_worked_on() -> None:
    """A call that left only once whoever works on a page lets go of the interpreter would come too late."""
    asked = Service()
    pages = paging.paginate(Connection(), MediaQuery(), ask=asked.ask)
    ahead = [asked.calls - number for number, _ in enumerate(pages, start=1)]
    assert len(ahead) == MANY
    assert ahead.count(1) > MANY / 2  # on a busy machine now and then a thread loses its turn in between


def test_no_page_is_asked_for_beyond_the_next() -> None:
    asked = Service()
    for number, _ in enumerate(paging.paginate(Connection(), MediaQuery(), ask=asked.ask), start=1):
        time.sleep(0.01)
        assert asked.calls <= number + 1
    assert asked.calls == MANY
