"""Requests that do not come hold no thread, and not for long; whole ones are answered however they come."""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from dashboard import server as gunicorn_settings
from dashboard.sandbox import Sandbox
from tests.environment import API_KEY
from tests.make import SMALL_ID
from tests.server.conftest import PATIENCE, Server

MANY: Final = gunicorn_settings.threads + 12

HEAD: Final = b"POST /preferences/ HTTP/1.1\r\nHost: vault.example.com\r\nX-Forwarded-Proto: https\r\n"
HALVES: Final = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "a line": b"GET /healthz HTTP/1.1\r\n",
    "half a head": HEAD + b"X-Filler: ",
    "half a line end": HEAD + b"\r",
    "no body": HEAD + b"Content-Length: 5000\r\n\r\n",
    "half a body": HEAD + b"Content-Length: 5000\r\n\r\na=1",
    "half a body too large": HEAD + b"Content-Length: 99000000\r\n\r\na=1",
    "half a body, awaiting a word": HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\na=1",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


READ_SECONDS: Final = 4.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("slow"), DASHBOARD_READ_SECONDS=str(READ_SECONDS))
    server.start()
    yield server
    server.stop()


def connect(server: Server, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(sent)
    return connection


@contextmanager
def many(server: Server, sent: bytes, number: int = MANY) -> Iterator[list[socket.socket]]:
    """More clients than the server has threads, each of which has sent this much."""
    clients = [connect(server, sent) for _ in range(number)]
    yield clients
    for client in clients:
        client.close()


def read_all(connection: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            answer += piece
    connection.close()
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_half_sent_requests_hold_no_thread(server: Server, sent: bytes) -> None:
    with many(server, sent):
        assert server.get("/healthz", "nobody").content == b"ok\n"
        assert server.get("/keys/", "ada").status_code == 200
    assert "Traceback" not in server.said()


def test_what_does_not_arrive_in_time_is_dropped_in_words(server: Server) -> None:
    clients = {name: connect(server, sent) for name, sent in HALVES.items()}
    answers = {name: read_all(client) for name, client in clients.items()}
    assert answers.pop("nothing") == b""
    assert statuses(answers.pop("half a chunk")) == [401], "Django reads no chunks, so it is answered at once"
    assert statuses(answers["half a body, awaiting a word"]) == [100, 408]
    for answer in answers.values():
        assert statuses(answer)[-1] == 408
        assert b"did not arrive in time" in answer
        assert b"Content-Security-Policy" in answer


def test_a_body_that_drips_is_not_waited_for_without_end(server: Server) -> None:
    client, until = connect(server, HALVES["half a body"]), time.monotonic() + PATIENCE
    with suppress(ConnectionError):
        while time.monotonic() < until and not select.select([client], [], [], 0.2)[0]:
            client.sendall(b"x")
    assert statuses(read_all(client)) == [408]


def test_more_connections_than_there_is_room_for_leave_room(server: Server) -> None:
    with many(server, b"GET /", gunicorn_settings.worker_connections + 20):
        assert server.get("/healthz", "nobody").content == b"ok\n"


def page(server: Server, path: str = "/healthz", *more: str) -> bytes:
    lines = server.headers("ada")
    del lines["Connection"]
    head = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n"


def form(server: Server, body: bytes, *more: str) -> bytes:
    """A form as a browser would send it, with the token of a page."""
    answer = server.get("/keys/", "ada")
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text)[:1]
    whole: bytes = body + b"&csrfmiddlewaretoken=" + token.encode()
    return (
        page(
            server,
            "/preferences/",
            f"Cookie: {answer.headers['Set-Cookie'].partition(';')[0]}",
            "Origin: https://vault.example.com",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(whole)}",
            *more,
        ).replace(b"GET", b"POST", 1)
        + whole
    )


def in_pieces(content: bytes, number: int) -> list[bytes]:
    step = -(-len(content) // number)
    return [content[start : start + step] for start in range(0, len(content), step)]


@pytest.mark.parametrize("number", [1, 2, 7, 40])
def test_a_form_in_pieces_is_whole(server: Server, number: int) -> None:
    client = connect(server)
    for piece in in_pieces(form(server, b"theme=dark&filler=" + b"x" * 300_000, "Connection: close"), number):
        client.sendall(piece)
        time.sleep(0.005)
    answer = read_all(client)
    assert statuses(answer) == [303], answer[:300]
    assert b"session=" in answer


def test_requests_in_one_packet_are_answered_in_turn(server: Server) -> None:
    client = connect(server, page(server) * 5 + page(server, "/nowhere/") + page(server)[:40])
    client.sendall(page(server, "/healthz", "Connection: close")[40:])
    assert statuses(read_all(client)) == [200] * 5 + [404] + [200]


def test_a_kept_connection_takes_one_form_after_another(server: Server) -> None:
    client = connect(server)
    sent = [form(server, b"theme=dark&filler=" + b"x" * length) for length in (0, 70_000, 1_000_000)]
    for one in [*sent, page(server), page(server, "/keys/", "Connection: close")]:
        client.sendall(one)
    assert statuses(read_all(client)) == [303, 303, 303, 200, 200]


def test_who_asks_before_sending_a_body_is_told_to_once(server: Server) -> None:
    whole = form(server, b"theme=dark", "Expect: 100-continue", "Connection: close")
    head, _, body = whole.partition(b"\r\n\r\n")
    client = connect(server, head + b"\r\n\r\n")
    assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body)
    assert statuses(read_all(client)) == [303]


HIDDEN: Final = b"GET /healthz HTTP/1.1\r\nHost: vault.example.com\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 0\r\nContent-Length: 60\r\n",
        b"Content-Length: 3, 3\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length : 3\r\n",
        b"Content-Length: 0x3\r\n",
        b"Content-Length:\r\n",
        b"Content-Length:\r\n 3\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"X: a\nContent-Length: 3\r\n",
    ],
)
def test_no_request_hides_behind_a_length_that_can_be_read_in_two_ways(
    server: Server, framing: bytes
) -> None:
    client = connect(server, HEAD + framing + b"\r\n" + b"0\r\n\r\n" + HIDDEN)
    answered = statuses(read_all(client))
    assert len(answered) == 1, answered
    assert answered[0] in (400, 401, 413, 501)


@pytest.mark.parametrize("sent", [7, 65], ids=["MiB", "more than is read"])
def test_a_body_too_large_is_refused_in_words_and_not_read_as_a_request(server: Server, sent: int) -> None:
    whole, length = 2**20 * sent, 2**20 * (sent if sent < 64 else 1_000)
    head = page(server, "/preferences/", f"Content-Length: {length}").replace(b"GET", b"POST", 1)
    client = connect(server, head)
    with suppress(ConnectionResetError, BrokenPipeError):
        client.sendall(b"x" * whole)
        client.sendall(page(server, "/healthz", "Connection: close"))
    assert statuses(read_all(client)) == ([413, 200] if length == whole else [413])


def test_no_answer_says_which_server_this_is(server: Server) -> None:
    closing = page(server, "/healthz", "Connection: close")
    for sent in (
        closing,
        closing.replace(b"/healthz", b"/static/css/site.css"),
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\n",
    ):
        answer = read_all(connect(server, sent)).partition(b"\r\n\r\n")[0]
        assert statuses(answer), answer
        assert not re.search(rb"(?im)^(server|x-powered-by|via):|gunicorn", answer)


def test_who_is_told_to_stop_answers_what_is_asked_and_waits_for_nothing_half_sent(tmp_path: Path) -> None:
    with Sandbox({SMALL_ID: 5}, key=API_KEY) as service:
        server = Server(tmp_path, VAULTPLUS_API_URL=service.url, VAULTPLUS_MEDIA_HOSTS=service.url)
        server.manage("connection", "add", "small", SMALL_ID, "--label", "Studio A")
        server.start()
        service.faults.add(path="/media", hold=True, times=None)
        halves = [connect(server, sent) for sent in HALVES.values() for _ in range(2)]
        with ThreadPoolExecutor(2) as threads:
            asked = threads.submit(server.get, "/c/small/media/", "ada")
            wait_until(lambda: len(service.calls) > 0)
            stopped = threads.submit(server.stop)  # it fails after PATIENCE
            assert halves[0].recv(1) == b"", "the worker lets go of what has sent nothing"
            service.faults.clear()
            # A machine so slow that the call's own deadline has passed gives an answer, too.
            assert asked.result().status_code in (200, 504)
            stopped.result()
        for half in halves:
            half.close()
    assert "Traceback" not in server.said()


def wait_until(fits: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not fits():
        assert time.monotonic() < until
        time.sleep(0.02)
