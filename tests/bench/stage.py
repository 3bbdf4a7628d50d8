"""All that a measurement needs, started when it is needed and stopped at the end: the sandbox, the dashboard,
and what stands beside it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any, Final, Self

from dashboard.demo import set_environment

from .server import Process, Server, find_free_port, run_quietly
from .upstream import MILLION

MILLION_PAGE: Final = "/c/million/media/?limit=100"
HUNDRED_PAGE: Final = "/c/hundred/media/?limit=100"
RECORD_PAGE: Final = "/audit/"
RAW: Final = "/raw?limit=100"
CONNECTIONS: Final = 3


class Stage:
    """The shipped server with one worker over the sandbox, under the demo's settings, and somebody signed in.

    The database is new. Pictures are blurred, as they are in production unless somebody chose otherwise, and
    an admin looks: nobody's page is larger.
    """

    def __init__(self) -> None:
        self._started = ExitStack()

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
        port, upstream_port = find_free_port(), find_free_port()
        self.database = f"{folder}/bench.sqlite3"
        os.environ["DATABASE_URL"] = f"sqlite:///{self.database}"
        os.environ["DASHBOARD_MEDIA_MODE"] = "blurred"
        os.environ["WEB_CONCURRENCY"] = "1"
        os.environ["BENCH_CONNECTION_ID"] = MILLION
        set_environment(["--port", str(port), "--sandbox-port", str(upstream_port)])
        manage("collectstatic", "--no-input", "--verbosity=0")
        self.upstream = Process("tests.bench.upstream", str(upstream_port))
        self._started.callback(self.upstream.stop)
        self.upstream.line()
        self.dashboard = self._started.enter_context(run_dashboard(self.database, port, CONNECTIONS))
        self.address, self.cookie = self.dashboard.address, self.dashboard.cookie

    @contextmanager
    def another(self, connections: int = CONNECTIONS, *, is_quiet: bool = False) -> Iterator[Server]:
        """A second dashboard, over the same sandbox and a database of its own, while the block lasts."""
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            database = f"{folder}/another.sqlite3"
            with run_dashboard(database, find_free_port(), connections, is_quiet) as server:
                yield server

    @cached_property
    def floor(self) -> Server:
        """The floor: `/string` and `/jinja` print the same rows with next to nothing around them."""
        port = find_free_port()
        server = Server(gunicorn("tests.bench.floor:application", port), port, {})
        self._started.enter_context(server).wait_for("/string")
        return server

    @cached_property
    def cookie_with_thumbs(self) -> str:
        """The cookie of somebody who sees pictures unblurred."""
        return self.dashboard.sign_in(MILLION_PAGE, media="shown")

    # What is done and read while it runs

    def ask(self, *paths: str, clients: int = 1, **amount: float) -> dict[str, Any]:
        """Ask the dashboard for the paths in turn, `rounds` times or for so many `seconds`."""
        return self.dashboard.ask(*paths, clients=clients, **amount)

    def set_latency(self, latency_ms: float) -> None:
        """Let the service answer so late from now on."""
        self.upstream.order(latency_ms=latency_ms)

    def hang(self) -> None:
        """Let the service answer nothing until a latency is set."""
        self.upstream.order(latency_ms=0, hang=True)

    def arrived(self) -> dict[str, Any]:
        """Return the upstream calls and new connections since this was last asked, or the latency was set."""
        return self.upstream.order(latency_ms=0)


@contextmanager
def run_dashboard(database: str, port: int, connections: int, is_quiet: bool = False) -> Iterator[Server]:
    """The shipped server with one worker over a new database of so many connections, with an admin."""
    environ = {"DATABASE_URL": f"sqlite:///{database}", "DASHBOARD_BIND": f"127.0.0.1:{port}"}
    manage("migrate", "--verbosity=0", **environ)
    run_quietly([sys.executable, "-m", "tests.bench.connect", str(connections)], **environ)
    command = [*(sys.executable, "-m", "gunicorn", "-c", "python:dashboard.server")]
    command += ["--log-level", "warning", "tests.bench.app:application"]
    with Server(command, port, environ, is_quiet=is_quiet) as server:
        server.cookie = server.sign_in(MILLION_PAGE)
        yield server


def gunicorn(application: str, port: int, python: str = sys.executable) -> list[str]:
    """Return the command that serves one of the applications beside the dashboard."""
    settings = ["-c", "python:tests.bench.gunicorn_settings", "--bind", f"127.0.0.1:{port}"]
    return [python, "-m", "gunicorn", *settings, application]


def manage(*arguments: str, **environ: str) -> None:
    """Run a command of manage.py."""
    run_quietly([sys.executable, "manage.py", *arguments], **environ)
