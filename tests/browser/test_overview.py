"""The overview: a scan begun by the keyboard is watched, and its pictures come in place once it is done."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.program import Sandbox

pytestmark = pytest.mark.browser

LATELY = re.compile(r"scanned (just now|\d+ s ago|[12] min ago)")


def test_a_scan_is_watched_to_its_end(desk: Desk, sandbox: Sandbox) -> None:
    variants = [v for item in sandbox.items(limit=100) for v in item["media"].values()]
    page = desk.window("viewer", "/c/studio-a/overview/")
    page.evaluate("window.stays = true")
    sandbox.fault(path=r"/media\?", hold=True)  # so that there is something to watch
    page.get_by_role("button", name=re.compile("^Scan")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("progressbar", name="Scan of Studio A")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.locator("#announcement")).to_have_text(re.compile("^Scan: "))
    sandbox.behave()
    expect(page.locator("#scan")).to_contain_text(LATELY)
    expect(page.locator("#announcement")).to_have_text(re.compile("^Scan: Done"))
    by_state = page.get_by_role("figure", name="By state")
    expect(by_state.get_by_role("img", name="Variants and bytes by state")).to_be_visible()
    stored = sum(variant["status"] == "stored" for variant in variants)
    expect(by_state.get_by_role("row", name="Stored").get_by_role("cell").first).to_have_text(f"{stored:,}")
    expect(by_state.get_by_role("row", name="All").get_by_role("cell").first).to_have_text(
        f"{len(variants):,}"
    )
    assert page.evaluate("window.stays")
    page.get_by_role("region", name="Largest items").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/c/studio-a/media/\d+/$"))


def test_without_script_a_scan_is_a_press_and_a_page(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window("viewer", "/c/archive-c/overview/", java_script_enabled=False)
    page.get_by_role("button", name=re.compile("^Scan")).click()
    expect(page).to_have_url(re.compile("/c/archive-c/overview/$"))
    for _ in range(100):
        if page.get_by_text("Nothing is cached").is_visible():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.get_by_role("heading", name="Nothing is cached")).to_be_visible()
