"""What the web server puts on the wire: the head goes with the first piece of the body, and never later."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn import util
from gunicorn.config import Config

from dashboard import server
from dashboard.web_response import Log, Response

LENGTH = ("Content-Length", "5")


class Wire:
    """Keeps what is sent, one entry a call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[bytes] = []
        monkeypatch.setattr(util, "write", self.write)
        monkeypatch.setattr(util, "write_chunk", lambda sock, end: self.write(sock, end, chunked=True))

    def write(self, sock: Any, content: bytes, chunked: bool = False) -> None:
        self.sent.append(b"%X\r\n%b\r\n" % (len(content), content) if chunked else content)

    def heads(self) -> list[int]:
        """Return for each entry how many heads it holds."""
        return [entry.count(b"HTTP/1.1 200 OK\r\n") for entry in self.sent]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket() as sock:
        yield sock


def respond(sock: socket.socket, *headers: tuple[str, str], method: str = "GET") -> Response:
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False)
    response = Response(request, sock, Config())
    response.start_response("200 OK", [("Content-Type", "text/plain"), *headers])
    return response


def test_a_short_answer_is_sent_at_once(sock: socket.socket, wire: Wire) -> None:
    response = respond(sock, LENGTH)
    response.write(b"12345")
    response.close()
    [whole] = wire.sent
    head, body = whole.split(b"\r\n\r\n")
    assert (body, b"Server" in head, b"Content-Length: 5" in head) == (b"12345", False, True)


def test_a_stream_begins_with_its_head(sock: socket.socket, wire: Wire) -> None:
    response = respond(sock)
    for piece in (b"one", b"", b"two"):
        response.write(piece)
    response.close()
    assert wire.heads() == [1, 0, 0]
    assert b"".join(wire.sent).endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


@pytest.mark.parametrize("headers", [[], [LENGTH]])
def test_a_head_waits_for_no_later_piece(
    sock: socket.socket, wire: Wire, headers: list[tuple[str, str]]
) -> None:
    response = respond(sock, *headers)
    response.write(b"")
    assert wire.heads() == [1]
    response.write(b"12345")
    response.close()
    assert sum(wire.heads()) == 1
    assert b"12345" in b"".join(wire.sent[1:])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_without_a_body_has_its_head(sock: socket.socket, wire: Wire, method: str) -> None:
    response = respond(sock, LENGTH, method=method)
    if method == "HEAD":
        response.write(b"12345")
    response.close()
    [head] = wire.sent
    assert head.endswith(b"Content-Length: 5\r\n\r\n")


def test_no_more_is_sent_than_was_said(sock: socket.socket, wire: Wire) -> None:
    response = respond(sock, LENGTH)
    response.write(b"1234567")
    response.write(b"89")
    response.close()
    assert b"".join(wire.sent).endswith(b"\r\n\r\n12345")


def test_nothing_is_collected_for_a_line_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Config()
    settings.set("logconfig_dict", server.logconfig_dict)
    settings.set("logger_class", server.logger_class)
    assert settings.logger_class is Log
    log = Log.__new__(Log)  # to make one in earnest would set up logging anew
    log.cfg = settings
    monkeypatch.setattr(Log, "atoms", lambda *given: pytest.fail("it collects them"))
    log.access(None, None, {}, None)
