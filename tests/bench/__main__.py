"""`python -m tests.bench`, by way of `tests/bench/run`: measure everything, print one table.

Machines are noisy, so a page and its yardstick are asked for in turn, request by request, and compared
within a round; a figure is the median of several rounds.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from statistics import median
from typing import Final

from tests.chromium import find_chromium

from . import browser
from .many import exports, look_up, memory_of_an_export, scans
from .record import fill
from .stage import HUNDRED_PAGE, MILLION_PAGE, RAW, RECORD_PAGE, CouldNotRun, Stage
from .table import Row, table

Measure = Callable[[Stage], Iterable[Row]]
LATENCY_MS: Final = 50
CROWD: Final = 16


def main() -> int:
    started, busy = time.monotonic(), os.getloadavg()[0]
    unsaid: list[str] = []
    rows: list[Row] = []
    try:
        with Stage() as stage:
            warm_up(stage)
            for measure in MEASURES:
                rows += tell(measure, stage, unsaid)
    except CouldNotRun as reason:
        unsaid.append(str(reason))
    print(f"\n{table(rows)}" if rows else "")
    print("\n".join(unsaid))
    taken = time.monotonic() - started
    print(f"{taken:.0f} s; load of the machine before: {busy:.1f} on {os.cpu_count()} processors.")
    return 1 if unsaid else 0


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


def warm_up(stage: Stage) -> None:
    """Every thread has had its turn, and holds the connections it will go on using."""
    stage.set_latency(LATENCY_MS)
    stage.ask(RAW, MILLION_PAGE, HUNDRED_PAGE, clients=CROWD, rounds=3)
    stage.set_latency(0)
    stage.ask(RAW, MILLION_PAGE, HUNDRED_PAGE, rounds=30)


def own_time(stage: Stage) -> list[Row]:
    over, page, bare = [], [], []
    for _ in range(9):
        times = stage.ask(RAW, MILLION_PAGE, rounds=60)["times"]
        page.append(median(times[MILLION_PAGE]))
        bare.append(median(times[RAW]))
        over.append(page[-1] - bare[-1])
    note = f"the page takes {median(page):.1f} ms, the bare view {median(bare):.1f} ms."
    return [Row("Server time over the bare view, 1 client", "{:.1f} ms", over, 8, 4, note=note)]


def with_latency(stage: Stage) -> list[Row]:
    stage.set_latency(LATENCY_MS)
    rounds = [stage.ask(RAW, MILLION_PAGE, rounds=25)["times"] for _ in range(5)]
    stage.set_latency(0)
    over = [median(times[MILLION_PAGE]) - LATENCY_MS for times in rounds]
    bare = median([median(times[RAW]) - LATENCY_MS for times in rounds])
    note = f"of it the bare view, and so the sandbox itself, takes {bare:.1f} ms."
    return [Row(f"p50 with a {LATENCY_MS} ms upstream, over those", "+{:.1f} ms", over, 10, 6, note=note)]


def pages_per_second(stage: Stage) -> list[Row]:
    stage.set_latency(LATENCY_MS)
    rates: dict[str, list[float]] = {MILLION_PAGE: [], RAW: []}
    for _ in range(4):
        for path, seen in rates.items():
            answer = stage.ask(path, clients=CROWD, seconds=3)
            seen.append(len(answer["times"][path]) / answer["seconds"])
    stage.set_latency(0)
    note = (
        f"the bare view, whose calls wait for no free place, {median(rates[RAW]):.0f}; "
        f"16 calls at once are {16_000 / LATENCY_MS:.0f} a second at most."
    )
    name = f"Pages a second, {LATENCY_MS} ms upstream, {CROWD} clients"
    return [Row(name, "{:.0f}", rates[MILLION_PAGE], 100, 180, more=True, note=note)]


def processor_time(stage: Stage) -> list[Row]:
    cost: dict[int, list[float]] = {1: [], CROWD: []}
    for _ in range(5):
        for clients, seen in cost.items():
            before = stage.processor_ms()
            pages = len(stage.ask(MILLION_PAGE, clients=clients, seconds=2.5)["times"][MILLION_PAGE])
            seen.append((stage.processor_ms() - before) / pages)
    ratios = [many / one for one, many in zip(cost[1], cost[CROWD], strict=True)]
    note = f"{median(cost[1]):.1f} ms a page with 1 client, {median(cost[CROWD]):.1f} ms with {CROWD}."
    return [Row(f"Processor time a page, {CROWD} clients over 1", "{:.2f}x", ratios, 1.5, 1.25, note=note)]


def size_does_not_matter(stage: Stage) -> list[Row]:
    rounds = [stage.ask(MILLION_PAGE, HUNDRED_PAGE, rounds=60)["times"] for _ in range(7)]
    ratios = [median(times[MILLION_PAGE]) / median(times[HUNDRED_PAGE]) for times in rounds]
    return [Row("Page time, 1,000,000 items over 100", "{:.2f}x", ratios, 1.1, 1.05)]


def bytes_of_the_list(stage: Stage) -> list[Row]:
    size = stage.ask(MILLION_PAGE, rounds=1)["bytes"][MILLION_PAGE] / 1000
    return [Row("List page, HTML by gzip", "{:.1f} KB", [size], 22, 17)]


def upstream(stage: Stage) -> list[Row]:
    """Many at once too: each of them is one call, over a connection that lies ready."""
    calls, opened = [], []
    for clients in (1, CROWD):
        stage.arrived()
        pages = len(stage.ask(MILLION_PAGE, clients=clients, rounds=20)["times"][MILLION_PAGE])
        since = stage.arrived()
        calls.append(since["calls"] / pages)
        opened.append(since["connections"] / pages)
    return [
        Row("Upstream calls a view", "{:.2f}", calls, 1, 1),
        Row("New upstream connections a view, warm", "{:.2f}", opened, 0, 0),
    ]


def loads(stage: Stage) -> list[Row]:
    chromium = find_chromium()
    if chromium is None:
        raise CouldNotRun("what a browser sees, for there is no Chromium (CHROMIUM=/path/to/chromium).")
    seen = browser.look(stage, chromium)
    first, following = seen.first, seen.following
    return [
        Row(
            "First load, cold, no pictures",
            "{:.1f} KB",
            [first.kilobytes],
            60,
            36,
            note=", ".join(first.parts),
        ),
        Row("First load, requests", "{:.0f}", [first.requests], 8, 5),
        Row("Next page by htmx", "{:.1f} KB", [following.kilobytes], 18, 16, note=", ".join(following.parts)),
        Row("Next page by htmx, requests", "{:.0f}", [following.requests], 1, 1),
        Row("Layout shift, first and next page", "{:.3f}", [seen.shift], 0.01, 0),
    ]


def lighthouse(stage: Stage) -> list[Row]:
    chromium = find_chromium()
    if chromium is None:
        raise CouldNotRun("Lighthouse, for there is no Chromium.")
    program = browser.install_lighthouse()
    verdicts: list[browser.Verdict] = []
    failure: CouldNotRun | None = None
    for _ in range(3):  # a busy machine spoils its figures, and now and then the whole run
        try:
            verdicts.append(browser.ask_lighthouse(stage, program, chromium))
        except CouldNotRun as reason:
            failure = reason
            continue
        if verdicts[-1].scores == [100, 100, 100]:
            break
    if not verdicts and failure:
        raise failure
    rows = []
    for place, name in enumerate(browser.CATEGORIES):
        scores = [float(verdict.scores[place]) for verdict in verdicts]
        must = 99 if name == "performance" else 100
        blamed = ", ".join(verdicts[-1].blamed) if place == 0 else ""
        words = f"Lighthouse 12 desktop, {name.replace('-', ' ')}"
        rows.append(Row(words, "{:.0f}", scores, must, 100, more=True, note=blamed))
    shifts = [verdict.shift for verdict in verdicts]
    return [*rows, Row("Layout shift by Lighthouse", "{:.3f}", shifts, 0.01, 0)]


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
    taken = stage.memory_mb()
    note = f"resident; {taken['Pss']:.0f} MB where what it shares with other processes is divided."
    return [Row("Memory of the worker after all this", "{:.0f} MB", [taken["Rss"]], 90, 65, note=note)]


MEASURES: Final[list[Measure]] = [
    own_time,
    with_latency,
    pages_per_second,
    processor_time,
    size_does_not_matter,
    bytes_of_the_list,
    upstream,
    exports,
    scans,
    look_up,
    loads,
    lighthouse,
    length_of_the_record_does_not_matter,
    memory,
    lambda stage: memory_of_an_export(),
]

if __name__ == "__main__":
    sys.exit(main())
