"""Connections: reused, limited, refused, and trusted only with the right certificate."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dashboard.vault import (
    BadRequest,
    Busy,
    ConcurrencyLimit,
    KeyRefused,
    MediaQuery,
    OutcomeUnknown,
    Timeouts,
    Unreachable,
    VaultClient,
)
from tests.faults.raw_server import RawServer, Wire, answer, name_of, says
from tests.faults.vault_calls import CALLS, CONNECTION, KEY, MANY_SECONDS, SHORT, Call, Serve

CERTIFICATES = Path(__file__).parent / "certificates"
"""Made for these tests and used nowhere else: self-signed, for this host, for another, and long expired."""

EMPTY = says({"items": []})


@pytest.mark.parametrize(
    "reply", [EMPTY, answer(400, "no"), says({"error": "no"}, 403), answer(302, "moved")], ids=name_of
)
def test_twenty_calls_use_one_connection(serve: Serve, reply: bytes) -> None:
    server, client = serve(reply)
    for _ in range(20):
        try:
            client.query(CONNECTION, MediaQuery())
        except Exception:
            assert reply is not EMPTY
    assert (len(server.requests), server.connections) == (20, 1)


def test_connection_with_an_unread_answer_is_not_reused(serve: Serve) -> None:
    def too_large(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b" " * 200_000)
        wire.stay_silent()

    server, client = serve(too_large)
    with pytest.raises(OutcomeUnknown):
        client.purge(CONNECTION)
    server.answers(EMPTY)
    client.query(CONNECTION, MediaQuery())
    assert server.connections == 2


def test_connection_that_the_service_closed_is_replaced_before_a_delete(serve: Serve) -> None:
    closed = threading.Event()

    def once(wire: Wire) -> None:
        wire.send(EMPTY)
        wire.socket.shutdown(socket.SHUT_RDWR)
        closed.set()

    server, client = serve(once, says({"success": True, "mediaId": "123", "freedBytes": 1}))
    client.query(CONNECTION, MediaQuery())
    assert closed.wait(5)
    assert client.delete(CONNECTION, "123").success
    assert server.connections == 2


def test_as_many_threads_as_places_share_their_connections_quietly(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server, client = serve(EMPTY)
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: client.query(CONNECTION, MediaQuery()), range(200)))
    assert len(server.requests) == 200
    assert server.connections <= 16
    assert "discarding" not in caplog.text


class Meeting:
    """A reply that holds every call until told, and counts how many it holds."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.go = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, wire: Wire) -> bool:
        with self._changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self._changed.notify_all()
        self.go.wait(10)
        with self._changed:
            self.inside -= 1
        wire.send(answer(400, "no"))
        return True

    def wait_for(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.inside == number, 5)


@pytest.mark.parametrize(("name", "places"), [("query", 16), ("get", 16), ("delete", 2), ("purge", 2)])
def test_no_more_calls_at_once_than_there_are_places(serve: Serve, name: str, places: int) -> None:
    meeting = Meeting()
    server, client = serve(meeting)
    with ThreadPoolExecutor(20) as threads:
        calls = [threads.submit(CALLS[name], client, Timeouts(total=10)) for _ in range(places)]
        meeting.wait_for(places)
        started = time.monotonic()
        with pytest.raises(Busy) as caught:
            CALLS[name](client, SHORT)
        assert SHORT.total < time.monotonic() - started < MANY_SECONDS
        assert caught.value.retry_after is None
        late = threads.submit(CALLS[name], client, Timeouts(total=10))
        meeting.go.set()
        assert all(isinstance(call.exception(), BadRequest) for call in (*calls, late))
    assert meeting.most == places
    assert len(server.requests) == places + 1


def test_removals_leave_places_for_reading(serve: Serve) -> None:
    meeting = Meeting()
    server, client = serve(meeting, meeting, EMPTY)
    with ThreadPoolExecutor(2) as threads:
        removals = [threads.submit(CALLS["delete"], client, Timeouts(total=10)) for _ in range(2)]
        meeting.wait_for(2)
        client.query(CONNECTION, MediaQuery())
        meeting.go.set()
        assert all(isinstance(call.exception(), BadRequest) for call in removals)
    assert len(server.requests) == 3


def test_removal_that_finds_no_place_gives_its_own_back(stack: ExitStack) -> None:
    places = ConcurrencyLimit(calls=1, removals=1)
    meeting = Meeting()
    server = stack.enter_context(RawServer([meeting]))
    client = stack.enter_context(VaultClient(server.url, KEY, concurrency=places))
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(CALLS["query"], client, Timeouts(total=10))
        meeting.wait_for(1)
        for _ in range(2):
            with pytest.raises(Busy):
                client.delete(CONNECTION, "123", Timeouts(total=0.1))
        meeting.go.set()
        assert isinstance(reading.exception(), BadRequest)
    with pytest.raises(BadRequest):
        client.delete(CONNECTION, "123")


def test_place_is_given_back_whatever_happens(serve: Serve, call: Call) -> None:
    server, client = serve(lambda wire: wire.reset())
    for _ in range(10):
        with pytest.raises((Unreachable, OutcomeUnknown)):
            call(client, Timeouts(total=5))
    assert len(server.requests) == 10


def test_refused_port_is_unreachable_and_nothing_was_sent(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        call(VaultClient(f"http://127.0.0.1:{port}", KEY))


def test_delete_is_repeated_while_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look-ups fail, so the first attempts cannot have sent anything."""
    asked = []
    look_up = socket.getaddrinfo

    def failing_twice(*args: Any, **named: Any) -> Any:
        asked.append(args)
        if len(asked) < 3:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up(*args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", failing_twice)
    with RawServer([says({"success": True, "mediaId": "123", "freedBytes": 1})]) as server:
        client = VaultClient(f"http://localhost:{server.port}", KEY)
        assert client.delete(CONNECTION, "123", Timeouts(total=10, attempts=4)).success
        assert len(server.requests) == 1


def test_purge_is_not_repeated_even_when_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def failing(*args: Any, **named: Any) -> Any:
        asked.append(args)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    with pytest.raises(Unreachable, match="name"):
        VaultClient("https://api.example.com", KEY).purge(CONNECTION)
    assert len(asked) == 1


def test_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: never.wait(3 * MANY_SECONDS))
    started = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        VaultClient("https://api.example.com", KEY).purge(CONNECTION, SHORT)
    assert time.monotonic() - started < MANY_SECONDS
    never.set()


def test_trusted_certificate_is_accepted() -> None:
    with RawServer([EMPTY], str(CERTIFICATES / "this_host.pem")) as server:
        for host in ("localhost", "127.0.0.1"):
            client = VaultClient(
                f"https://{host}:{server.port}", KEY, verify=str(CERTIFICATES / "this_host.pem")
            )
            for _ in range(3):
                assert client.query(CONNECTION, MediaQuery()).items == ()
            client.close()
        assert server.connections == 2


def test_deadline_holds_over_tls() -> None:
    def dripping(wire: Wire) -> None:
        wire.drip(EMPTY * 40)

    with RawServer([dripping], str(CERTIFICATES / "this_host.pem")) as server:
        client = VaultClient(server.url, KEY, verify=str(CERTIFICATES / "this_host.pem"))
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            client.delete(CONNECTION, "123", SHORT)
        assert time.monotonic() - started < MANY_SECONDS


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        ("this_host", False),
        ("other_host", False),
        ("other_host", True),
        ("expired", False),
        ("expired", True),
    ],
)
def test_certificate_that_is_wrong_stops_every_call_before_it_is_sent(
    call: Call, name: str, trusted: bool
) -> None:
    certificate = str(CERTIFICATES / f"{name}.pem")
    with RawServer([EMPTY], certificate) as server:
        client = VaultClient(server.url, KEY, verify=certificate if trusted else True)
        with pytest.raises(Unreachable, match="certificate"):
            call(client, Timeouts(total=5))
        assert server.requests == []


def test_verification_cannot_be_switched_off() -> None:
    with pytest.raises(ValueError, match="verified"):
        VaultClient("https://api.example.com", KEY, verify=False)


def test_refused_key_is_asked_once(serve: Serve) -> None:
    server, client = serve(says({"error": "Unauthorized"}, 401))
    with pytest.raises(KeyRefused, match="Unauthorized"):
        client.query(CONNECTION, MediaQuery())
    assert len(server.requests) == 1
