"""A PostgreSQL cluster for the length of a test, where the machine has the server."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

ROLE: Final = "vault_test_role"
"""The role of web processes and workers in a test: once `manage.py grants` was run it has their rights."""


class NoCluster(Exception):
    """The server made no cluster; what it said."""


def postgresql_binaries() -> Path | None:
    """The folder of the newest server on this machine."""
    found = [Path(path).parent for path in glob.glob("/usr/lib/postgresql/*/bin/initdb")]
    on_path = shutil.which("initdb")
    newest = max(found, key=lambda path: float(path.parent.name), default=None)
    return newest or (Path(on_path).parent if on_path else None)


@contextlib.contextmanager
def throwaway_postgresql(binaries: Path) -> Iterator[str]:
    """The address of a new, empty cluster, as its owner, behind a socket in a folder of its own; gone
    afterwards."""
    user = unprivileged() if os.geteuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
        start = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        quiet = {"cwd": folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **start}
        data = f"{folder}/data"
        ours = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D", data]
        initdb = [f"{binaries}/initdb", *ours]
        made = subprocess.run(initdb, stdout=subprocess.PIPE, text=True, **quiet)  # type: ignore[call-overload]
        if made.returncode:
            raise NoCluster(made.stdout)
        options = ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        server = subprocess.Popen([f"{binaries}/postgres", *options], stdout=subprocess.DEVNULL, **quiet)  # type: ignore[call-overload]
        try:
            ready = [f"{binaries}/pg_isready", "-q", "-h", folder]
            until = time.monotonic() + 30
            while subprocess.run(ready).returncode and time.monotonic() < until and server.poll() is None:
                time.sleep(0.1)
            url = f"postgresql://postgres@{quote(folder, safe='')}/postgres"
            psql = [f"{binaries}/psql", "-q", "-h", folder, "-U", "postgres", "-c"]
            subprocess.run([*psql, f"CREATE ROLE {ROLE} LOGIN"], check=True)
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)


def unprivileged() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def as_role(url: str) -> str:
    """The same database for programs that are to have ROLE's rights; `SET ROLE NONE` gives the owner's."""
    return f"{url}?{urlencode({'options': f'-c role={ROLE}'})}"
