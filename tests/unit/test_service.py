"""Calls that helpers make for a request: one request too many is told so, and none of its helpers begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dashboard import service
from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from dashboard.vault import Busy, MediaQuery


@pytest.fixture
def full(small: Connection, sandbox: Sandbox) -> Iterator[Sandbox]:
    """As many requests wait for their helpers as may."""
    with ExitStack() as waiting:
        for _ in range(16):
            waiting.enter_context(service.get_client().let_helpers_call())
        yield sandbox


def test_few_queries_at_once(full: Sandbox, small: Connection) -> None:
    with pytest.raises(Busy):
        service.list_each(small, [MediaQuery()] * 2)
    assert full.calls == []


def test_few_connections_at_once(full: Sandbox, small: Connection) -> None:
    results = service.find_in_each([small] * 3, "1")
    assert [type(one) for one in results] == [Busy] * 3
    assert full.calls == []


def test_batches_of_a_lookup(full: Sandbox, small: Connection) -> None:
    batches = [service.Batch(small, (str(number),)) for number in range(3)]
    results = list(service.read_batches(iter(batches)))
    assert [batch for batch, _ in results] == batches
    assert [type(one) for _, one in results] == [Busy] * 3
    assert full.calls == []


def test_there_is_room_again_once_they_are_done(small: Connection, sandbox: Sandbox) -> None:
    for _ in range(20):
        assert len(service.list_each(small, [MediaQuery()])) == 1
        assert service.find_in_each([small], "1") == [None]
        assert [one for _, one in service.read_batches([service.Batch(small, ("1",))])] == [{}]
