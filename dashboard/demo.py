"""The demo's environment, which alone tells it from the real service; its lock, and who is in its way."""

import argparse
import fcntl
import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .private import VAR_DIR
from .sandbox import DEMO_KEY

DEFAULT_PORT: Final = 8000
_PROC: Final = Path("/proc")
_LISTENING: Final = "0A"
_END_SECONDS: Final = 45
"""Longer than a demo takes to end its programs one after the other."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's ports to a command's arguments."""
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="where the dashboard listens (8000)")
    parser.add_argument("--sandbox-port", type=int, default=8001, help="where the sandbox listens (8001)")


def make_database_url(port: int) -> str:
    """Return the address of the database for the demo on this port: each has its own, as it has a sandbox."""
    name = "demo.sqlite3" if port == DEFAULT_PORT else f"demo-{port}.sqlite3"
    return f"sqlite:///{VAR_DIR / name}"


def set_environment(argv: list[str]) -> None:
    """Set the demo's settings before Django reads them. A database named in DATABASE_URL is kept."""
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    chosen, _ = parser.parse_known_args(argv)
    sandbox = f"http://127.0.0.1:{chosen.sandbox_port}"
    try:
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)
    except OSError as broken:
        sys.exit(
            f"The demo keeps its database in {VAR_DIR}, which could not be made: {broken.strerror}.\n"
            "Copy the project into a folder of your own."
        )
    os.environ.setdefault("DATABASE_URL", make_database_url(chosen.port))
    for name in ("VAULTPLUS_API_KEY", "DASHBOARD_SECRET_KEY", "DASHBOARD_DATA_KEYS", "DASHBOARD_AUDIT_KEYS"):
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(
        VAULTPLUS_API_URL=sandbox,
        VAULTPLUS_API_KEY=DEMO_KEY,
        VAULTPLUS_MEDIA_HOSTS=sandbox,
        DASHBOARD_AUTH="demo",
        DASHBOARD_SECRET_KEY=secrets.token_urlsafe(60),
        DASHBOARD_DATA_KEYS="demo-of-made-up-connections-data-key",  # its database outlives a restart
        DASHBOARD_AUDIT_KEYS="demo-of-made-up-connections-audit-key",
        DASHBOARD_ALLOWED_HOSTS="127.0.0.1,localhost",
        DASHBOARD_DEBUG="0",
        DASHBOARD_MEDIA_MODE=os.environ.get("DASHBOARD_MEDIA_MODE", "shown"),
        DASHBOARD_PLAIN_HTTP="1",
        DASHBOARD_BIND=f"127.0.0.1:{chosen.port}",
    )


class DemoRuns(Exception):
    """Another demo holds the database. The text names it, for a person."""


class CannotWrite(Exception):
    """The folder cannot be written. The text says so, for a person."""


@contextmanager
def lock_database(folder: Path, database_url: str, port: int) -> Iterator[int]:
    """Hold the lock of a database; programs that inherit the descriptor hold it too, for as long as they run.

    Raises DemoRuns where another demo holds it (one that is ending is waited for), and CannotWrite.
    """
    name = f"demo-{hashlib.sha256(database_url.encode()).hexdigest()[:12]}.lock"
    try:
        file = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as broken:
        raise CannotWrite(
            f"The demo keeps its database in {folder}, which it cannot write: {broken.strerror}.\n"
            "Make that folder yours, or copy the project into a folder of your own."
        ) from None
    try:
        _acquire(file)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()} {port}".encode(), 0)
        yield file
    finally:
        os.close(file)


def announce_end(file: int) -> None:
    """Tell a demo that starts now to wait for this one, which is ending."""
    os.ftruncate(file, 0)


def _acquire(file: int) -> None:
    until, told = time.monotonic() + _END_SECONDS, False
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, _, port = os.pread(file, 50, 0).decode().partition(" ")
            if pid and is_alive(int(pid)):
                raise DemoRuns(
                    f"A demo runs already: process {pid}, at http://127.0.0.1:{port}/. "
                    f"End it with Ctrl-C, or with: kill {pid}"
                ) from None
            if time.monotonic() > until:
                raise DemoRuns("Programs of a demo that was ended still run.") from None
            if not told:
                print("Waiting for the demo before this one to end …", flush=True)
            told = True
            time.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Return True if the process runs."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)  # somebody else's
    return True


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Wait for the file's lock, and hold it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Listener:
    """A process that listens on a port."""

    pid: int
    command: str

    @property
    def is_demo(self) -> bool:
        return any(
            part in self.command for part in ("manage.py demo", "dashboard.sandbox", "dashboard.server")
        )


def find_listener(port: int) -> Listener | None:
    """Return the process on a port, or the demo that started it, or None if that is not known."""
    sockets = set()
    for table in ("net/tcp", "net/tcp6"):
        for line in _read(table).splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    pids = sorted(int(path.name) for path in _PROC.glob("[0-9]*"))
    pid = next((pid for pid in pids if sockets & _open_files(pid)), None)
    if pid is None:
        return None
    state_and_parent = _read(f"{pid}/stat").rpartition(")")[2].split()[:2]
    candidates = [_listener(int(parent)) for parent in state_and_parent[1:]]
    return next((one for one in candidates if one.is_demo), _listener(pid))


def _listener(pid: int) -> Listener:
    return Listener(pid, _read(f"{pid}/cmdline").replace("\0", " ").strip())


def _open_files(pid: int) -> set[str]:
    try:
        return {os.readlink(file) for file in (_PROC / str(pid) / "fd").iterdir()}
    except OSError:  # it ended meanwhile, or is somebody else's
        return set()


def _read(path: str) -> str:
    try:
        return (_PROC / path).read_text(errors="replace")
    except OSError:
        return ""
