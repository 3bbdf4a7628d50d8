"""Probes as balancers send them, and a server that is started before its database was migrated."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.program import ROOT
from tests.server.conftest import PATIENCE, Server


def ask(server: Server, request: str) -> tuple[int, str, str]:
    """The status, head and body that answer these very lines."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    head, _, body = answer.decode().partition("\r\n\r\n")
    return int(head.split()[1]), head, body


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize(
    "lines",
    [
        "HTTP/1.0\n\n",
        "HTTP/1.0\nHost: 10.0.0.7:8000\n\n",
        "HTTP/1.1\nHost: 10.0.0.7:8000\nConnection: close\n\n",
        "HTTP/1.1\nHost: vault.example.com\nConnection: close\n\n",
        "HTTP/1.1\nHost: 10.0.0.7\nX-Forwarded-Proto: https\nConnection: close\n\n",
        "HTTP/1.1\nHost: under_score\nUser-Agent: ELB-HealthChecker/2.0\nConnection: close\n\n",
    ],
)
def test_a_probe_is_answered_however_it_asks(server: Server, path: str, lines: str) -> None:
    status, _, body = ask(server, f"GET {path} {lines}")
    assert (status, "Traceback" in body) == (200, False)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "evil.example"])
def test_a_page_under_another_name_is_refused_in_words(server: Server, host: str, scheme: str) -> None:
    lines = f"GET / HTTP/1.1\nHost: {host}\nX-Forwarded-Proto: {scheme}\nConnection: close\n\n"
    status, head, body = ask(server, lines)
    assert status == 400
    assert "Not an address of this dashboard" in body
    assert "Content-Security-Policy" in head
    assert "Traceback" not in server.said()


NOT_ASKED: Final = {"last_success_seconds": None, "p50_ms": None, "key": "unknown", "breaker": "closed"}


@pytest.fixture
def early(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, migrated=False)
    server.start()
    yield server
    server.stop()


def ready(server: Server) -> tuple[int, dict[str, Any]]:
    status, _, body = ask(server, "GET /readyz HTTP/1.0\n\n")
    facts = json.loads(body)
    assert facts.pop("vault") == NOT_ASKED, "and nothing asks the service for a probe"
    return status, facts


def test_what_is_started_before_migrate_waits_and_says_so(early: Server, tmp_path: Path) -> None:
    assert ready(early) == (
        503,
        {"database": True, "changes": True, "migrations": False, "worker": None, "audit": None},
    )
    with (tmp_path / "worker.log").open("w") as log:
        command = [sys.executable, "manage.py", "worker"]
        worker = subprocess.Popen(command, cwd=ROOT, env=early.environment, stdout=log, stderr=log)
    try:
        wait(lambda: "The worker waits" in (tmp_path / "worker.log").read_text(), early)
        page = early.get("/", "ada")
        assert page.status_code == 503
        assert "being updated" in page.text
        early.manage("migrate")
        whole = {"database": True, "changes": True, "migrations": True, "worker": True}
        either = [(200, {**whole, "audit": is_intact}) for is_intact in (None, True)]  # verified by night
        wait(lambda: ready(early) in either, early)
        assert early.get("/?choose=1", "ada").status_code == 200
    finally:
        worker.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=PATIENCE)
        worker.kill()
    said = (tmp_path / "worker.log").read_text()
    assert said.count("waits") == 1, said
    assert "Traceback" not in said
    assert early.said().count("The keeper waits") == 1
    assert "no such table" not in early.said()


def test_a_worker_that_waits_ends_when_it_is_told_to(tmp_path: Path) -> None:
    server = Server(tmp_path, migrated=False)
    with (tmp_path / "worker.log").open("w") as log:
        command = [sys.executable, "manage.py", "worker"]
        worker = subprocess.Popen(command, cwd=ROOT, env=server.environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + PATIENCE
        while "waits" not in (tmp_path / "worker.log").read_text():
            assert time.monotonic() < until
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=PATIENCE) == 0
    finally:
        worker.kill()


def wait(fits: Any, server: Server) -> None:
    until = time.monotonic() + PATIENCE
    while not fits():
        assert time.monotonic() < until, server.said()
        time.sleep(0.1)
