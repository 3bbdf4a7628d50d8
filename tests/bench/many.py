"""What takes many items at once: exports and scans beside a bare walk over the same pages, and a look-up of a
thousand ids beside the slowest of its own calls."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Final

import requests

from .server import ROOT, CouldNotRun, Process
from .stage import RAW, Stage
from .table import Row
from .upstream import MILLION, THOUSANDS

EXPORT: Final = "/c/million/export/now/?format=csv"
SLOW_MS: Final = 50
SECONDS: Final = 4.0
FEW: Final = 10_000
MANY: Final = 1_000_000


def exports(stage: Stage) -> Iterator[Row]:
    for latency_ms, must, aim in ((SLOW_MS, 0.95, 0.98), (0, 0.30, 0.40)):
        ratios, bare, taken = [], [], []
        for _ in range(5):
            stage.set_latency(latency_ms)
            bare.append(bare_walk())
            taken.append(export_walk(stage, latency_ms))
            ratios.append(taken[-1] / bare[-1])
        note = f"{median(taken):.1f} pages a second, the bare walk {median(bare):.1f}."
        name = f"Export over a bare walk, {latency_ms} ms upstream"
        yield Row(name, "{:.2f}x", ratios, must, aim, more=True, note=note)
    yield first_byte(stage)


def bare_walk() -> float:
    """Pages a second of `requests` and `json`, one call after another."""
    with requests.Session() as session:
        session.headers.update({"apiKey": os.environ["VAULTPLUS_API_KEY"], "x-connection-id": MILLION})
        address, params = f"{os.environ['VAULTPLUS_API_URL']}/v2/vault-plus/media", {"limit": "100"}
        pages, started = 0, time.perf_counter()
        while (passed := time.perf_counter() - started) < SECONDS:
            page = json.loads(session.get(address, params=params, timeout=9).content)
            params["cursor"] = page["nextCursor"]
            pages += 1
        return pages / passed


def export_walk(stage: Stage, latency_ms: float) -> float:
    """Pages a second of a download, by what the service was asked for meanwhile."""
    connection, answer, _ = begun(stage)
    stage.set_latency(latency_ms)
    started = time.perf_counter()
    while (passed := time.perf_counter() - started) < SECONDS:
        if not answer.read1(1 << 20):
            raise CouldNotRun("An export was cut.")
    pages: int = stage.upstream.order(latency_ms=latency_ms)["calls"]
    connection.close()
    return pages / passed


def first_byte(stage: Stage) -> Row:
    """From the service's answer, as the bare view in the same process passes it on."""
    stage.set_latency(SLOW_MS)
    over = []
    for _ in range(7):
        connection, answer, asked = begun(stage)
        answer.read(1)
        first_ms = (time.perf_counter() - asked) * 1000
        connection.close()
        over.append(first_ms - median(stage.ask(RAW, rounds=5)["times"][RAW]))
    stage.set_latency(0)
    return Row("Export's first byte after the service's first answer", "{:.1f} ms", over, 20, 12)


def begun(stage: Stage) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse, float]:
    """An export, once the server has noticed that those before it were left; when it was asked for."""
    until = time.monotonic() + 120
    while True:
        connection = http.client.HTTPConnection(stage.address.removeprefix("http://"), timeout=30)
        asked = time.perf_counter()
        connection.request("GET", EXPORT, headers={"Cookie": stage.cookie})
        answer = connection.getresponse()
        if answer.status == 200:
            return connection, answer, asked
        connection.close()
        if answer.status != 429 or time.monotonic() > until:
            raise CouldNotRun(f"An export was answered {answer.status}.")
        time.sleep(0.5)


def memory_of_an_export() -> list[Row]:
    """In a process of its own: a million items pass by, and it is asked what it held."""
    command = [sys.executable, "-m", "tests.bench.taker", MILLION, "csv", str(FEW), str(MANY)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ran.returncode:
        raise CouldNotRun(f"The export broke off:\n{ran.stderr}")
    few, many = (json.loads(line) for line in ran.stdout.splitlines())
    note = f"{many['peak_kb'] / 1000:.0f} MB at most; {many['pages'] / many['seconds']:.0f} pages a second."
    ratio = many["peak_kb"] / few["peak_kb"]
    return [Row(f"Export's memory, {MANY:,} items over {FEW:,}", "{:.2f}x", [ratio], 1.3, 1.1, note=note)]


def scans(stage: Stage) -> Iterator[Row]:
    """Whole scans by the worker's own function, in a process of its own; the last is of a million items."""
    scanner = Process("tests.bench.scanner")
    try:
        few = scanner.order(connection=THOUSANDS)
        for latency_ms, must, aim in ((SLOW_MS, 0.95, 0.98), (0, 0.30, 0.80)):
            stage.set_latency(latency_ms)
            ratios, bare, taken = [], [], []
            for _ in range(3):
                bare.append(bare_walk())
                taken.append(FEW / 100 / scanner.order(connection=THOUSANDS)["seconds"])
                ratios.append(taken[-1] / bare[-1])
            note = f"{median(taken):.1f} pages a second, the bare walk {median(bare):.1f}."
            name = f"Scan over a bare walk, {latency_ms} ms upstream"
            yield Row(name, "{:.2f}x", ratios, must, aim, more=True, note=note)
        stage.set_latency(0)
        many = scanner.order(connection=MILLION)
    finally:
        stage.set_latency(0)
        scanner.stop()
    if many["items"] != MANY:
        raise CouldNotRun(f"A scan counted {many['items']} of {MANY} items.")
    note = f"{many['peak_kb'] / 1000:.0f} MB at most; {many['seconds']:.0f} s."
    ratio = many["peak_kb"] / few["peak_kb"]
    yield Row(f"Scan's memory, {MANY:,} items over {FEW:,}", "{:.2f}x", [ratio], 1.3, 1.1, note=note)


def look_up(stage: Stage) -> list[Row]:
    """Asked and kept, over its slowest batch: ten calls side by side, and what is done beside them."""
    asker = Process("tests.bench.look_up", "million")
    try:
        asker.line()
        stage.set_latency(SLOW_MS)
        asker.order(rounds=2)  # its connections to the service lie ready from here on
        taken = asker.order(rounds=15)
    finally:
        stage.set_latency(0)
        asker.stop()
    ratios = [whole / slowest for whole, slowest in zip(taken["whole"], taken["slowest"], strict=True)]
    note = f"{median(taken['whole']):.0f} ms over {median(taken['slowest']):.0f} ms, ten batches of 100."
    name = f"Look-up of 1,000 ids over its slowest batch, {SLOW_MS} ms upstream"
    return [Row(name, "{:.2f}x", ratios, 1.2, 1.1, note=note)]
