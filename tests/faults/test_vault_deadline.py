"""A timeout is not a deadline: dripping outlasts it. The call as a whole ends in time, whatever comes."""

import socket
import time

import pytest

from dashboard.vault import (
    BadRequest,
    ConcurrencyLimit,
    MediaQuery,
    OutcomeUnknown,
    Timeouts,
    UnexpectedResponse,
    Unreachable,
    VaultClient,
)
from tests.faults.raw_server import Reply, Wire, answer
from tests.faults.vault_calls import CONNECTION, KEY, MANY_SECONDS, SHORT, Call, Serve

HASTY = Timeouts(total=3 * MANY_SECONDS, read=0.3)
HEAD = b"HTTP/1.1 200 OK\r\n"
LONG = b" " * 4_000
"""By a byte each 50 ms: longer than MANY_SECONDS."""


def silent(wire: Wire) -> None:
    wire.stay_silent()


def dripping_status_line(wire: Wire) -> None:
    wire.drip(b"HTTP/1.1 200 " + LONG)


def dripping_headers(wire: Wire) -> None:
    wire.send(HEAD)
    wire.drip(b"X-Filler: " + LONG)


def endless_continues(wire: Wire) -> None:
    while not wire.stopping.is_set():
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def dripping_body(wire: Wire) -> None:
    wire.send(HEAD + b"Content-Length: 4000\r\n\r\n")
    wire.drip(LONG)


def dripping_chunks(wire: Wire) -> None:
    wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    wire.drip(b"1\r\n \r\n" * 1_000)


def dripping_without_length(wire: Wire) -> None:
    wire.send(HEAD + b"\r\n")
    wire.drip(LONG)


def dripping_error(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 500 Oops\r\nContent-Length: 4000\r\n\r\n")
    wire.drip(LONG)


DRIPS = [
    silent,
    dripping_status_line,
    dripping_headers,
    endless_continues,
    dripping_body,
    dripping_chunks,
    dripping_without_length,
    dripping_error,
]


@pytest.mark.parametrize("reply", DRIPS)
def test_read_ends_at_its_deadline(serve: Serve, read: Call, reply: Reply) -> None:
    _, client = serve(reply)
    started = time.monotonic()
    with pytest.raises((Unreachable, UnexpectedResponse)):
        read(client, SHORT)
    assert time.monotonic() - started < MANY_SECONDS


@pytest.mark.parametrize("reply", DRIPS)
def test_removal_ends_at_its_deadline_with_outcome_unknown(serve: Serve, removal: Call, reply: Reply) -> None:
    server, client = serve(reply)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        removal(client, SHORT)
    assert time.monotonic() - started < MANY_SECONDS
    assert len(server.requests) == 1


def test_status_counts_even_when_the_words_behind_it_drip(serve: Serve) -> None:
    def refused(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 400 No\r\nContent-Length: 4000\r\n\r\n")
        wire.drip(LONG)

    _, client = serve(refused)
    with pytest.raises(BadRequest) as caught:
        client.delete(CONNECTION, "123", SHORT)
    assert caught.value.status == 400


def test_gap_ends_a_silent_call_long_before_its_deadline(serve: Serve) -> None:
    _, client = serve(silent)
    started = time.monotonic()
    with pytest.raises(Unreachable):
        client.query(CONNECTION, MediaQuery(), HASTY)
    assert time.monotonic() - started < MANY_SECONDS


def test_slow_answer_within_the_gaps_and_the_deadline_is_whole(serve: Serve) -> None:
    def slow(wire: Wire) -> None:
        wire.drip(answer(body='{"items": []}'), every=0.005)

    _, client = serve(slow)
    assert client.query(CONNECTION, MediaQuery(), HASTY).items == ()


def test_next_call_on_the_same_connection_has_a_deadline_of_its_own(serve: Serve) -> None:
    server, client = serve(answer(body='{"items": []}'))
    client.query(CONNECTION, MediaQuery(), Timeouts(total=0.3))
    server.answers(lambda wire: wire.drip(answer(body='{"items": []}'), every=0.01))
    assert client.query(CONNECTION, MediaQuery(), Timeouts(total=5)).items == ()
    assert server.connections == 1


def test_connect_to_a_full_backlog_ends_in_time() -> None:
    # With the backlog full the kernel drops what else knocks: a connect that neither works nor fails.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        full = [socket.socket() for _ in range(3)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        client = VaultClient(
            f"http://127.0.0.1:{listener.getsockname()[1]}", KEY, concurrency=ConcurrencyLimit()
        )
        started = time.monotonic()
        with pytest.raises(Unreachable):
            client.delete(CONNECTION, "123", SHORT)
        assert time.monotonic() - started < MANY_SECONDS
        for one in full:
            one.close()


def test_silence_instead_of_tls_ends_in_time_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = VaultClient(
            f"https://127.0.0.1:{listener.getsockname()[1]}", KEY, concurrency=ConcurrencyLimit()
        )
        started = time.monotonic()
        with pytest.raises(Unreachable):
            client.purge(CONNECTION, SHORT)
        assert time.monotonic() - started < MANY_SECONDS
