"""Web servers of one process that are measured: started, asked by clients of their own, weighed, stopped."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 120
"""A busy machine is no failure."""


class CouldNotRun(Exception):
    """Something that had to run did not; the text says what, for a person."""


class Process:
    """A program of the bench that answers a line of JSON with another."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.name = module
        command = [sys.executable, "-m", module, *arguments]
        self.popen = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self) -> str:
        """Return the next line of what it says."""
        assert self.popen.stdout is not None
        if not (line := self.popen.stdout.readline()):
            raise CouldNotRun(f"{self.name} ended by itself; what it said stands above.")
        return line.decode()

    def begin(self, **order: Any) -> None:
        """Order something without waiting; `answer` waits."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(order).encode() + b"\n")
        self.popen.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Return the answer to the oldest order that has none yet."""
        answer: dict[str, Any] = json.loads(self.line())
        return answer

    def order(self, **order: Any) -> dict[str, Any]:
        """Order something and return the answer."""
        self.begin(**order)
        return self.answer()

    def stop(self) -> None:
        """End it."""
        self.popen.terminate()
        self.popen.wait(timeout=15)


class Pace(NamedTuple):
    """How a stretch of pages of one kind went."""

    pages_per_second: float
    processor_ms: float
    """User and system time of the web process a page."""
    median_ms: float


class Server:
    """A web server whose pages one process prints, and a load that asks it. Left, it stops."""

    def __init__(
        self, command: list[str], port: int, environ: Mapping[str, str], *, is_quiet: bool = False
    ) -> None:
        self.port, self.address, self.cookie = port, f"http://127.0.0.1:{port}", ""
        self._loads: list[Process] = []
        self._popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if is_quiet else None,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for load in self._loads:
            load.stop()
        self._popen.terminate()
        self._popen.wait(timeout=90)

    def start_load(self) -> Process:
        """Return a new process of clients, which send the cookie."""
        self._loads.append(Process("tests.bench.client", str(self.port), self.cookie))
        return self._loads[-1]

    @cached_property
    def load(self) -> Process:
        """The clients that `ask` and `pace` use."""
        return self.start_load()

    @cached_property
    def worker(self) -> int:
        """The process that prints the pages: the only child of gunicorn's, or the server itself."""
        children = Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children").read_text().split()
        return int(children[0]) if children else self._popen.pid

    def ask(self, *paths: str, clients: int = 1, **amount: Any) -> dict[str, Any]:
        """Ask for the paths in turn, `rounds` times or for so many `seconds`."""
        return check_load(self.load.order(paths=paths, clients=clients, **amount))

    def pace(self, path: str, clients: int = 1, **amount: float) -> Pace:
        """Ask for the path again and again, and return how that went."""
        before = self.processor_ms()
        answer = self.ask(path, clients=clients, **amount)
        spent, times = self.processor_ms() - before, answer["times"][path]
        return Pace(len(times) / answer["seconds"], spent / len(times), median(times))

    def processor_ms(self) -> float:
        """Return the user and system time of the worker so far, to the microsecond.

        Linux keeps a clock for each process; its number is computed as clock_getcpuclockid(3) does it.
        """
        return time.clock_gettime((~self.worker << 3) | 2) * 1000

    def memory_mb(self) -> dict[str, float]:
        """Return the worker's `Rss`, and `Pss`, where what it shares is divided among those who share it."""
        text = Path(f"/proc/{self.worker}/smaps_rollup").read_text()
        return {name: int(kb) * 1024 / 1e6 for name, kb in re.findall(r"^(Rss|Pss): +(\d+) kB", text, re.M)}

    def wait_for(self, path: str, browser: urllib.request.OpenerDirector | None = None) -> str:
        """Return the page as soon as something listens."""
        opener = browser or urllib.request.build_opener()
        opener.addheaders = [("Cookie", self.cookie)] if self.cookie else []
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and self._popen.poll() is None:
            try:
                page: str = opener.open(self.address + path, timeout=30).read().decode()
            except urllib.error.HTTPError as error:
                raise CouldNotRun(f"{path} was answered {error.code}.") from None
            except OSError:
                time.sleep(0.1)
            else:
                return page
        raise CouldNotRun(f"{self._popen.args!r} did not answer; what it said stands above.")

    def count_bytes(self, path: str, cookie: str) -> int:
        """Return the bytes of a page's body, by gzip."""
        browser = urllib.request.build_opener()
        browser.addheaders = [("Cookie", cookie), ("Accept-Encoding", "gzip")]
        with browser.open(self.address + path, timeout=30) as answer:
            return len(answer.read())

    def sign_in(self, then: str, **preferences: str) -> str:
        """Return the signed-in cookie of an admin with these preferences, by the forms that people use."""
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        forms = [("/sign-in/", {"role": "admin"}), ("/preferences/", preferences)]
        for path, fields in forms[: 2 if preferences else 1]:
            page = self.wait_for("/sign-in/", browser)
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            if token is None:
                raise CouldNotRun("The sign-in page has no form.")
            form = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
            browser.open(self.address + path, form, timeout=30).read()
        browser.open(self.address + then, timeout=30).read()  # the connection chosen last is kept
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def check_load(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what clients answered. Raises CouldNotRun if one of them broke off."""
    if answer["failed"]:
        raise CouldNotRun(f"The load broke off: {answer['failed'][0]}.")
    return answer


def find_free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_quietly(command: list[str], **environ: str) -> str:
    """Run a command to its end, and return what it printed. Raises CouldNotRun."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True)
    if done.returncode:
        raise CouldNotRun(f"{' '.join(command[1:4])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def pace_in_turn(
    asked: dict[str, tuple[Server, str]], turns: int, clients: int = 1, **amount: float
) -> dict[str, list[Pace]]:
    """Pace each server's page in turn, again and again: what disturbs the machine disturbs all of them."""
    paces: dict[str, list[Pace]] = {name: [] for name in asked}
    for _ in range(turns):
        for name, (server, path) in asked.items():
            paces[name].append(server.pace(path, clients, **amount))
    return paces


def divide(over: list[Pace], under: list[Pace], figure: Callable[[Pace], float]) -> list[float]:
    """Return the ratio of a figure in each turn."""
    return [figure(one) / figure(other) for one, other in zip(over, under, strict=True)]
