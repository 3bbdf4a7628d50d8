"""Answers that are held back, so that a test says in which order they come."""

from __future__ import annotations

import contextlib
import re
from typing import Final

from playwright.sync_api import APIResponse, Page, Route
from playwright.sync_api import Error as PlaywrightError

SETTLED: Final = "new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(true)), 60))"
"""Longer than htmx takes from an answer to the end of its swap."""


class Answers:
    """The answers to what a window asks for by script from now on, each given when the test says so."""

    def __init__(self, page: Page, path: str = "") -> None:
        """Hold the answers to addresses in which the pattern `path` is found."""
        self._page, self._held = page, list[tuple[Route, APIResponse]]()
        self._pattern = re.compile(path)
        page.route(self._pattern, self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.resource_type not in ("xhr", "fetch"):
            return route.continue_()
        try:
            self._held.append((route, route.fetch()))  # read by the server now, as it is now
        except PlaywrightError:  # the page has dropped the request meanwhile
            return None

    def wait(self, count: int) -> None:
        """Return once this many answers are held."""
        for _ in range(2_000):
            if len(self._held) >= count:
                return
            self._page.wait_for_timeout(10)
        raise AssertionError(f"{len(self._held)} of {count} requests were made")

    def __len__(self) -> int:
        return len(self._held)

    def give(self, index: int) -> None:
        """Let this answer reach the page, and the page do with it what it does."""
        route, answer = self._held[index]
        with contextlib.suppress(PlaywrightError):  # the page does not want it any more
            route.fulfill(response=answer)
        self._page.evaluate(SETTLED)

    def stop(self) -> None:
        """Hold nothing more."""
        self._page.unroute(self._pattern, self._hold)
