"""What one sees of a page: its requests, its rows, its place."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Request


class Requests:
    """What a window asks for from now on."""

    def __init__(self, page: Page) -> None:
        self.all: list[Request] = []
        page.on("request", lambda request: self.all.append(request))

    def urls(self, *kinds: str) -> list[str]:
        """Addresses asked for: of these kinds of resource, or all but pictures and clips."""
        media = ("image", "media")
        return [
            asked.url
            for asked in self.all
            if (asked.resource_type in kinds if kinds else asked.resource_type not in media)
        ]

    def posts(self) -> list[str]:
        return [asked.url for asked in self.all if asked.method == "POST"]

    def forget(self) -> None:
        self.all.clear()


SHIFTS = """() => { window.shift = 0; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({type: "layout-shift", buffered: true}) }"""


def watch_shifts(page: Page) -> None:
    """Add up what moves by itself, from the page's load on, but for what a press has just caused."""
    page.evaluate(SHIFTS)


def shift_of(page: Page) -> float:
    """What has moved by itself, two frames later."""
    frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    return float(page.evaluate(f"{frames}.then(() => window.shift)"))


def row_of(page: Page, media_id: str) -> Locator:
    return page.locator(f'#row-{media_id}, .row:has(.c-id a[href$="/{media_id}/"])')


def ids(page: Page) -> list[str]:
    """The ids in the list, from top to bottom, once the page is there whole."""
    page.wait_for_load_state("domcontentloaded")
    return page.locator("tbody .c-id a").all_inner_texts()


def scroll_of(page: Page) -> float:
    return float(page.evaluate("scrollY"))


def widest(page: Page) -> int:
    """How far the page reaches beyond its window, in px: 0 where nothing scrolls sideways."""
    page.wait_for_load_state()  # with its sheets
    beyond: int = page.evaluate(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    return beyond


def focused(page: Page) -> Locator:
    return page.locator(":focus")
