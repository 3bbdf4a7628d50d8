"""What the list page costs, beside the floor, beside other connections and at many clients."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from operator import attrgetter
from statistics import median
from typing import Final

from .server import Pace, Server, divide, pace_in_turn, run_quietly
from .stage import CONNECTIONS, HUNDRED_PAGE, MILLION_PAGE, RAW, Stage
from .table import Row

LATENCY_MS: Final = 50
CROWD: Final = 16
MANY_CONNECTIONS: Final = 200

by_processor = attrgetter("processor_ms")
by_rate = attrgetter("pages_per_second")
by_time = attrgetter("median_ms")


def warm_up(stage: Stage) -> None:
    """Every thread has had its turn, and holds the connections it will go on using."""
    stage.set_latency(LATENCY_MS)
    stage.ask(RAW, MILLION_PAGE, HUNDRED_PAGE, clients=CROWD, rounds=3)
    stage.set_latency(0)
    stage.ask(RAW, MILLION_PAGE, HUNDRED_PAGE, rounds=30)


def over_the_floor(stage: Stage) -> Iterator[Row]:
    """Ours, the floor and the same with Jinja2, one client: processor time and pages a second."""
    asked = {
        "ours": (stage.dashboard, MILLION_PAGE),
        "floor": (stage.floor, "/string"),
        "jinja": (stage.floor, "/jinja"),
    }
    pace_in_turn(asked, 1, rounds=30)
    paces = pace_in_turn(asked, 11, rounds=50)
    ours, floor, jinja = paces.values()
    for words, figure, unit, must, aim, more in (
        ("Processor time a list page over the string floor", by_processor, "ms a page", 1.6, 1.25, False),
        ("Pages a second over the string floor, 1 client", by_rate, "a second", 0.65, 0.85, True),
    ):
        note = (
            f"{middle(ours, figure):.1f} {unit} over {middle(floor, figure):.1f}; "
            f"the same with Jinja2 {middle(jinja, figure):.1f}."
        )
        yield Row(words, "{:.2f}x", divide(ours, floor, figure), must, aim, more=more, note=note)


def middle(paces: list[Pace], figure: attrgetter[float]) -> float:
    """Return the median of a figure."""
    return median(map(figure, paces))


def with_a_crowd(stage: Stage) -> Iterator[Row]:
    """Pages a second of sixteen clients while the service takes its time, ours and the floor's."""
    asked = {"ours": (stage.dashboard, MILLION_PAGE), "floor": (stage.floor, "/string")}
    stage.set_latency(LATENCY_MS)
    try:
        pace_in_turn(asked, 1, CROWD, rounds=3)
        ours, floor = pace_in_turn(asked, 5, CROWD, seconds=2.5).values()
        bare = stage.dashboard.pace(RAW, CROWD, seconds=2)
    finally:
        stage.set_latency(0)
    rates = [pace.pages_per_second for pace in ours]
    words = f"Pages a second, {LATENCY_MS} ms upstream, {CROWD} clients"
    note = f"{median(rates):.0f} over {middle(floor, by_rate):.0f} a second."
    yield Row(
        f"{words}, over the string floor", "{:.2f}x", divide(ours, floor, by_rate), 0.6, 0.85, True, note
    )
    note = (
        f"the bare view, whose calls wait for no free place, {bare.pages_per_second:.0f}; "
        f"16 calls at once are {16_000 / LATENCY_MS:.0f} a second at most."
    )
    yield Row(words, "{:.0f}", rates, 100, 180, more=True, note=note)


def own_time(stage: Stage) -> list[Row]:
    """Our page over the bytes of the service's answer, which the bare view passes on untouched."""
    over, page, bare = [], [], []
    for _ in range(9):
        times = stage.ask(RAW, MILLION_PAGE, rounds=60)["times"]
        page.append(median(times[MILLION_PAGE]))
        bare.append(median(times[RAW]))
        over.append(page[-1] - bare[-1])
    note = f"the page takes {median(page):.1f} ms, the bare view {median(bare):.1f} ms."
    return [Row("Server time over the bare view, 1 client", "{:.1f} ms", over, 8, 4, note=note)]


def with_latency(stage: Stage) -> Iterator[Row]:
    """The median page while the service takes its time, over that time: by itself, and beside the floor's."""
    asked = {
        "ours": (stage.dashboard, MILLION_PAGE),
        "floor": (stage.floor, "/string"),
        "bare": (stage.dashboard, RAW),
    }
    stage.set_latency(LATENCY_MS)
    pace_in_turn(asked, 1, rounds=5)
    turns = pace_in_turn(asked, 7, rounds=25).values()
    ours, floor, bare = ([pace.median_ms - LATENCY_MS for pace in paces] for paces in turns)
    stage.set_latency(0)
    words = f"p50 with a {LATENCY_MS} ms upstream, over those"
    note = f"of it the bare view, and so the sandbox itself, takes {median(bare):.1f} ms."
    yield Row(words, "+{:.1f} ms", ours, 8, 6, note=note)
    ratios = [mine / least for mine, least in zip(ours, floor, strict=True)]
    note = f"+{median(ours):.1f} ms over +{median(floor):.1f}; it was +5.6 where the bounds were set."
    yield Row(f"{words}, over the string floor's", "{:.2f}x", ratios, 8 / 5.6, 6 / 5.6, note=note)


def many_clients(stage: Stage) -> list[Row]:
    """What a page costs the processor when many ask at once, over one after another."""
    cost: dict[int, list[float]] = {1: [], CROWD: []}
    for _ in range(5):
        for clients, seen in cost.items():
            seen.append(stage.dashboard.pace(MILLION_PAGE, clients, seconds=2.5).processor_ms)
    ratios = [many / one for one, many in zip(cost[1], cost[CROWD], strict=True)]
    note = f"{median(cost[1]):.1f} ms a page with 1 client, {median(cost[CROWD]):.1f} ms with {CROWD}."
    return [Row(f"Processor time a page, {CROWD} clients over 1", "{:.2f}x", ratios, 1.5, 1.25, note=note)]


def size_does_not_matter(stage: Stage) -> list[Row]:
    """A page of a large connection over one of a small one."""
    rounds = [stage.ask(MILLION_PAGE, HUNDRED_PAGE, rounds=60)["times"] for _ in range(7)]
    ratios = [median(times[MILLION_PAGE]) / median(times[HUNDRED_PAGE]) for times in rounds]
    return [Row("Page time, 1,000,000 items over 100", "{:.2f}x", ratios, 1.1, 1.05)]


def many_connections(stage: Stage) -> Iterator[Row]:
    """The same page where people may choose among many connections, over one where there are three."""
    with stage.another() as few, stage.another(MANY_CONNECTIONS) as many:
        asked: dict[str, tuple[Server, str]] = {"few": (few, MILLION_PAGE), "many": (many, MILLION_PAGE)}
        pace_in_turn(asked, 2, rounds=40)
        of_few, of_many = pace_in_turn(asked, 9, rounds=50).values()
        more = [
            (many.count_bytes(MILLION_PAGE, many.cookie) - few.count_bytes(MILLION_PAGE, few.cookie)) / 1000
            for _ in range(5)  # a form's token is another each time, and packs another way
        ]
    words = f"{MANY_CONNECTIONS} connections over {CONNECTIONS}"
    note = f"{middle(of_many, by_processor):.1f} ms of processor over {middle(of_few, by_processor):.1f}."
    yield Row(f"Page time, {words}", "{:.2f}x", divide(of_many, of_few, by_time), 1.05, 1.0, note=note)
    yield Row(f"List page by gzip, {words}", "{:+.1f} KB", more, 0.3, 0)


def bytes_of_the_list(stage: Stage) -> Iterator[Row]:
    """The whole page of a hundred items as it is sent."""
    for words, cookie, must, aim in (
        ("blurred table", stage.cookie, 10, 8),
        ("with thumbs", stage.cookie_with_thumbs, 18, 16),
    ):
        size = stage.dashboard.count_bytes(MILLION_PAGE, cookie) / 1000
        yield Row(f"List page, HTML by gzip, {words}", "{:.1f} KB", [size], must, aim)


def queries(stage: Stage) -> list[Row]:
    """Queries of a warm process."""
    printed = run_quietly([sys.executable, "-m", "tests.bench.queries", MILLION_PAGE, stage.cookie])
    told = json.loads(printed.splitlines()[-1])
    note = "; ".join(f"{text[:70]}…" for text in told["texts"])
    return [Row("Queries a list page", "{:.0f}", told["counts"], 1, 0, note=note)]


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
