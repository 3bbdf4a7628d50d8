"""The shipped server over real sockets, behind a proxy that names whom it likes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
import requests

from tests.browser.program import ROOT, free_ports
from tests.environment import NO_BUDGETS, make_up

PATIENCE: Final = 60.0
"""Seconds that something may take on a busy machine."""

WRITE_SECONDS: Final = 4.0
"""After so long without taking anything a reader is cut off."""

SECRET: Final = "canary-proxy-secret-9dK2vXq7-0123456789"


class Server:
    """gunicorn with one worker over a database of its own, and what its proxy sends."""

    def __init__(self, folder: Path, *, migrated: bool = True, **settings: str) -> None:
        [self.port] = free_ports(1)
        self.address = f"127.0.0.1:{self.port}"
        self.database = folder / "server.sqlite3"
        self._log = folder / "server.log"
        ours = ("DASHBOARD_", "VAULTPLUS_", "COVERAGE_", "COV_", "WEB_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        make_up(environment)
        self.environment = environment | {
            **NO_BUDGETS,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "DASHBOARD_BIND": self.address,
            "DASHBOARD_ALLOWED_HOSTS": "vault.example.com",
            "DASHBOARD_AUTH": "header",
            "DASHBOARD_AUTH_SECRET": SECRET,
            "DASHBOARD_TRUSTED_PEERS": "127.0.0.1/32",
            "DASHBOARD_ADMIN_GROUPS": "admins",
            "DASHBOARD_WRITE_SECONDS": str(WRITE_SECONDS),
            **settings,
        }
        if "STATIC_COLLECTED" not in os.environ:  # by tests/run, before others read them beside this
            self.manage("collectstatic", "--noinput")
        if migrated:
            self.manage("migrate")

    def manage(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:dashboard.server"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(requests.ConnectionError):
                assert self.get("/healthz", "nobody").ok
                return
            time.sleep(0.05)
        self.stop()
        raise AssertionError(self.said())

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        finally:
            self.process.kill()

    def said(self) -> str:
        return self._log.read_text()

    def headers(self, person: str) -> dict[str, str]:
        """What the proxy adds for this admin."""
        return {
            "Host": "vault.example.com",
            "X-Forwarded-Proto": "https",
            "X-SSO-Secret": SECRET,
            "X-Forwarded-User": person,
            "X-Forwarded-Groups": "admins",
            "Connection": "close",
        }

    def get(self, path: str, person: str, timeout: float = PATIENCE) -> requests.Response:
        url = f"http://{self.address}{path}"
        return requests.get(url, headers=self.headers(person), timeout=timeout, allow_redirects=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()
