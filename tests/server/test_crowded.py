"""A server with as many connections, or as many bytes, as it takes: who gives way, and who does not."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import pytest

from dashboard.sandbox import Sandbox
from dashboard.settings import MAX_REQUEST_BYTES
from dashboard.web_worker import MAX_ARRIVING_BYTES
from tests.environment import API_KEY
from tests.make import SMALL_ID
from tests.server.conftest import PATIENCE, Server
from tests.server.test_slow_clients import connect, form, page, read_all, statuses, wait_until

CONNECTIONS: Final = 10
IDLE: Final = CONNECTIONS - 2
BODY_BYTES: Final = MAX_REQUEST_BYTES - 1000
AT_MOST: Final = MAX_ARRIVING_BYTES // BODY_BYTES
"""Whole requests of that size that there is room for."""


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox({SMALL_ID: 5}, key=API_KEY) as service:
        yield service


@pytest.fixture(scope="module")
def server(service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("crowded")
    server = Server(folder, VAULTPLUS_API_URL=service.url, VAULTPLUS_MEDIA_HOSTS=service.url)
    server.manage("connection", "add", "small", SMALL_ID, "--label", "Studio A")
    return server


@contextmanager
def started(server: Server, arguments: str = "") -> Iterator[None]:
    """The server runs meanwhile, with these arguments of gunicorn."""
    server.environment["GUNICORN_CMD_ARGS"] = arguments
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextmanager
def one_call_under_way(server: Server, service: Sandbox) -> Iterator[None]:
    """A thread of the server waits for the service meanwhile."""
    service.calls.clear()
    service.faults.add(path="/media", hold=True, times=None)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(server.get, "/c/small/media/", "ada")
        try:
            wait_until(lambda: len(service.calls) > 0)
            yield
        finally:
            service.faults.clear()
        # A machine so slow that the call's own deadline has passed gives an answer, too.
        assert asked.result().status_code in (200, 503, 504)


def keep_open(server: Server) -> socket.socket:
    """A connection that was answered, and may be used again."""
    client = connect(server, page(server))
    answer = b""
    while not answer.endswith(b"ok\n"):
        answer += client.recv(1000)
    return client


def wait_for_any(clients: list[socket.socket]) -> socket.socket:
    """The first of them to which the server says something, or which it closes."""
    [first, *_] = select.select(clients, [], [], PATIENCE)[0]
    return first


def test_idle_connections_give_way_and_a_new_one_does_not(server: Server, service: Sandbox) -> None:
    with started(server, f"--worker-connections {CONNECTIONS} --threads 2"):
        idle = [keep_open(server) for _ in range(IDLE)]
        with one_call_under_way(server, service):
            new = connect(server)
            assert wait_for_any([*idle, new]) is idle[0], "nobody waits for an answer on it"
            new.sendall(page(server, "/healthz", "Connection: close"))
            assert statuses(read_all(new)) == [200]
        for number in range(100):  # the oldest asks for something just as it gives way
            idle[0].close()
            idle = [*idle[1:], keep_open(server)]
            with suppress(OSError):
                idle[0].sendall(page(server))
            connect(server, page(server) if number % 2 else b"").close()
        for client in idle:
            client.close()
        assert server.get("/healthz", "nobody").content == b"ok\n"
        assert "Traceback" not in server.said()
        assert server.said().count("Booting worker") == 1


def test_whole_requests_in_line_for_a_thread_fill_no_memory(server: Server, service: Sandbox) -> None:
    with started(server, "--threads 1"), ExitStack() as stack:
        head = page(server, "/preferences/", f"Content-Length: {BODY_BYTES}").replace(b"GET", b"POST", 1)
        with one_call_under_way(server, service):
            clients = [stack.enter_context(connect(server)) for _ in range(AT_MOST + 3)]
            for client in clients:
                with suppress(BrokenPipeError, ConnectionResetError):
                    client.sendall(head + b"x" * BODY_BYTES)
            refused = [one for one in clients if select.select([one], [], [], 0)[0]]
            while len(refused) < 3:
                refused.append(wait_for_any([one for one in clients if one not in refused]))
            waiting = [one for one in clients if one not in refused]
            assert not select.select(waiting, [], [], 0)[0], "there was room for these"
        assert [statuses(read_all(one)) for one in refused] == [[503]] * 3
        assert [statuses(read_all(one))[:1] for one in waiting] == [[403]] * AT_MOST, "the form has no token"


def test_large_uploads_that_do_not_end_leave_room_for_a_form(server: Server) -> None:
    with started(server), ExitStack() as stack:
        head = page(server, "/preferences/", f"Content-Length: {BODY_BYTES}").replace(b"GET", b"POST", 1)
        rest = MAX_ARRIVING_BYTES - 10_000
        uploads = []
        while rest > 0:
            sent = (head + b"x" * (BODY_BYTES - 1))[:rest]
            uploads.append(stack.enter_context(connect(server, sent)))
            rest -= len(sent)
        whole = form(server, b"theme=dark&filler=" + b"x" * 300_000, "Connection: close")
        client = connect(server, whole[:100_000])
        client.sendall(whole[100_000:])
        assert statuses(read_all(client)) == [303]
        wait_for_any(uploads)
