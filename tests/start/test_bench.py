"""The bench loses no figure: its connections may lie idle, and a row is printed when it is measured, beside
what it must reach."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from tests.bench.__main__ import MEASURES, choose, tell
from tests.bench.client import Client, measure
from tests.bench.server import CouldNotRun, Pace, divide
from tests.bench.sick import describe, find_p95
from tests.bench.stage import Stage
from tests.bench.table import Row, table

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


def test_an_answer_in_chunks_is_read_to_its_end() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server(head + b"4\r\nbody\r\n0\r\n\r\n", head + b"4\r\nbo") as (port, _):
        client = Client(port, "cookie=1")
        assert client.get("/page/")[1] == len(b"4\r\nbody\r\n0\r\n\r\n")
        with pytest.raises(ConnectionError):
            client.get("/page/")
        client.sock.close()


def test_another_status_is_counted_where_it_is_expected() -> None:
    busy = ANSWER.replace(b"200 OK", b"503 Service Unavailable")
    with server(ANSWER, busy) as (port, _):
        client = Client(port, "cookie=1")
        order = {"paths": ["/page/"], "clients": 1, "rounds": 2, "any_status": True}
        answer = measure([client], order)
        client.sock.close()
    assert answer["failed"] == []
    assert answer["statuses"] == {"200": 1, "503": 1}
    assert len(answer["times"]["/page/"]) == 2


class QuietStage:
    def set_latency(self, latency_ms: float) -> None:
        self.latency_ms = latency_ms


@pytest.mark.parametrize("trouble", [CouldNotRun("The load broke off."), ConnectionResetError("reset")])
def test_a_row_is_printed_at_once_and_trouble_costs_no_other(
    trouble: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, unsaid = cast("Stage", QuietStage()), list[str]()
    row = Row("Page time", "{:.1f} ms", [1.0, 2.0, 3.0], must=8, aim=4)

    line = "✓ aim     Page time: 2.0 ms  (1.0 ms … 3.0 ms)  must 8.0 ms, aim 4.0 ms\n"

    def breaks(stage: Stage) -> Iterator[Row]:
        yield row
        assert capsys.readouterr().out == line
        raise trouble

    assert tell(breaks, stage, unsaid) == [row]
    assert capsys.readouterr().out == f"Not measured: {trouble}\n"
    assert tell(lambda stage: [row], stage, unsaid) == [row]
    assert capsys.readouterr().out == line
    assert unsaid == [f"Not measured: {trouble}"]


def pace(pages_per_second: float) -> Pace:
    return Pace(pages_per_second, processor_ms=10.0, median_ms=12.0)


def test_a_ratio_is_of_the_same_turn() -> None:
    ours, theirs = [pace(50), pace(80)], [pace(100), pace(100)]
    assert divide(ours, theirs, lambda one: one.pages_per_second) == [0.5, 0.8]
    assert divide(ours, theirs, lambda one: one.processor_ms) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("rounds", "more", "mark"),
    [
        ([1.2, 1.25, 9], False, "✓ aim"),
        ([1.6, 1.6], False, "· must"),
        ([1.604], False, "· must"),
        ([1.61], False, "✗ MISSED"),
        ([1.25], True, "✗ MISSED"),
        ([1.6], True, "✓ aim"),
    ],
)
def test_a_row_is_judged_by_the_figure_that_it_prints(rounds: list[float], more: bool, mark: str) -> None:
    must, aim = (1.5, 1.6) if more else (1.6, 1.25)
    assert Row("Processor time", "{:.2f}x", rounds, must, aim, more=more).mark == mark


def test_the_table_has_a_line_a_row_and_the_notes_beneath() -> None:
    rows = [
        Row("Page time", "{:.2f}x", [1.2, 1.4], 1.6, 1.25, note="12.0 ms over 9.2."),
        Row("Bytes", "{:+.1f} KB", [0.04], 0.3, 0),
    ]
    head, rule, first, second, empty, note = table(rows).splitlines()
    assert head.split() == ["measured", "from", "…", "to", "must", "aim"]
    assert set(rule) == {"─"}
    assert first.split() == ["Page", "time", "1.30x", "1.20x", "…", "1.40x", "1.60x", "1.25x", "·", "must"]
    assert second.split() == ["Bytes", "+0.0", "KB", "+0.3", "KB", "+0.0", "KB", "✓", "aim"]
    assert (empty, note) == ("", "Page time: 12.0 ms over 9.2.")


def test_the_95th_percentile_is_a_time_that_was_measured() -> None:
    assert find_p95([7.0]) == 7.0
    assert find_p95([float(time) for time in range(100, 0, -1)]) == 95.0


def test_pages_that_wait_are_told_by_status_and_time() -> None:
    answer = {
        "statuses": {"200": 1, "503": 2},
        "times": {"/c/million/media/?limit=100": [8000.0, 20.0, 50.0]},
    }
    assert describe(answer) == "pages by status: 1 of 200, 2 of 503; after 0.02 to 8.00 s."


def test_rows_are_chosen_by_name_and_keep_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert choose([]) == list(MEASURES)
    assert choose(["--only", "bytes", "list"]) == ["list", "bytes"]
    with pytest.raises(SystemExit):
        choose(["--only", "everything"])
    assert "invalid choice" in capsys.readouterr().err
