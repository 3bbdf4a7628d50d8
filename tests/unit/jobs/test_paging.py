"""A walk keeps to the service's limits: it waits a little, rests where it would be long, and ends at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from dashboard.jobs import lifecycle, paging
from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from dashboard.vault import Busy, MediaQuery


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
    steps = paging.paginate(big, MediaQuery())
    assert [len(next(steps).items) for _ in range(3)] == [100] * 3


def test_near_the_limit_it_waits(sandbox: Sandbox, big: Connection) -> None:
    near_the_limit(sandbox, 5, 1)
    paging.ask_within_limits(big, MediaQuery())
    begun = time.monotonic()
    paging.ask_within_limits(big, MediaQuery())
    assert time.monotonic() - begun > 0.3


def test_a_long_pause_is_the_jobs_to_rest(sandbox: Sandbox, big: Connection) -> None:
    near_the_limit(sandbox, 0, 40)
    steps = paging.paginate(big, MediaQuery())
    next(steps)
    with pytest.raises(Busy) as caught:
        next(steps)
    assert 39 < (caught.value.retry_after or 0) <= 41
    assert len(sandbox.calls) == 1


@pytest.mark.usefixtures("ending")
def test_a_process_that_ends_waits_for_nothing(sandbox: Sandbox, big: Connection) -> None:
    begun = time.monotonic()
    for _ in range(10):
        near_the_limit(sandbox, 5, 48)  # whoever waited would do so for eight seconds, each time
        paging.ask_within_limits(big, MediaQuery())
    assert time.monotonic() - begun < 60
