"""`python -m tests.bench`, by way of `tests/bench/run`: measure everything or what is named, print one table.

Machines are noisy, so a page and its yardstick are asked for in turn, and compared within a turn; a figure is
the median of several turns.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from statistics import median
from typing import Final

from . import list_page, many, page_loads, peers, sick
from .record import fill
from .server import CouldNotRun
from .stage import RECORD_PAGE, Stage
from .table import Row, table

Measure = Callable[[Stage], Iterable[Row]]


def main(arguments: list[str]) -> int:
    chosen = choose(arguments)
    started, busy = time.monotonic(), os.getloadavg()[0]
    unsaid: list[str] = []
    rows: list[Row] = []
    try:
        with Stage() as stage:
            list_page.warm_up(stage)
            for name in chosen:
                rows += tell(MEASURES[name], stage, unsaid)
    except CouldNotRun as reason:
        unsaid.append(str(reason))
    print(f"\n{table(rows)}" if rows else "")
    print("\n".join(unsaid))
    taken = time.monotonic() - started
    print(f"{taken:.0f} s; load of the machine before: {busy:.1f} on {os.cpu_count()} processors.")
    return 1 if unsaid else 0


def choose(arguments: list[str]) -> list[str]:
    """Return the names of what is to be measured, in the order of MEASURES."""
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description="How fast the pages are, as a table."
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=MEASURES, help=f"measure only: {', '.join(MEASURES)}"
    )
    only = parser.parse_args(arguments).only
    return [name for name in MEASURES if not only or name in only]


def tell(measure: Measure, stage: Stage, unsaid: list[str]) -> list[Row]:
    """Print each row as soon as it is measured; what cannot be goes into `unsaid` and costs no other row."""
    rows: list[Row] = []
    try:
        for row in measure(stage):
            print(row.line, flush=True)
            rows.append(row)
    except (CouldNotRun, OSError) as reason:
        unsaid.append(f"Not measured: {reason}")
        print(unsaid[-1], flush=True)
        with suppress(CouldNotRun, OSError):
            stage.set_latency(0)
    return rows


def length_of_the_record_does_not_matter(stage: Stage) -> list[Row]:
    """The same page twice over, for a record only grows."""
    times: dict[int, list[float]] = {1_000: [], 1_000_000: []}
    for length, seen in times.items():
        fill(stage.database, length)
        stage.ask(RECORD_PAGE, rounds=20)
        for _ in range(7):
            seen.append(median(stage.ask(RECORD_PAGE, rounds=40)["times"][RECORD_PAGE]))
    ratios = [many / few for few, many in zip(*times.values(), strict=True)]
    note = " and ".join(f"{median(seen):.1f} ms with {length:,}" for length, seen in times.items())
    name = "Audit's first page, 1,000,000 events over 1,000"
    return [Row(name, "{:.2f}x", ratios, 1.5, 1.1, note=f"{note}.")]


def memory(stage: Stage) -> list[Row]:
    """Where what it shares with other processes is divided among them."""
    taken = stage.dashboard.memory_mb()
    note = f"{taken['Rss']:.0f} MB are resident."
    return [Row("Memory of the worker after all this, PSS", "{:.0f} MB", [taken["Pss"]], 80, 65, note=note)]


MEASURES: Final[dict[str, Measure]] = {
    "list": list_page.over_the_floor,
    "latency": list_page.with_latency,
    "crowd": list_page.with_a_crowd,
    "peers": peers.over_peers,
    "bytes": list_page.bytes_of_the_list,
    "loads": page_loads.loads,
    "connections": list_page.many_connections,
    "sick": sick.hanging_service,
    "queries": list_page.queries,
    "bare": list_page.own_time,
    "clients": list_page.many_clients,
    "million": list_page.size_does_not_matter,
    "calls": list_page.upstream,
    "exports": many.exports,
    "scans": many.scans,
    "lookups": many.look_up,
    "lighthouse": page_loads.lighthouse,
    "audit": length_of_the_record_does_not_matter,
    "memory": memory,
    "export-memory": lambda stage: many.memory_of_an_export(),
}
"""Each by the name that `--only` takes, first what pages are held to; memory comes after the load of all."""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
