"""The programs of the loop: what the machine must have of them, and each as a process of its own.

Standard library only: `tests/run` asks here before there is any environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 30
"""Seconds that anything may take on a busy machine."""
HERE: Final = ROOT / "tests" / "sign_on"
MODULES: Final = Path("/usr/lib/apache2/modules")
PACKAGES: Final = {
    "libapache2-mod-auth-openidc": str(MODULES / "mod_auth_openidc.so"),
    "apache2-bin": "apache2",
    "nodejs": "node",
    "npm": "npm",
}
"""Debian's packages in the order to install them, each with the file or command that shows it is there."""


class NotInstalled(Exception):
    """Something that the loop is made of is not on this machine; a sentence."""


def lacking() -> list[str]:
    """The packages without which the loop cannot be started here."""
    return [package for package, shown_by in PACKAGES.items() if not where(shown_by)]


def where(command: str) -> str | None:
    """The path of a command; Debian keeps servers where only an administrator's PATH leads."""
    return shutil.which(command, os.F_OK, f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def found(command: str) -> str:
    path = where(command)
    if path is None:
        raise NotInstalled(f"The sign-on tests need {command}, which is not on this machine.")
    return path


def install_provider() -> None:
    """Have npm install exactly what package-lock.json pins, where that is not there yet."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    command = [found("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise NotInstalled(f"npm could not install the identity provider of the sign-on tests:\n{said}")
    stamp.write_text(wanted)


class Program:
    """A command that listens on `port` of 127.0.0.1; what it says is kept in a file of the folder."""

    def __init__(
        self, name: str, port: int, folder: Path, command: list[str], environment: dict[str, str]
    ) -> None:
        self.name, self.port, self.environment = name, port, environment
        self._log, self._command = folder / f"{name}.log", command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Return when it takes connections; what it said is in the failure when it does not."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C meant for the tests stops it in order, through `stop`
            )
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            self.check()
            assert time.monotonic() < deadline, f"{self.name} does not listen.\n{self.said()}"
            time.sleep(0.02)
        return self

    def check(self) -> None:
        """Assert that it still runs."""
        assert self._process, f"{self.name} was not started."
        assert self._process.poll() is None, f"{self.name} ended by itself.\n{self.said()}"

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False
