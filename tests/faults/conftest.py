from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dashboard.vault import ConcurrencyLimit, VaultClient
from tests.faults.raw_server import RawServer, Reply
from tests.faults.vault_calls import CALLS, KEY, Call, NeverOpen, Serve


@pytest.fixture(params=["query", "get", "batch", "connections"])
def read(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


@pytest.fixture(params=["delete", "purge"])
def removal(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


@pytest.fixture(params=list(CALLS))
def call(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: ExitStack) -> Serve:
    """Starts a raw server with these replies, and a client of it whose places and breaker are its own."""

    def start(*replies: Reply, **client: Any) -> tuple[RawServer, VaultClient]:
        server = stack.enter_context(RawServer(list(replies)))
        own: dict[str, Any] = {"concurrency": ConcurrencyLimit(), "breaker": NeverOpen(), **client}
        return server, stack.enter_context(VaultClient(server.url, KEY, **own))

    return start
