"""The shipped server as a process of its own, whose worker can be killed, and a person at its pages."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import requests

from tests.browser.program import ROOT, free_ports
from tests.crash.databases import PATIENCE


class Program:
    """gunicorn with one worker, as in production but for the demo's settings."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        [port] = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "gunicorn.log"
        environment |= {
            "DASHBOARD_BIND": f"127.0.0.1:{port}",
            "DASHBOARD_ALLOWED_HOSTS": "127.0.0.1",
            "DASHBOARD_PLAIN_HTTP": "1",
        }
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:dashboard.server"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until_it_answers()
        self.person = Person(self.url, "admin")

    @property
    def workers(self) -> list[int]:
        """Every worker there ever was, the newest last."""
        return [int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", self._log.read_text())]

    def kill_worker(self) -> None:
        os.kill(self.workers[-1], signal.SIGKILL)

    def wait_until_it_answers(self) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < until, self._log.read_text()
            try:
                if requests.get(f"{self.url}/readyz", timeout=PATIENCE, headers=CLOSING).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)

    def stop(self) -> None:
        self.person.leave()
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        finally:
            self._process.kill()


class Worker:
    """`manage.py worker` as a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str], lanes: int = 1) -> None:
        self._log = folder / "worker.log"
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", "--lanes", str(lanes)],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,  # the audit's lines
                stderr=log,
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> float:
        """Ask it to end, which it does in good order; how many seconds that took."""
        asked = time.monotonic()
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0, self._log.read_text()
        return time.monotonic() - asked


CLOSING: Final = {"Connection": "close"}


class Person:
    """Somebody signed in, who opens forms and presses their buttons."""

    def __init__(self, url: str, role: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers.update(CLOSING)
        answer = self.press("/sign-in/", role=role)
        assert answer.ok, answer.text

    def press(self, path: str, **typed: str) -> requests.Response:
        """Open the form at this address and send it with what is typed."""
        return self.send(path, {**self.open(path), **typed})

    def open(self, path: str) -> dict[str, str]:
        """The form's hidden fields, as it is shown."""
        page = self._session.get(self._url + path, timeout=PATIENCE)
        assert page.ok, page.text
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        return {name: html.unescape(value) for name, value in fields}

    def send(self, path: str, fields: dict[str, str]) -> requests.Response:
        return self._session.post(self._url + path, fields, timeout=90)

    def download(self, path: str) -> requests.Response:
        """What is at this address, with its body still to be read."""
        return self._session.get(self._url + path, timeout=PATIENCE, stream=True)

    def leave(self) -> None:
        self._session.close()
