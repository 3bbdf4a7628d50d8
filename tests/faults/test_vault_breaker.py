"""What is not sent because the calls before failed: counted at the server."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from dashboard.vault import (
    BadRequest,
    Breaker,
    BreakerState,
    ConcurrencyLimit,
    NotAnswering,
    Timeouts,
    UnexpectedResponse,
    Unreachable,
    VaultClient,
    VaultError,
)
from tests.faults.raw_server import RawServer, Reply, Wire, answer, name_of, says
from tests.faults.vault_calls import (
    CALLS,
    KEY,
    MANY_SECONDS,
    ONCE,
    Call,
    Clock,
    Serve,
    fail,
    wait_for_requests,
)

HASTY = Timeouts(total=MANY_SECONDS, read=0.05)
"""For a service that says nothing: whatever speaks has all the time of a busy machine."""
EMPTY = says({"items": []})


def close(wire: Wire) -> None:
    pass


def silent(wire: Wire) -> None:
    wire.stay_silent()


def reset(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    wire.reset()


def cut(wire: Wire) -> None:
    wire.send(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"items":')


@pytest.mark.parametrize(
    "reply",
    [close, silent, reset, *(answer(s) for s in (500, 502, 503, 504, 599))],
    ids=name_of,
)
def test_after_five_failures_nothing_is_sent(serve: Serve, call: Call, reply: Reply) -> None:
    server, client = serve(reply, breaker=Breaker())
    fail(client, 5, HASTY if reply is silent else ONCE)
    with pytest.raises(NotAnswering) as caught:
        call(client)
    assert isinstance(caught.value, Unreachable), "so everybody knows that nothing was sent"
    assert 0 < caught.value.retry_after <= 15
    wait_for_requests(server, 5)  # the last that nobody waited for may still be on its way
    assert len(server.requests) == 5


ODD = {
    "cut": cut,
    "no json": answer(200, "<html>"),
    "empty": answer(200),
    "another item": says({"success": True, "mediaId": "124", "freedBytes": 5}),
    "too large": answer(200, b"[" * 70_000),
}


@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
def test_an_answer_of_no_use_shows_that_it_is_alive(serve: Serve, call: Call, reply: Reply) -> None:
    """One broken page that somebody loads three times is no reason to close the service to everybody."""
    server, client = serve(*[answer(500)] * 4, *[reply] * 8, answer(500), breaker=Breaker())
    fail(client, 4)
    for _ in range(8):
        with suppress(VaultError):
            call(client, ONCE)
    fail(client, 4)
    assert len(server.requests) == 16


@pytest.mark.parametrize("status", [204, 302, 400, 403, 404, 408, 409, 422, 429, 451])
def test_every_answer_below_500_shows_that_it_is_alive(serve: Serve, status: int) -> None:
    server, client = serve(
        answer(500), answer(500), answer(500), answer(500), answer(status), breaker=Breaker()
    )
    for name in ("query", "get", "batch", "delete") * 5:
        with suppress(VaultError):
            CALLS[name](client, ONCE)
    assert len(server.requests) == 20


def test_a_refused_key_shows_that_it_is_alive(serve: Serve) -> None:
    breaker = Breaker()
    server, client = serve(*[answer(500)] * 4, answer(401), answer(500), breaker=breaker)
    fail(client, 5)
    fail(VaultClient(server.url, KEY, breaker=breaker), 4)
    assert breaker.state is BreakerState.CLOSED
    assert len(server.requests) == 9


def test_a_port_that_refuses_opens_it(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = VaultClient(f"http://127.0.0.1:{port}", KEY, breaker=Breaker())
    fail(client, 5)
    with pytest.raises(NotAnswering):
        call(client)


def test_attempts_of_a_call_stop_as_it_opens(serve: Serve) -> None:
    server, client = serve(answer(500), breaker=Breaker())
    four = Timeouts(total=MANY_SECONDS, attempts=4)
    with pytest.raises(UnexpectedResponse):
        CALLS["query"](client, four)
    assert len(server.requests) == 4, "each attempt counts once"
    with pytest.raises(UnexpectedResponse):
        CALLS["query"](client, four)
    assert len(server.requests) == 5


def test_one_probe_closes_it(serve: Serve) -> None:
    clock = Clock()
    server, client = serve(*[answer(500)] * 6, EMPTY, breaker=Breaker(clock))
    fail(client, 5)
    clock.seconds += 15
    fail(client, 1)
    with pytest.raises(NotAnswering):
        CALLS["query"](client)
    clock.seconds += 15
    for _ in range(3):
        CALLS["query"](client)
    assert len(server.requests) == 9


def test_a_removal_is_no_probe(serve: Serve, removal: Call) -> None:
    """It cannot be taken back, and may take a minute."""
    clock = Clock()
    server, client = serve(*[answer(500)] * 5, EMPTY, breaker=Breaker(clock))
    fail(client, 5)
    clock.seconds += 15
    with pytest.raises(NotAnswering):
        removal(client)
    assert len(server.requests) == 5
    CALLS["query"](client)
    server.answers(answer(400))
    with pytest.raises(BadRequest):
        removal(client)
    assert len(server.requests) == 1


def test_a_probe_that_hangs_lets_nobody_else_through(serve: Serve) -> None:
    clock, go = Clock(), threading.Event()

    def hold(wire: Wire) -> bool:
        go.wait(MANY_SECONDS)
        wire.send(EMPTY)
        return True

    server, client = serve(*[answer(500)] * 5, hold, EMPTY, breaker=Breaker(clock))
    fail(client, 5)
    clock.seconds += 15
    with ThreadPoolExecutor(1) as threads:
        probe = threads.submit(CALLS["query"], client, Timeouts(total=MANY_SECONDS, read=MANY_SECONDS))
        wait_for_requests(server, 6)
        for name in CALLS:
            with pytest.raises(NotAnswering):
                CALLS[name](client)
        go.set()
        probe.result()
    CALLS["query"](client)
    assert len(server.requests) == 7


def test_who_waits_for_a_place_is_told_when_it_opens(stack: ExitStack) -> None:
    go = threading.Event()

    def hold(wire: Wire) -> None:
        go.wait(MANY_SECONDS)

    server = stack.enter_context(RawServer([answer(500)] * 4 + [hold]))
    limit = ConcurrencyLimit(calls=1)
    client = stack.enter_context(VaultClient(server.url, KEY, concurrency=limit, breaker=Breaker()))
    fail(client, 4)
    long = Timeouts(total=MANY_SECONDS, read=MANY_SECONDS)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(CALLS["query"], client, long)
        wait_for_requests(server, 5)
        others = [threads.submit(CALLS["query"], client, long) for _ in range(2)]
        while len(limit._places.line) < 2:
            threading.Event().wait(0.001)
        go.set()
        assert not isinstance(first.exception(), NotAnswering)
        assert all(isinstance(other.exception(), NotAnswering) for other in others)
    assert len(server.requests) == 5
    assert (limit._places.calls, limit._places.requests) == (0, 0)


def test_clients_of_a_base_address_share_what_they_found(stack: ExitStack) -> None:
    server, other = stack.enter_context(RawServer([answer(500)])), stack.enter_context(RawServer([EMPTY]))
    fail(VaultClient(server.url, KEY), 5)
    with pytest.raises(NotAnswering):
        CALLS["query"](VaultClient(server.url + "/", "another-key"))
    CALLS["query"](VaultClient(other.url, KEY))
    assert len(server.requests) == 5
