"""An export taken in a process of its own: `python -m tests.bench.taker CONNECTION_ID FORM ITEMS…`.

Prints a line of JSON when about so many items have gone by: how long that took, and the most memory that the
process has held so far. What is taken is thrown away. The settings come from the environment.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

import django


def main(connection_id: str, form: str, *milestones: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from dashboard.exports.stream import ExportStream
    from dashboard.models import Connection
    from dashboard.vault import MAX_ITEMS_PER_PAGE, MediaQuery

    connection = Connection(slug="taken")
    connection.set_connection_id(connection_id)
    left, started = [int(number) for number in milestones], time.perf_counter()
    file = ExportStream(connection, MediaQuery(), form)
    for pages, _ in enumerate(file, 1):
        if pages * MAX_ITEMS_PER_PAGE >= left[0]:
            taken = {"seconds": time.perf_counter() - started, "pages": pages, "peak_kb": peak_kb()}
            print(json.dumps(taken), flush=True)
            left.pop(0)
        if not left:
            break
    file.close()


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(*sys.argv[1:])
