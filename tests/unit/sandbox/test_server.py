"""The sandbox as a server and as a program."""

import http.client
import signal
import socket
import subprocess
import sys

import pytest
import requests

from dashboard.sandbox import DEMO_CONNECTIONS, Sandbox
from dashboard.sandbox.__main__ import main

MEDIA = "/v2/vault-plus/media"
HEADERS = {"apiKey": "demo-key", "x-connection-id": "conn_a"}


def test_connections_are_kept_and_counted() -> None:
    with Sandbox({"conn_a": 3}) as sandbox:
        link = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
        for _ in range(3):
            link.request("GET", MEDIA, headers=HEADERS)
            assert link.getresponse().read()
        assert sandbox.connections_opened == 1
        link.close()
        requests.get(sandbox.url + MEDIA, headers=HEADERS, timeout=5)
        assert sandbox.connections_opened == 2
        assert [call.query for call in sandbox.calls] == [""] * 4


def test_an_answer_arrives_in_one_piece() -> None:
    with Sandbox({"conn_a": 1}) as sandbox, socket.create_connection(("127.0.0.1", port_of(sandbox))) as link:
        link.settimeout(5)
        link.sendall(f"GET {MEDIA} HTTP/1.1\r\nHost: x\r\napiKey: demo-key\r\n\r\n".encode())
        answer = link.recv(65536)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert answer.endswith(b'{"error":"x-connection-id header is required"}')


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 505),
        (f"BREW {MEDIA} HTTP/1.1\r\n\r\n", 405),
        (f"POST {MEDIA}/batch HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (f"POST {MEDIA}/batch HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (f"POST {MEDIA}/batch HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
    ],
)
def test_broken_requests_get_a_plain_refusal(request_text: str, status: int) -> None:
    with Sandbox({"conn_a": 1}) as sandbox, socket.create_connection(("127.0.0.1", port_of(sandbox))) as link:
        link.settimeout(5)
        link.sendall(request_text.encode())
        assert link.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())


def port_of(sandbox: Sandbox) -> int:
    return int(sandbox.url.rpartition(":")[2])


def test_a_taken_port_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox({}) as sandbox:
        assert main(["--port", str(port_of(sandbox))]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"The sandbox cannot listen on port {port_of(sandbox)}: Address already in use.\n"


def test_other_interfaces_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0"]) == 1  # noqa: S104 - it must be refused
    assert capsys.readouterr().err.startswith("The sandbox only listens on 127.0.0.1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_the_demo_and_stops_silently(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "dashboard.sandbox", "--port", "0", "--key", "other"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stderr is not None
            url = program.stdout.readline().split()[-1]
            headers = {"apiKey": "other", "x-connection-id": DEMO_CONNECTIONS[1].id}
            with requests.Session() as session:
                assert len(session.get(url + MEDIA, headers=headers, timeout=10).json()["items"]) == 100
                program.send_signal(number)
                assert program.wait(timeout=10) == 0
            assert len(program.stdout.read().splitlines()) == len(DEMO_CONNECTIONS)
            assert program.stderr.read() == ""
        finally:
            program.kill()


def test_a_sandbox_that_never_started_closes_quietly() -> None:
    Sandbox({}).stop()


def test_a_rate_limit_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", "--rate-limit", "0", "90"])
    assert "two numbers above 0" in capsys.readouterr().err
