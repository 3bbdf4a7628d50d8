"""All that a measurement needs, started and stopped: the sandbox, one gunicorn worker, the load."""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from dashboard.demo import set_environment

from .upstream import COUNTS, MILLION

ROOT: Final = Path(__file__).resolve().parents[2]
MILLION_PAGE: Final = "/c/million/media/?limit=100"
HUNDRED_PAGE: Final = "/c/hundred/media/?limit=100"
RECORD_PAGE: Final = "/audit/"
RAW: Final = "/raw?limit=100"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class CouldNotRun(Exception):
    """Something that had to run did not; the text says what, for a person."""


class Process:
    """One of ours that answers a line of JSON with another."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.name = module
        command = [sys.executable, "-m", module, *arguments]
        self.popen = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self) -> str:
        assert self.popen.stdout is not None
        if not (line := self.popen.stdout.readline()):
            raise CouldNotRun(f"{self.name} ended by itself; what it said stands above.")
        return line.decode()

    def order(self, **order: Any) -> dict[str, Any]:
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(order).encode() + b"\n")
        self.popen.stdin.flush()
        answer: dict[str, Any] = json.loads(self.line())
        return answer

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait(timeout=15)


class Stage:
    """The shipped server with one worker over the sandbox, under the demo's settings, and somebody signed in.

    The database is new. Pictures are blurred, as they are in production unless somebody chose otherwise, and
    an admin looks: nobody's page is larger.
    """

    def __init__(self) -> None:
        self._started = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._started as started:
            self._start()
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.close()

    def _start(self) -> None:
        folder = self._started.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        port, upstream_port = _free_port(), _free_port()
        self.database = f"{folder}/bench.sqlite3"
        os.environ["DATABASE_URL"] = f"sqlite:///{self.database}"
        os.environ["DASHBOARD_MEDIA_MODE"] = "blurred"
        os.environ["WEB_CONCURRENCY"] = "1"
        os.environ["BENCH_CONNECTION_ID"] = MILLION
        set_environment(["--port", str(port), "--sandbox-port", str(upstream_port)])
        _manage("migrate", "--verbosity=0")
        _manage("collectstatic", "--no-input", "--verbosity=0")
        for connection_id in COUNTS:
            _manage("connection", "add", connection_id.split("_")[2], connection_id)
        self.address = f"http://127.0.0.1:{port}"
        self.upstream = Process("tests.bench.upstream", str(upstream_port))
        self._started.callback(self.upstream.stop)
        self.upstream.line()
        self._server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "-c", "python:dashboard.server"),
                *("--log-level", "warning", "tests.bench.app:application"),
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,  # events of the audit
            start_new_session=True,
        )
        self._started.callback(self._stop_server)
        self.cookie = self._sign_in()
        self.worker = int(Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text())
        self.load = Process("tests.bench.client", str(port), self.cookie)
        self._started.callback(self.load.stop)

    def _stop_server(self) -> None:
        self._server.terminate()
        self._server.wait(timeout=90)

    def _sign_in(self) -> str:
        """The signed-in cookie of an admin, by the same form that people use."""
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = self._wait_for(browser, f"{self.address}/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise CouldNotRun("The sign-in page has no form.")
        answer = {"role": "admin", "csrfmiddlewaretoken": token[1]}
        browser.open(f"{self.address}/sign-in/", urllib.parse.urlencode(answer).encode(), timeout=30).read()
        browser.open(f"{self.address}{MILLION_PAGE}", timeout=30).read()  # the connection chosen last is kept
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)

    def _wait_for(self, browser: urllib.request.OpenerDirector, address: str) -> str:
        until = time.monotonic() + 120  # a busy machine is no failure
        while time.monotonic() < until and self._server.poll() is None:
            try:
                page: str = browser.open(address, timeout=30).read().decode()
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
            else:
                return page
        raise CouldNotRun("The dashboard did not start; what it said stands above.")

    # What is done and read while it runs

    def ask(self, *paths: str, clients: int = 1, **amount: float) -> dict[str, Any]:
        """Ask for the paths in turn, `rounds` times or for so many `seconds`."""
        answer = self.load.order(paths=paths, clients=clients, **amount)
        if answer["failed"]:
            raise CouldNotRun(f"The load broke off: {answer['failed'][0]}.")
        return answer

    def set_latency(self, latency_ms: float) -> None:
        self.upstream.order(latency_ms=latency_ms)

    def arrived(self) -> dict[str, Any]:
        """Upstream calls and new connections since this was last asked, or the latency was last set."""
        return self.upstream.order(latency_ms=0)

    def processor_ms(self) -> float:
        """User and system time of the worker so far."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / _TICKS

    def memory_mb(self) -> dict[str, float]:
        """Of the worker: `Rss`, and `Pss`, where what it shares is divided among those who share it."""
        text = Path(f"/proc/{self.worker}/smaps_rollup").read_text()
        return {name: int(kb) * 1024 / 1e6 for name, kb in re.findall(r"^(Rss|Pss): +(\d+) kB", text, re.M)}


def _manage(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise CouldNotRun(f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
