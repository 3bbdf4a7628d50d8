"""What becomes of everybody's pages while the service answers nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import ceil
from typing import Any, Final

from .server import CouldNotRun, Server, check_load
from .stage import MILLION_PAGE, RECORD_PAGE, Stage
from .table import Row

WAITING: Final = 32
TURNS: Final = 2
HEALTH: Final = "/healthz"
ASKED_SECONDS: Final = 4.0
FAILING_CLIENTS: Final = 6
"""They fail together: a breaker that five failures in a row open is open at the end of the first wait."""
FAST_MS: Final = 1000
PROVOKED_SECONDS: Final = 60
MEASURED_SECONDS: Final = 8.0
"""Less than a breaker stays open."""


def hanging_service(stage: Stage) -> Iterator[Row]:
    """A dashboard of its own, for whatever it has learnt of the service must not spoil other figures."""
    with stage.another(is_quiet=True) as server:  # it logs every failure
        server.ask(MILLION_PAGE, RECORD_PAGE, HEALTH, clients=16, rounds=5)
        try:
            yield from pages_that_ask_nothing(stage, server)
            stage.hang()
            yield from page_that_asks(server)
        finally:
            stage.set_latency(0)


def pages_that_ask_nothing(stage: Stage, server: Server) -> Iterator[Row]:
    """While thirty-two people wait for a page of the service's, two others ask for pages that need none."""
    crowd, others = server.start_load(), {path: server.start_load() for path in (HEALTH, RECORD_PAGE)}
    taken: dict[str, list[float]] = {path: [] for path in others}
    notes = []
    for _ in range(TURNS):
        crowd.order(paths=[HEALTH], clients=WAITING, rounds=1)
        stage.hang()
        crowd.begin(paths=[MILLION_PAGE], clients=WAITING, rounds=1, any_status=True)
        time.sleep(0.5)
        for path, other in others.items():
            other.begin(paths=[path], clients=1, seconds=ASKED_SECONDS)
        for path, other in others.items():
            taken[path].append(find_p95(check_load(other.answer())["times"][path]))
        notes.append(describe(check_load(crowd.answer())))
        stage.set_latency(0)
        wait_until_well(server)
    for path, seen in taken.items():
        words = f"{path} p95 while {WAITING} clients wait for a hanging service"
        yield Row(words, "{:.0f} ms", seen, 50, 25, note=notes[-1] if path == HEALTH else "")


def page_that_asks(server: Server) -> Iterator[Row]:
    """A page that needs the service, after a minute of failures at most: as many as make answers fast."""
    began, failures, slowest = time.monotonic(), 0, FAST_MS
    while time.monotonic() - began < PROVOKED_SECONDS and slowest >= FAST_MS:
        answer = server.ask(MILLION_PAGE, clients=FAILING_CLIENTS, rounds=1, any_status=True)
        slowest = max(answer["times"][MILLION_PAGE])
        failures += FAILING_CLIENTS
    passed = time.monotonic() - began
    answer = server.ask(MILLION_PAGE, seconds=MEASURED_SECONDS, rounds=50, any_status=True)
    note = f"after {failures} pages that failed in {passed:.0f} s; {describe(answer)}"
    words = "Page that needs a hanging service, after failures"
    yield Row(words, "{:.0f} ms", answer["times"][MILLION_PAGE], 50, 20, note=note)


def wait_until_well(server: Server) -> None:
    """Wait for the first page that is whole again: a breaker may stay open for a while."""
    until = time.monotonic() + PROVOKED_SECONDS
    while time.monotonic() < until:
        answer = server.ask(MILLION_PAGE, rounds=1, any_status=True)
        if list(answer["statuses"]) == ["200"]:
            return
        time.sleep(0.5)
    raise CouldNotRun("The service answers again, and the dashboard did not notice within a minute.")


def describe(answer: dict[str, Any]) -> str:
    """Return how the pages that wait were answered, in words."""
    times = sorted(answer["times"][MILLION_PAGE])
    counts = ", ".join(f"{count} of {status}" for status, count in answer["statuses"].items())
    return f"pages by status: {counts}; after {times[0] / 1000:.2f} to {times[-1] / 1000:.2f} s."


def find_p95(times: list[float]) -> float:
    """Return the time within which nineteen of twenty were answered."""
    return sorted(times)[ceil(len(times) * 0.95) - 1]
