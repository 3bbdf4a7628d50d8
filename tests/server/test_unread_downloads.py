"""Downloads that nobody reads: they hold a few threads, and not for long; who reads slowly gets all of it."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import pytest

from dashboard import server as gunicorn_settings
from dashboard.exports.downloads import MAX_DOWNLOADS
from tests.server.conftest import PATIENCE, WRITE_SECONDS, Server

THREADS: Final = gunicorn_settings.threads
EVENTS, LETTERS = 4_000, 5_000
"""Together more than what the buffers of both ends take."""

PATH: Final = "/audit/export/?format=jsonl"


def fill(server: Server) -> None:
    """Give its record more events than a download holds without being read."""
    line = json.dumps({"reason": "x" * LETTERS})
    columns = (
        "sequence, at, code, verb, outcome, actor_name, actor_email, connection, media_id, ticket, line, hash"
    )
    rows = (
        (number, "2026-01-01 00:00:00", "media.revealed", "reveal", "revealed", *[""] * 5, line, "0" * 64)
        for number in range(1, EVENTS + 1)
    )
    with closing(sqlite3.connect(server.database)) as database, database:
        database.executemany(f"INSERT INTO dashboard_event ({columns}) VALUES ({', '.join('?' * 12)})", rows)


@pytest.fixture(scope="module", autouse=True)
def _long_record(server: Server) -> None:
    fill(server)


@pytest.fixture(scope="module")
def patient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It cuts nobody off while a test lasts, however slow the machine."""
    server = Server(tmp_path_factory.mktemp("patient"), DASHBOARD_WRITE_SECONDS="3600")
    fill(server)
    server.start()
    yield server
    server.stop()


class Reader:
    """Somebody who asked for the record; nothing of the answer is read by itself."""

    def __init__(self, server: Server, person: str, path: str = PATH) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        lines = "".join(f"{name}: {value}\r\n" for name, value in server.headers(person).items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self.taken = b""
        self.was_reset = False

    def read(self, most: int = 65_536) -> bytes:
        piece = self.socket.recv(most)
        self.taken += piece
        return piece

    def read_all(self) -> bytes:
        while self.read():
            pass
        return self.taken

    def status(self) -> int:
        """The answer's status; that is all that is read of it."""
        while b"\r\n" not in self.taken:
            assert self.read(64)
        return int(self.taken.split()[1])

    def is_cut_off(self) -> bool:
        """Return whether the server has reset the connection; the system says so only once."""
        self.was_reset |= self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        return self.was_reset


@contextmanager
def as_many_readers_as_threads(server: Server) -> Iterator[list[Reader]]:
    """As many people as the server has threads, who asked, and read nothing."""
    readers = [Reader(server, f"person-{number}") for number in range(THREADS)]
    yield readers
    for reader in readers:
        reader.socket.close()


def whole(body: bytes) -> bool:
    lines = re.findall(rb'"reason": ?"x{%d}"' % LETTERS, re.sub(rb"\r\n[0-9A-F]+\r\n", b"", body))
    return len(lines) >= EVENTS and body.endswith(b"\r\n0\r\n\r\n")


def test_of_many_unread_downloads_few_are_begun(patient_server: Server) -> None:
    with as_many_readers_as_threads(patient_server) as readers:
        statuses = sorted(reader.status() for reader in readers)
        assert statuses == [200] * MAX_DOWNLOADS + [503] * (THREADS - MAX_DOWNLOADS)
        assert patient_server.get("/healthz", "nobody").content == b"ok\n"


def test_unread_downloads_leave_the_process_free_and_are_dropped(server: Server) -> None:
    with as_many_readers_as_threads(server) as readers:
        stalled = [reader for reader in readers if reader.status() == 200]
        assert len(stalled) >= MAX_DOWNLOADS
        until = time.monotonic() + PATIENCE
        while not all(reader.is_cut_off() for reader in stalled):
            assert time.monotonic() < until, server.said()
            assert server.get("/healthz", "nobody").content == b"ok\n"
            time.sleep(0.1)
    assert server.said().count("was cut off") >= MAX_DOWNLOADS
    assert "Traceback" not in server.said()
    other = Reader(server, "other")  # their places are free
    assert other.status() == 200
    other.socket.close()


def test_whoever_does_not_close_holds_nobody_up(server: Server) -> None:
    """gunicorn would wait two seconds for each, with the thread that hands out everybody's requests."""
    began = time.monotonic()
    idle = [Reader(server, "idle", "/healthz") for _ in range(30)]  # they asked to close, and do not
    assert [reader.status() for reader in idle] == [200] * len(idle)
    assert server.get("/healthz", "nobody").content == b"ok\n"
    assert time.monotonic() - began < len(idle)
    for reader in idle:
        reader.socket.close()


def test_a_second_download_of_one_person_waits_for_the_first(patient_server: Server) -> None:
    first, second = Reader(patient_server, "twice"), Reader(patient_server, "twice")
    assert sorted([first.status(), second.status()]) == [200, 429]
    first.socket.close()
    second.socket.close()


def test_a_slow_and_steady_reader_gets_all_of_it(server: Server) -> None:
    """For longer than the deadline it takes less than a socket needs to be called writable."""
    reader = Reader(server, "steady")
    began = time.monotonic()
    while time.monotonic() - began < 3 * WRITE_SECONDS:
        assert reader.read(), server.said()
        time.sleep(0.25)
    assert whole(reader.read_all())
    reader.socket.close()
