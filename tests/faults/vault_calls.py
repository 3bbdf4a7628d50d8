"""The operations as calls, and the secrets no output may hold."""

import threading
from collections.abc import Callable
from typing import Any, Final

import pytest

from dashboard.vault import (
    Breaker,
    ConcurrencyLimit,
    MediaQuery,
    NotAnswering,
    RateLimit,
    Timeouts,
    VaultClient,
    VaultError,
)
from dashboard.vault.gate import Gate
from dashboard.vault.transport import Transport
from tests.faults.raw_server import RawServer

KEY = "key_canary_5f1c9a"
CONNECTION = "conn_canary_77d2"

MANY_SECONDS: Final = 60.0
"""Longer than the slowest machine takes for a call, and shorter than a call that keeps no deadline: the only
bound on a test's own time, so that no test says how fast this machine is."""

ONCE: Final = Timeouts(total=MANY_SECONDS)

SHORT: Final = Timeouts(total=0.25, attempts=3, connect=3 * MANY_SECONDS, read=3 * MANY_SECONDS)
"""Only the deadline can end such a call in time."""


class NeverOpen(Breaker):
    """A breaker for tests of what a call makes of one odd answer after the other: it counts none."""

    def leave(self, turn: int, *, failed: bool) -> None:
        pass


class Clock:
    """A clock that goes forward when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.25

    def __call__(self) -> float:
        return self.seconds


Call = Callable[..., Any]
Serve = Callable[..., tuple[RawServer, VaultClient]]
"""Starts a raw server with the given replies, and a client of it."""


def make_transport(base_url: str) -> Transport:
    """What the client sends with, for calls that the client itself never makes."""
    gate = Gate(ConcurrencyLimit(), RateLimit(), NeverOpen())
    return Transport(base_url, KEY, verify=True, pool_size=1, gate=gate)


CALLS: dict[str, Call] = {
    "query": lambda client, *timeouts: client.query(CONNECTION, MediaQuery(), *timeouts),
    "get": lambda client, *timeouts: client.get(CONNECTION, "123", *timeouts),
    "batch": lambda client, *timeouts: client.get_batch(CONNECTION, ["123"], *timeouts),
    "delete": lambda client, *timeouts: client.delete(CONNECTION, "123", *timeouts),
    "purge": lambda client, *timeouts: client.purge(CONNECTION, *timeouts),
    "connections": lambda client, *timeouts: client.list_account_connections(*timeouts),
}
"""Each operation as a call with a client and, where the usual one will not do, a Timeouts."""


def fail(client: VaultClient, times: int, timeouts: Timeouts = ONCE, name: str = "query") -> None:
    """Make calls that the service does not answer well, each of which reaches it."""
    for _ in range(times):
        with pytest.raises(VaultError) as caught:
            CALLS[name](client, timeouts)
        assert not isinstance(caught.value, NotAnswering)


def wait_for_requests(server: RawServer, number: int) -> None:
    while len(server.requests) < number:
        threading.Event().wait(0.001)
