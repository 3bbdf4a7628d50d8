"""Scans in a process of its own: `python -m tests.bench.scanner`, over a database of its own.

Reads lines of JSON that name a connection's id, and answers each, once that is scanned, with how long it took
and the most memory that the process has held so far. The settings come from the environment.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import django


def main(folder: str) -> None:
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/scans.sqlite3"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.core.management import call_command

    from dashboard.auth.demo import DEMO_PEOPLE
    from dashboard.identity import Caller
    from dashboard.models import Connection
    from dashboard.scans import scan

    call_command("migrate", verbosity=0)
    somebody = Caller(DEMO_PEOPLE["viewer"])
    for number, line in enumerate(sys.stdin):
        connection = Connection.objects.find_by_raw_id(json.loads(line)["connection"])
        if connection is None:
            connection = Connection(slug=f"number-{number}", label=f"Number {number}")
            connection.set_connection_id(json.loads(line)["connection"])
            connection.save()
        job, started = scan.begin(connection, somebody), time.perf_counter()
        scan.run(job.pk)
        seconds = time.perf_counter() - started
        job.refresh_from_db()
        progress = scan.load_progress(job)
        items = progress.statistics.items if progress else 0
        told = {"state": job.state, "items": items, "seconds": seconds, "peak_kb": peak_kb()}
        print(json.dumps(told), flush=True)


def peak_kb() -> int:
    """Of this process alone: what `getrusage` tells begins with what its parent held."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="scans-") as folder:
        main(folder)
