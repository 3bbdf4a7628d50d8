"""Selecting: by box, range and key, across pages and sign-ins, with script and without, down to the press."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox
from tests.browser.seen import focused, ids, row_of, widest

pytestmark = pytest.mark.browser

LIST = "/c/studio-a/media/?limit=25"


@pytest.fixture
def page(desk: Desk) -> Page:
    return desk.window(path=LIST)


def boxes(page: Page) -> Locator:
    """The boxes of the rows, whose names need script."""
    return page.locator("tbody").get_by_role("checkbox")


def selection_bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Selected")


def ticked(page: Page) -> list[str]:
    return [box.get_attribute("value").split()[0] for box in boxes(page).all() if box.is_checked()]  # type: ignore[union-attr]


def test_a_box_fills_the_tray_and_empties_it(page: Page) -> None:
    expect(selection_bar(page)).to_have_count(0)
    boxes(page).nth(0).click()
    expect(selection_bar(page)).to_contain_text("1 selected")
    expect(page.locator("#announcement")).to_contain_text("1 selected")
    boxes(page).nth(0).click()
    expect(selection_bar(page)).to_have_count(0)


def test_shift_takes_the_range_and_the_head_this_page(page: Page) -> None:
    boxes(page).nth(2).click()
    boxes(page).nth(6).click(modifiers=["Shift"])
    expect(selection_bar(page)).to_contain_text("5 selected")
    assert ticked(page) == ids(page)[2:7]
    boxes(page).nth(4).click(modifiers=["Shift"])
    expect(selection_bar(page)).to_contain_text("2 selected")
    head = page.get_by_role("checkbox", name="Select all on this page")
    assert head.evaluate("(box) => box.indeterminate")
    head.click()
    expect(selection_bar(page)).to_contain_text("25 selected")
    head.click()
    expect(selection_bar(page)).to_have_count(0)
    assert ticked(page) == []


def test_it_outlives_the_page_and_the_sign_in(desk: Desk, page: Page) -> None:
    first = ids(page)
    boxes(page).nth(1).click()
    expect(selection_bar(page)).to_contain_text("1 selected")
    page.get_by_role("link", name="Next 25").click()
    expect(row_of(page, first[1])).to_have_count(0)
    expect(selection_bar(page)).to_contain_text("1 selected")
    boxes(page).nth(0).click()
    expect(selection_bar(page)).to_contain_text("2 selected")
    second = ids(page)
    page.go_back()
    expect(row_of(page, first[1]).get_by_role("checkbox")).to_be_checked()
    expect(selection_bar(page)).to_contain_text("2 selected")
    page.get_by_role("button", name=re.compile("account$")).click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="operator").click()
    page.goto(LIST)
    assert ticked(page) == [first[1]]
    elsewhere = desk.window("", "/sign-in/")  # another browser, after signing in
    elsewhere.get_by_role("button", name="operator").click()
    elsewhere.goto(LIST)
    elsewhere.get_by_role("link", name="Next 25").click()
    expect(row_of(elsewhere, second[0]).get_by_role("checkbox")).to_be_checked()
    expect(selection_bar(elsewhere)).to_contain_text("2 selected")


def test_what_is_not_taken_is_not_shown_as_ticked(page: Page, console: Console) -> None:
    console.expect_lost_network()
    page.route("**/tray/change/", lambda route: route.abort())
    boxes(page).nth(0).click()
    expect(page.get_by_role("alert")).to_contain_text("Couldn't reach the dashboard")
    expect(boxes(page).nth(0)).not_to_be_checked()


def test_clear(page: Page) -> None:
    page.get_by_role("checkbox", name="Select all on this page").click()
    expect(selection_bar(page)).to_contain_text("25 selected")
    selection_bar(page).get_by_role("button", name="Clear").click()
    expect(selection_bar(page)).to_have_count(0)
    expect(boxes(page).nth(0)).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Select all on this page")).not_to_be_checked()


def test_by_keyboard_alone_and_enter_removes_nothing(page: Page, sandbox: Sandbox) -> None:
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(selection_bar(page)).to_contain_text("1 selected")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(selection_bar(page)).to_contain_text("4 selected")
    chosen = ids(page)[:4]
    selection_bar(page).get_by_role("link", name="Review and delete…").press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Delete 4 items of Studio A")
    page.get_by_label("Ticket").fill("ZD-9")
    page.get_by_label("Ticket").press("Enter")  # reads again
    expect(heading).to_be_focused()
    expect(page.get_by_label("Ticket")).to_have_value("ZD-9")
    assert sandbox.calls("delete") == []
    page.get_by_role("button", name=f"Take {chosen[0]} out of the tray").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete 3 items of Studio A")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_label("Ticket")).to_have_value("ZD-9")
    page.get_by_role("button", name="Delete 3 items").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deleted 3 items of Studio A")
    assert {call["path"].rpartition("/")[2] for call in sandbox.calls("delete")} == set(chosen[1:])


def test_the_bar_never_covers_what_has_the_focus(page: Page) -> None:
    boxes(page).nth(0).click()
    expect(selection_bar(page)).to_be_visible()
    for _ in range(20):
        page.keyboard.press("j")
    top = selection_bar(page).bounding_box()
    row = focused(page).bounding_box()
    assert top is not None
    assert row is not None
    assert row["y"] + row["height"] <= top["y"]


def test_the_whole_way_without_script(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    page = desk.window(path="/c/studio-a/media/?limit=100", java_script_enabled=False)
    chosen = ids(page)
    for box in boxes(page).all():
        box.check()
    page.get_by_role("button", name="Update the tray").click()
    expect(selection_bar(page)).to_contain_text(f"{len(chosen)} selected")
    boxes(page).nth(0).uncheck()
    page.get_by_role("button", name="Update the tray").click()
    expect(selection_bar(page)).to_contain_text(f"{len(chosen) - 1} selected")
    expect(boxes(page).nth(0)).not_to_be_checked()
    selection_bar(page).get_by_role("link", name="Review and delete…").click()
    page.get_by_role("button", name=f"Delete {len(chosen) - 1} items").click()
    expect(page.get_by_label("Type ")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Type ").fill(str(len(chosen) - 1))
    page.get_by_role("button", name=f"Delete {len(chosen) - 1} items").click()
    expect(page).to_have_url(re.compile("/jobs/[0-9a-f-]+/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{len(chosen) - 1} items of Studio A")
    # To its end, in a window that sees it move: the next test's service is not to hear of it.
    watched = desk.window(path=page.url)
    expect(watched.get_by_role("heading", name="Receipt")).to_be_visible()


@pytest.mark.parametrize("layout", ["table", "grid"])
def test_on_a_phone(desk: Desk, layout: str) -> None:
    page = desk.window(path=LIST, viewport={"width": 360, "height": 640}, has_touch=True)
    page.locator(f"button[value={layout}]").click()
    page.get_by_role("checkbox", name="Select all on this page").click()
    expect(selection_bar(page)).to_contain_text("25 selected")
    assert widest(page) <= 0
    box = boxes(page).nth(0).locator("xpath=..").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    selection_bar(page).get_by_role("link", name="Review and delete…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete 25 items")
    assert widest(page) <= 0


def test_what_is_deleted_by_its_own_button_is_selected_no_more(page: Page) -> None:
    for place in range(3):
        boxes(page).nth(place).click()
    expect(selection_bar(page)).to_contain_text("3 selected")
    gone = ids(page)[1]
    row_of(page, gone).get_by_role("link", name=f"Delete item {gone}…").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Delete \d+ variants?$")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(selection_bar(page)).to_contain_text("2 selected")
    page.reload()
    expect(selection_bar(page)).to_contain_text("2 selected")
    boxes(page).nth(0).click()
    expect(selection_bar(page)).to_contain_text("1 selected")
