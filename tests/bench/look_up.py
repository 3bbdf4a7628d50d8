"""Look-ups of a thousand ids as a process of their own: `python -m tests.bench.look_up SLUG`.

It makes the program's own calls on the program's database, where a request would make them, and times each
batch beside the whole. A line of JSON asks for so many rounds and is answered with their milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django


def main(slug: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.conf import settings

    from dashboard import service
    from dashboard.auth.demo import DEMO_PEOPLE
    from dashboard.identity import Caller
    from dashboard.lookups import store
    from dashboard.lookups.parsing import parse_ids
    from dashboard.models import Connection
    from dashboard.vault import MAX_ITEMS_PER_PAGE, MediaQuery

    sys.setswitchinterval(0.05)  # as the server has it
    connection = Connection.objects.get(slug=slug)
    ids, cursor = list[str](), None
    while len(ids) < store.MAX_IDS_PER_LOOKUP:
        page = service.list_media(connection, MediaQuery(limit=MAX_ITEMS_PER_PAGE, cursor=cursor))
        ids += [item.id for item in page.readable]
        cursor = page.next_cursor
    pasted = parse_ids("\n".join(ids[: store.MAX_IDS_PER_LOOKUP]))
    caller = Caller(DEMO_PEOPLE["viewer"])
    settings.DASHBOARD_BUDGETS["lookups"] = 0
    print("ready", flush=True)
    for line in sys.stdin:
        whole, slowest = [], []
        for _ in range(json.loads(line)["rounds"]):
            row = store.begin(caller, [connection], pasted, "")
            with timed(service) as batches:
                started = time.perf_counter()
                troubles = store.ask_unanswered(row)
                whole.append((time.perf_counter() - started) * 1000)
            assert not troubles, troubles
            assert len(batches) == 10, len(batches)
            slowest.append(max(batches))
        print(json.dumps({"whole": whole, "slowest": slowest}), flush=True)


@contextmanager
def timed(service: Any) -> Iterator[list[float]]:
    """The milliseconds of each batch, from when its thread begins to when its answer is read."""
    kept: Callable[..., Any] = service.read_items
    batches: list[float] = []

    def read_items(*asked: Any) -> Any:
        started = time.perf_counter()
        answer = kept(*asked)
        batches.append((time.perf_counter() - started) * 1000)
        return answer

    service.read_items = read_items
    try:
        yield batches
    finally:
        service.read_items = kept


if __name__ == "__main__":
    main(sys.argv[1])
