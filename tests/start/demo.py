"""The project in a folder of its own, and its demo there: started, and looked for afterwards."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Final

from tests.locks import ROOT

PATIENCE: Final = 120.0
"""Seconds; a busy machine is no failure."""

_NEW_TERMINAL: Final = (
    "import os, signal, sys\n"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # whoever runs the tests by nohup has it ignored
    "terminal = os.open(sys.argv[1], os.O_RDWR)\n"  # the first that a session's leader opens becomes its own
    "for number in range(3): os.dup2(terminal, number)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)

_CARELESS_BROTLI: Final = (
    "from _brotli import *\n"
    "def compress(content, **_):\n"
    "    packer = Compressor(quality=1)\n"
    "    return packer.process(content) + packer.finish()\n"
)


def copy_project(folder: Path) -> Path:
    """Copy what the demo needs, and nothing that a run has left. Its Brotli packs carelessly: to pack the
    static files well takes three seconds of each start, and nothing here is about that."""
    for name in ("manage.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("dashboard", "static", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "brotli.py").write_text(_CARELESS_BROTLI)
    return folder


def clean_environment(**more: str) -> dict[str, str]:
    ours = ("DASHBOARD_", "VAULTPLUS_", "DJANGO_", "COVERAGE_", "DATABASE_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def refusal(
    folder: Path, *options: str, python: str = sys.executable, powerless: bool = False, **settings: str
) -> str:
    """Start a demo that does not start; what it said."""
    drop_rights = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]  # root may write anywhere
    prefix = drop_rights if powerless and os.geteuid() == 0 else []
    ran = subprocess.run(
        [*prefix, python, "manage.py", "demo", *options],
        cwd=folder,
        env=clean_environment(**settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 1, ran.stdout
    return ran.stdout


class Demo:
    """`manage.py demo` on these ports; in a terminal of its own where one is wanted."""

    def __init__(
        self,
        folder: Path,
        ports: list[int],
        *,
        in_terminal: bool = False,
        prefix: tuple[str, ...] = (),
        **settings: str,
    ) -> None:
        self.port, self.sandbox_port = ports
        self.url = f"http://127.0.0.1:{self.port}"
        self.said = ""
        options = ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port)]
        command = [*prefix, sys.executable, "manage.py", "demo", *options]
        self._ours, theirs = os.openpty() if in_terminal else os.pipe()
        if in_terminal:
            command = [sys.executable, "-c", _NEW_TERMINAL, os.ttyname(theirs), *command]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=clean_environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._ready, self._closing = threading.Event(), threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ready.wait(PATIENCE)
        assert "Open http" in self.said, self.said
        self.pids = descendants(self.process.pid)

    def _read(self) -> None:
        """Until it has ended, or the terminal is to be closed: what somebody reads stays open."""
        while not self._closing.is_set():
            if not select.select([self._ours], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(self._ours, 4096)
            except OSError:  # nobody has the terminal open any more
                part = b""
            self.said += part.decode()
            if not part or "Open http" in self.said:  # what it waits for is said before
                self._ready.set()
            if not part:
                break

    def close_terminal(self) -> None:
        """As when its window is closed."""
        self._closing.set()
        self._reader.join()
        os.close(self._ours)

    def wait_until_gone(self) -> None:
        """Return when neither the demo nor any program that it started is left."""
        until = time.monotonic() + PATIENCE
        self.process.wait(PATIENCE)
        while left := [pid for pid in self.pids if is_running(pid)]:
            assert time.monotonic() < until, f"{left} still run"
            time.sleep(0.05)

    def kill(self) -> None:
        """Whatever a test did, nothing is left."""
        for pid in [self.process.pid, *self.pids]:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
        return bool(answer.status == 200)


def descendants(pid: int) -> list[int]:
    """Every process that this one has started, and theirs."""
    parents = {int(path.name): stat_of(int(path.name))[1:2] for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == [str(one)]]
    return found[1:]


def is_running(pid: int) -> bool:
    return stat_of(pid)[:1] not in ([], ["Z"])


def stat_of(pid: int) -> list[str]:
    """The state of a process, its parent, and more; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
