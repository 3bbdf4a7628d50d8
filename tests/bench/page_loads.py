"""Rows of what a browser sees, and of what Lighthouse says."""

from __future__ import annotations

from tests.chromium import find_chromium

from . import browser
from .server import CouldNotRun
from .stage import Stage
from .table import Row


def loads(stage: Stage) -> list[Row]:
    chromium = find_chromium()
    if chromium is None:
        raise CouldNotRun("what a browser sees, for there is no Chromium (CHROMIUM=/path/to/chromium).")
    blurred = browser.look(stage.address, stage.cookie, chromium)
    with_thumbs = browser.look(stage.address, stage.cookie_with_thumbs, chromium)
    first, following, shown = blurred.first, blurred.following, with_thumbs.following
    return [
        size("First load, cold, no pictures", first, 44, 38),
        Row("First load, requests", "{:.0f}", [first.requests], 6, 5),
        size("Next page by htmx, blurred table", following, 8, 6),
        size("Next page by htmx, with thumbs", shown, 15, 14),
        Row("Next page by htmx, requests", "{:.0f}", [following.requests, shown.requests], 1, 1),
        Row("Layout shift, first and next page", "{:.3f}", [blurred.shift, with_thumbs.shift], 0.01, 0),
    ]


def size(words: str, visit: browser.Visit, must: float, aim: float) -> Row:
    return Row(words, "{:.1f} KB", [visit.kilobytes], must, aim, note=", ".join(visit.parts))


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
