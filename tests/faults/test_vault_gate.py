"""What is not sent because a key, a connection or a full line forbids it: counted at the server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from dashboard.vault import (
    CHECK_TIMEOUTS,
    HELPER_TIMEOUTS,
    PAGE_TIMEOUTS,
    WORKER_DELETE_TIMEOUTS,
    WORKER_TIMEOUTS,
    BadRequest,
    Breaker,
    BreakerState,
    Busy,
    ConcurrencyLimit,
    KeyRefused,
    KeyRefusedBefore,
    KeyState,
    MediaQuery,
    RateLimit,
    Timeouts,
    UnexpectedResponse,
    Unreachable,
    VaultClient,
    VaultError,
)
from dashboard.vault.breaker import MAX_FAILURES_IN_A_ROW
from dashboard.vault.deadline import Deadline
from dashboard.vault.gate import Gate, Pass
from dashboard.vault.responses import Effect, FailedAttempt
from tests.faults.raw_server import RawServer, Wire, answer, says
from tests.faults.vault_calls import (
    CALLS,
    CONNECTION,
    KEY,
    MANY_SECONDS,
    ONCE,
    Call,
    Clock,
    Serve,
    fail,
    wait_for_requests,
)

EMPTY = says({"items": []})


def test_a_refused_key_is_not_tried_again(serve: Serve, call: Call) -> None:
    server, client = serve(says({"error": "Unauthorized", "requestId": "r-1"}, 401))
    fail(client, 1)
    with pytest.raises(KeyRefusedBefore) as caught:
        call(client, ONCE)
    said = "Unauthorized Nothing was sent."  # and of the call before neither the status nor the number
    assert (caught.value.status, caught.value.detail, caught.value.request_id) == (None, said, None)
    assert not client.may_send()
    assert len(server.requests) == 1
    with pytest.raises(KeyRefused):
        call(VaultClient(server.url, "another-key"), ONCE)
    assert len(server.requests) == 2, "a changed key is a new client, which asks at once"


def test_a_refused_connection_is_asked_each_time(serve: Serve) -> None:
    server, client = serve(answer(403))
    fail(client, 3)
    assert len(server.requests) == 3
    assert client.read_health().key is KeyState.UNKNOWN


def test_a_key_that_may_not_list_the_account_may_read_media(serve: Serve) -> None:
    server, client = serve(answer(401), EMPTY)
    fail(client, 1, name="connections")
    assert client.query(CONNECTION, MediaQuery()).items == ()
    assert client.read_health().key is KeyState.OK
    assert len(server.requests) == 2


def make_gate(clock: Clock) -> Gate:
    return Gate(ConcurrencyLimit(), RateLimit(clock=clock), Breaker(clock), clock)


def end_call(gate: Gate, error: VaultError | None, *, of_media: bool = True) -> None:
    way = gate.enter(Effect.READ, Deadline(ONCE))
    assert isinstance(way, tuple)
    gate.free_place(way)
    gate.learn(way, FailedAttempt(error) if error else None, of_media=of_media)


def test_a_refused_key_is_tried_again_after_a_minute() -> None:
    clock = Clock()
    gate = make_gate(clock)
    end_call(gate, KeyRefused("no", status=401))
    for timeouts in (PAGE_TIMEOUTS, HELPER_TIMEOUTS, CHECK_TIMEOUTS, WORKER_TIMEOUTS):
        assert isinstance(gate.find_refusal(CONNECTION, timeouts), KeyRefused)
    clock.seconds += 59.9
    assert gate.find_refusal(CONNECTION, PAGE_TIMEOUTS)
    clock.seconds += 0.1
    assert gate.find_refusal(CONNECTION, PAGE_TIMEOUTS) is None
    assert gate.read_health().key is KeyState.REFUSED, "that is the last that was heard of it"


def test_a_call_that_was_answered_meanwhile_ends_it() -> None:
    gate = make_gate(Clock())
    end_call(gate, KeyRefused("no", status=401))
    end_call(gate, None)
    assert gate.find_refusal(CONNECTION, PAGE_TIMEOUTS) is None
    assert gate.read_health().key is KeyState.OK


def test_a_call_that_waited_for_most_of_its_time_says_nothing_of_the_service() -> None:
    """Nor is it a probe. But an answer from 500 on is the service's, however late it was asked."""
    gate = make_gate(Clock())
    held = gate.enter(Effect.READ, Deadline(ONCE))
    assert isinstance(held, Pass)
    gate.concurrency._places.max_calls = 1
    deadline = Deadline(ONCE)
    with ThreadPoolExecutor(1) as threads:
        entering = threads.submit(gate.enter, Effect.READ, deadline)
        while not gate.concurrency._places.line:
            threading.Event().wait(0.001)
        deadline._until -= 0.6 * ONCE.total  # so long it has waited by now
        gate.free_place(held)
        way = entering.result()
    assert isinstance(way, Pass)
    assert (held.is_hurried, way.is_hurried) == (False, True)
    for _ in range(MAX_FAILURES_IN_A_ROW):
        gate.learn(way, FailedAttempt(Unreachable("The answer did not come in time.")), of_media=True)
    assert gate.read_health().failures_in_a_row == 0
    gate.learn(way, FailedAttempt(UnexpectedResponse("", status=502)), of_media=True)
    assert gate.read_health().failures_in_a_row == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_connection_that_is_to_be_left_alone_is(serve: Serve, status: int) -> None:
    server, client = serve(answer(status, Retry_After="30"), EMPTY)
    fail(client, 1)
    for timeouts in (PAGE_TIMEOUTS, HELPER_TIMEOUTS):
        with pytest.raises(Busy) as caught:
            client.query(CONNECTION, MediaQuery(), timeouts)
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after < 30, "fewer seconds than at first"
    for name in ("delete", "purge"):
        with pytest.raises(Busy):
            CALLS[name](client)
    assert len(server.requests) == 1
    client.query("conn_another", MediaQuery())
    client.query(CONNECTION, MediaQuery(), WORKER_TIMEOUTS)
    assert len(server.requests) == 3, "another connection may be asked, and workers wait by themselves"


def test_what_became_of_a_removal_is_asked_all_the_same(serve: Serve) -> None:
    server, client = serve(answer(503, Retry_After="30"), EMPTY)
    fail(client, 1, name="purge")
    client.query(CONNECTION, MediaQuery(), CHECK_TIMEOUTS)
    assert len(server.requests) == 2


def test_a_worker_s_removal_waits_by_itself(serve: Serve) -> None:
    deleted = says({"success": True, "mediaId": "123", "freedBytes": 5})
    server, client = serve(answer(429, Retry_After="30"), deleted)
    fail(client, 1)
    assert client.delete(CONNECTION, "123", WORKER_DELETE_TIMEOUTS).success
    assert client.reserve_call(CONNECTION) > 20
    assert len(server.requests) == 2


def test_a_line_that_is_full_says_so_at_once(stack: ExitStack) -> None:
    go = threading.Event()

    def hold(wire: Wire) -> bool:
        go.wait(MANY_SECONDS)
        wire.send(answer(400))
        return True  # or whoever waited might find the connection just closed

    server = stack.enter_context(RawServer([hold]))
    limit = ConcurrencyLimit(calls=2, waiting=1)
    client = stack.enter_context(VaultClient(server.url, KEY, concurrency=limit, breaker=Breaker()))
    long = Timeouts(total=MANY_SECONDS, read=MANY_SECONDS)
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(CALLS["query"], client, long) for _ in range(3)]
        wait_for_requests(server, 2)
        while not limit._places.line:
            threading.Event().wait(0.001)
        for name in CALLS:
            with pytest.raises(Busy, match="Too many calls are under way from here"):
                CALLS[name](client, long)
        with pytest.raises(Busy), client.let_helpers_call():
            raise AssertionError("one too many")
        go.set()
        assert all(isinstance(one.exception(), BadRequest) for one in calls)
    with client.let_helpers_call():
        assert limit._places.helped == 1


def test_the_health_is_what_the_calls_found(serve: Serve) -> None:
    server, client = serve(EMPTY, answer(404), answer(500), answer(401), breaker=Breaker())
    assert client.read_health() == (None, None, KeyState.UNKNOWN, BreakerState.CLOSED, 0)
    CALLS["query"](client)
    with suppress(VaultError):
        CALLS["get"](client)
    health = client.read_health()
    assert health.last_success_seconds is not None
    assert health.p50_ms is not None
    assert health.key is KeyState.OK
    fail(client, 1)
    assert client.read_health().failures_in_a_row == 1
    fail(client, 1)
    assert client.read_health().key is KeyState.REFUSED
    assert len(server.requests) == 4
