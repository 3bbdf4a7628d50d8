"""A document that is fetched, as the keys of the sign-on are: in time, up to a size, and from there only."""

import time
from contextlib import ExitStack

import pytest

from dashboard.vault import fetch_document
from tests.faults.raw_server import RawServer, Reply, Wire, answer
from tests.faults.test_vault_deadline import DRIPS
from tests.faults.vault_calls import MANY_SECONDS

MAX_BYTES = 10_000


def fetch(server: RawServer, seconds: float = MANY_SECONDS) -> tuple[int, bytes]:
    return fetch_document(f"{server.url}/keys?v=1", seconds=seconds, max_bytes=MAX_BYTES)


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_a_document_is_fetched_as_it_is(stack: ExitStack, status: int) -> None:
    elsewhere = stack.enter_context(RawServer([answer(200, b"elsewhere")]))
    server = stack.enter_context(RawServer([answer(status, b"x" * MAX_BYTES, Location=elsewhere.url)]))
    assert fetch(server) == (status, b"x" * MAX_BYTES)
    assert [request.target for request in server.requests] == ["/keys?v=1"]
    assert elsewhere.connections == 0


@pytest.mark.parametrize("reply", DRIPS)
def test_what_drips_ends_at_the_deadline(stack: ExitStack, reply: Reply) -> None:
    server = stack.enter_context(RawServer([reply]))
    started = time.monotonic()
    with pytest.raises(Exception, match=r"deadline|timed out|time"):
        fetch(server, seconds=0.25)
    assert time.monotonic() - started < MANY_SECONDS


def endless_body(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not wire.stopping.is_set():
        wire.send(b"x" * 65_536)


def endless_chunks(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not wire.stopping.is_set():
        wire.send(b"400\r\n" + b"x" * 1024 + b"\r\n")


@pytest.mark.parametrize(
    "reply",
    [answer(200, b"x" * (MAX_BYTES + 1)), endless_body, endless_chunks],
    ids=["long", "body", "chunks"],
)
def test_what_is_too_large_is_read_no_further(stack: ExitStack, reply: Reply) -> None:
    server = stack.enter_context(RawServer([reply]))
    with pytest.raises(ValueError, match="more than 10000 bytes"):
        fetch(server)


def test_proxies_of_the_environment_are_not_used(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = (stack.enter_context(RawServer([answer(200, b"x")])) for _ in range(2))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert fetch(server) == (200, b"x")
    assert proxy.connections == 0
