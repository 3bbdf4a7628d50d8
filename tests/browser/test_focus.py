"""By keyboard: after a swap the focus is on the same control or on its part, and never lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.held import SETTLED
from tests.browser.program import Sandbox
from tests.browser.seen import focused, ids, row_of
from tests.browser.test_job import begin
from tests.browser.test_selection import boxes, selection_bar

pytestmark = pytest.mark.browser

LIST = "/c/creator-b/media/?type=image&limit=25"


def press(control: Locator, key: str = "Enter") -> None:
    """Press it by its key, and wait until what came of it is in place."""
    page = control.page
    control.focus()
    with page.expect_response(lambda answer: answer.request.resource_type == "xhr"):
        page.keyboard.press(key)
    page.evaluate(SETTLED)
    assert page.evaluate("document.activeElement.localName") != "body"


def test_in_the_list(desk: Desk) -> None:
    page = desk.window(path=LIST)
    press(page.get_by_role("link", name="Next 25"))
    expect(page.get_by_role("link", name="Next 25")).to_be_focused()
    press(page.get_by_role("link", name="Previous"))
    expect(page.locator("#list")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#list :focus")).to_have_count(1)
    press(page.get_by_role("button", name="Apply"))
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    page.get_by_label("Sort").select_option("Newest stored")
    expect(page.get_by_text("Sorted scan")).to_be_visible()
    press(page.get_by_role("link", name="Remove filter Type: Image"))
    expect(page.locator("#list")).to_be_focused()
    page.goto(LIST)
    press(page.get_by_role("link", name="Clear all"))
    expect(page.locator("#list")).to_be_focused()
    page.goto("/c/creator-b/media/?type=audio&contentType=image/gif")
    press(page.get_by_role("link", name="Drop “MIME: image/gif”"))
    expect(page.locator("#list")).to_be_focused()


def test_in_the_tray(desk: Desk) -> None:
    page = desk.window(path="/c/studio-a/media/?limit=25")
    press(boxes(page).nth(0), " ")
    expect(boxes(page).nth(0)).to_be_focused()
    expect(selection_bar(page)).to_contain_text("1 selected")
    press(selection_bar(page).get_by_role("button", name="Clear"))
    expect(page.locator("#list")).to_be_focused()


def test_in_the_audit(desk: Desk, past: None) -> None:
    page = desk.window("admin", "/audit/?limit=25&steps=all")
    press(page.get_by_role("link", name="Older 25"))
    expect(page.locator("#page-after, #list").and_(focused(page))).to_have_count(1)
    press(page.get_by_role("link", name="Newest"))
    expect(page.locator("#list")).to_be_focused()
    press(page.get_by_role("link", name=re.compile("^Remove filter")).first)
    expect(page.locator("#list")).to_be_focused()
    press(page.get_by_role("button", name="Apply"))
    expect(page.get_by_role("button", name="Apply")).to_be_focused()


def test_on_an_item_and_among_the_stuck(page: Page) -> None:
    page.goto(f"/c/studio-a/media/{ids(page)[0]}/")
    press(page.get_by_role("link", name="Refresh", exact=True))
    expect(page.get_by_role("link", name="Refresh", exact=True)).to_be_focused()
    page.goto("/c/studio-a/stuck/")
    press(page.get_by_role("link", name="Refresh", exact=True))
    expect(page.get_by_role("link", name="Refresh", exact=True)).to_be_focused()


def test_on_a_jobs_page(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault(method="DELETE", hold=True, times=None)
    page = desk.window(path="")
    begin(page, 20)
    link = page.get_by_role("link", name="All its events in the audit")
    link.focus()
    with page.expect_response(lambda answer: answer.request.resource_type == "xhr"):
        pass  # it reads itself again
    page.evaluate(SETTLED)
    expect(link).to_be_focused()
    press(page.get_by_role("button", name="Stop"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    sandbox.behave()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()


def test_a_dialog_whose_opener_is_gone(page: Page, console: Console) -> None:
    first = ids(page)[0]
    row_of(page, first).get_by_role("link", name=re.compile("^Delete item")).press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    row_of(page, first).evaluate("(row) => row.remove()")
    page.keyboard.press("Escape")
    expect(page.locator("#list")).to_be_focused()


def test_what_was_not_reached_keeps_the_focus(page: Page, console: Console) -> None:
    console.expect_lost_network()
    begin_at = boxes(page).nth(0)
    page.context.set_offline(True)
    begin_at.focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("alert")).to_contain_text("Couldn't reach the dashboard")
    expect(begin_at).to_be_focused()
    page.get_by_role("link", name="Next 50").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Couldn't reach the dashboard")
    expect(page.get_by_role("link", name="Next 50")).to_be_focused()


def test_a_row_that_has_the_focus_shows_it(page: Page) -> None:
    """As the last row does, once it was deleted."""
    row = page.locator("tbody tr").last
    row.evaluate("(row) => { row.tabIndex = -1; row.focus(); }")
    expect(row).to_have_css("outline-width", "2px")
    expect(row).to_have_css("outline-style", "solid")
