"""What a page costs the browser: requests, and things that move while it loads."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.seen import Requests, shift_of, watch_shifts

pytestmark = pytest.mark.browser

FETCHED = """() => performance.getEntriesByType("resource")
  .filter((one) => one.transferSize > 0 && one.name.startsWith(location.origin)).map((one) => one.name)"""


WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((one) => one.name.startsWith(location.origin)).reduce((sum, one) => sum + one.transferSize, 0)"""


def test_the_first_load_is_few_requests(desk: Desk) -> None:
    page = desk.window(path="")
    asked = Requests(page)
    page.goto("/c/studio-a/media/", wait_until="networkidle")
    expect(page.get_by_role("table")).to_be_visible()
    assert len(asked.urls()) <= 5
    assert page.evaluate(WEIGHT) <= 60_000


def test_the_next_page_is_one_request(page: Page) -> None:
    page.evaluate("performance.clearResourceTimings()")
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_text("End of the list")).to_be_visible()
    fetched = page.evaluate(FETCHED)
    assert len(fetched) == 1, fetched


@pytest.mark.parametrize("width", [1440, 768, 360])
@pytest.mark.parametrize("path", ["/c/studio-a/media/", "/c/studio-a/", "item"])
def test_nothing_moves_while_it_loads(desk: Desk, width: int, path: str) -> None:
    page = desk.window(path="", viewport={"width": width, "height": 900})
    page.goto("/c/studio-a/media/")
    if path == "item":
        path = str(page.locator("tbody .c-id a").first.get_attribute("href"))
    page.goto(path, wait_until="networkidle")
    watch_shifts(page)
    assert shift_of(page) == 0
