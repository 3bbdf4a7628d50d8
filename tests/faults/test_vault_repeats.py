"""What is asked again, and what never is: counted at the server."""

import time

import pytest

from dashboard.vault import (
    PAGE_TIMEOUTS,
    WORKER_TIMEOUTS,
    BadRequest,
    Busy,
    KeyRefused,
    MediaQuery,
    NotCached,
    OutcomeUnknown,
    Timeouts,
    UnexpectedResponse,
    Unreachable,
    VaultError,
)
from tests.faults.raw_server import Reply, Wire, answer, name_of, says
from tests.faults.vault_calls import CALLS, CONNECTION, MANY_SECONDS, Call, Serve

TWICE = Timeouts(total=MANY_SECONDS, attempts=2, max_pause=120)
OFTEN = Timeouts(total=10, attempts=4, max_pause=120)
DELETED = says({"success": True, "mediaId": "123", "freedBytes": 5})
EMPTY = says({"items": []})


def reset(wire: Wire) -> None:
    wire.reset()


def reset_in_the_headers(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-")
    wire.reset()


def close(wire: Wire) -> None:
    pass


def cut(wire: Wire) -> None:
    wire.send(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"items":')


BREAKS = [reset, reset_in_the_headers, close, cut]
PASSING = [*(answer(status) for status in (408, 425, 429, 500, 502, 503, 504)), *BREAKS]


@pytest.mark.parametrize("reply", PASSING, ids=name_of)
def test_read_is_repeated_after_what_may_pass(serve: Serve, reply: Reply) -> None:
    server, client = serve(reply, EMPTY)
    assert client.query(CONNECTION, MediaQuery(), TWICE).items == ()
    assert len(server.requests) == 2


@pytest.mark.parametrize("reply", [answer(503), close, answer(body="{")], ids=name_of)
def test_read_has_as_many_attempts_as_its_patience_says(serve: Serve, read: Call, reply: Reply) -> None:
    server, client = serve(reply)
    with pytest.raises((UnexpectedResponse, Unreachable)):
        read(client, OFTEN)
    assert len(server.requests) == 4


def test_attempts_are_two_on_a_page_and_four_in_the_worker() -> None:
    assert (PAGE_TIMEOUTS.attempts, PAGE_TIMEOUTS.total, PAGE_TIMEOUTS.max_pause) == (2, 8, 0)
    assert (WORKER_TIMEOUTS.attempts, WORKER_TIMEOUTS.total, WORKER_TIMEOUTS.max_pause) == (4, 20, 120)


STEADY = [400, 401, 403, 404, 405, 409, 410, 418, 422, 451, 501, 505, 204, 206]


@pytest.mark.parametrize("status", STEADY)
def test_read_is_not_repeated_after_what_stays(serve: Serve, read: Call, status: int) -> None:
    server, client = serve(answer(status))
    with pytest.raises(VaultError) as caught:
        read(client, OFTEN)
    assert len(server.requests) == 1
    assert caught.value.status == status


@pytest.mark.parametrize("reply", [*PASSING, *(answer(status) for status in STEADY)], ids=name_of)
def test_removal_is_sent_once(serve: Serve, removal: Call, reply: Reply) -> None:
    server, client = serve(reply, DELETED)
    with pytest.raises(VaultError):
        removal(client, OFTEN)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        *(answer(s) for s in (200, 204, 206, 302, 500, 502, 503, 504, 599)),
        reset,
        reset_in_the_headers,
        close,
        cut,
    ],
)
def test_removal_without_a_usable_answer_has_an_unknown_outcome(
    serve: Serve, removal: Call, reply: Reply
) -> None:
    _, client = serve(reply)
    with pytest.raises(OutcomeUnknown):
        removal(client, OFTEN)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, KeyRefused), (403, KeyRefused), (409, BadRequest), (429, Busy)],
)
def test_refused_removal_says_so(serve: Serve, removal: Call, status: int, kind: type[VaultError]) -> None:
    _, client = serve(answer(status))
    with pytest.raises(kind):
        removal(client)


def test_404_is_not_cached_for_an_item_and_a_wrong_address_for_the_rest(serve: Serve) -> None:
    _, client = serve(answer(404, "<html>"))
    for name in ("get", "delete"):
        with pytest.raises(NotCached):
            CALLS[name](client)
    for name in ("query", "batch", "purge"):
        with pytest.raises(BadRequest, match="base address"):
            CALLS[name](client)


@pytest.mark.parametrize("status", [429, 503])
def test_delete_is_repeated_when_the_service_says_when(serve: Serve, status: int) -> None:
    server, client = serve(answer(status, Retry_After="0"), DELETED)
    assert client.delete(CONNECTION, "123", TWICE).freed_bytes == 5
    assert len(server.requests) == 2


@pytest.mark.parametrize("wish", ["-5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_delete_is_not_repeated_on_a_wish_that_makes_no_sense(serve: Serve, wish: str) -> None:
    server, client = serve(answer(503, Retry_After=wish), DELETED)
    with pytest.raises(OutcomeUnknown):
        client.delete(CONNECTION, "123", OFTEN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_purge_is_never_repeated(serve: Serve, status: int) -> None:
    server, client = serve(answer(status, Retry_After="0"), DELETED)
    with pytest.raises((Busy, OutcomeUnknown)):
        client.purge(CONNECTION, OFTEN)
    assert len(server.requests) == 1


def test_worker_waits_as_long_as_it_is_asked_to(serve: Serve) -> None:
    server, client = serve(answer(429, Retry_After="1"), EMPTY)
    started = time.monotonic()
    client.query(CONNECTION, MediaQuery(), TWICE)
    assert time.monotonic() - started >= 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", ["query", "get", "batch", "delete"])
@pytest.mark.parametrize("timeouts", [PAGE_TIMEOUTS, OFTEN])
def test_six_hours_are_not_waited_for(serve: Serve, name: str, timeouts: Timeouts) -> None:
    server, client = serve(answer(503, Retry_After="21600"))
    started = time.monotonic()
    with pytest.raises(Busy) as caught:
        CALLS[name](client, timeouts)
    assert time.monotonic() - started < MANY_SECONDS
    assert caught.value.retry_after == 21_600
    assert len(server.requests) == 1


def test_page_does_not_sleep_but_says_how_long(serve: Serve, read: Call) -> None:
    server, client = serve(answer(429, Retry_After="1"))
    with pytest.raises(Busy) as caught:
        read(client)
    assert caught.value.retry_after == 1
    assert len(server.requests) == 1


def test_kept_connection_closed_under_a_delete_leaves_its_outcome_unknown(serve: Serve) -> None:
    # The connection is alive when the delete goes out, so it cannot be known that nobody read it.
    server, client = serve(EMPTY, close, DELETED)
    client.query(CONNECTION, MediaQuery())
    with pytest.raises(OutcomeUnknown):
        client.delete(CONNECTION, "123", OFTEN)
    assert (len(server.requests), server.connections) == (2, 1)
