"""The bench loses no figure: its connections may lie idle, and a row is printed when it is measured."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from tests.bench.__main__ import tell
from tests.bench.client import Client
from tests.bench.stage import CouldNotRun, Stage
from tests.bench.table import Row

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


@contextmanager
def server(*answers: bytes, linger: bool = False) -> Iterator[tuple[int, list[int]]]:
    """Close each connection after one of these answers, with `linger` by a reset; yield port and requests."""
    asked: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    asked.append(len(connection.recv(4096)))
                    connection.sendall(answer)
                    if linger:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], asked
    thread.join(20)


@pytest.mark.parametrize("linger", [False, True])
def test_a_connection_that_the_server_has_closed_is_made_again(linger: bool) -> None:
    with server(ANSWER, ANSWER, ANSWER, linger=linger) as (port, asked):
        client = Client(port, "cookie=1")
        for count in range(1, 4):
            assert client.get("/page/")[1] == 4
            assert len(asked) == count
        client.sock.close()


@pytest.mark.parametrize("cut", [b"HTTP/1.1 200 OK\r\nContent-", ANSWER[:-1], b"HTTP/1.1 500 Broken\r\n\r\n"])
def test_an_answer_that_is_cut_or_wrong_is_no_figure(cut: bytes) -> None:
    with server(cut) as (port, asked):
        client = Client(port, "cookie=1")
        with pytest.raises(ConnectionError):
            client.get("/page/")
        assert len(asked) == 1
        client.sock.close()


class QuietStage:
    def set_latency(self, latency_ms: float) -> None:
        self.latency_ms = latency_ms


@pytest.mark.parametrize("trouble", [CouldNotRun("The load broke off."), ConnectionResetError("reset")])
def test_a_row_is_printed_at_once_and_trouble_costs_no_other(
    trouble: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, unsaid = cast("Stage", QuietStage()), list[str]()
    row = Row("Page time", "{:.1f} ms", [1.0, 2.0, 3.0], must=8, aim=4)

    line = "✓ aim     Page time: 2.0 ms  (1.0 ms … 3.0 ms)\n"

    def breaks(stage: Stage) -> Iterator[Row]:
        yield row
        assert capsys.readouterr().out == line
        raise trouble

    assert tell(breaks, stage, unsaid) == [row]
    assert capsys.readouterr().out == f"Not measured: {trouble}\n"
    assert tell(lambda stage: [row], stage, unsaid) == [row]
    assert capsys.readouterr().out == line
    assert unsaid == [f"Not measured: {trouble}"]
