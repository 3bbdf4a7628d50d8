"""The single keys: each by pressing it, where they mean nothing, and switched off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.seen import focused, ids

pytestmark = pytest.mark.browser


def blurred(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Media:")).click()
    page.get_by_role("button", name=re.compile("^Blurred")).click()
    expect(page.locator("html")).to_have_attribute("data-media", "blurred")


def test_j_and_k_walk_the_rows_and_enter_opens_one(page: Page) -> None:
    listed = ids(page)
    page.keyboard.press("j")
    expect(focused(page)).to_have_text(listed[0])
    for _ in range(30):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(focused(page)).to_have_text(listed[29])
    expect(page.locator(f"#row-{listed[29]}")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(listed[29])


def test_walking_up_no_row_stays_behind_the_bar(page: Page) -> None:
    for key in ["j"] * 30 + ["k"] * 28:
        page.keyboard.press(key)
    row, bar = focused(page).bounding_box(), page.locator("header.bar").bounding_box()
    assert row
    assert bar
    assert row["y"] >= bar["y"] + bar["height"]


def test_in_the_grid_they_walk_the_cards(page: Page) -> None:
    page.get_by_role("button", name="Grid").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(focused(page)).to_have_text(ids(page)[1])


def test_r_reveals_the_picture_of_the_row(page: Page) -> None:
    blurred(page)
    row = page.locator(".row:has(a[data-reveal])").first
    row.locator(".c-id a").focus()
    page.keyboard.press("r")
    expect(row.locator("a[data-reveal]")).to_have_class(re.compile("shown"))
    page.keyboard.press("r")
    expect(page.get_by_role("table")).to_be_visible()


def test_r_reveals_on_an_items_page(page: Page) -> None:
    blurred(page)
    page.locator(".row:has(a[data-reveal]) .c-id a").first.click()
    expect(page.locator("#item")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(".well [data-reveal].shown, .well video")).to_have_count(1)
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.card') === document.querySelector('.card')")


@pytest.fixture
def selection_bar(page: Page) -> Locator:
    """The bar of what is selected, empty whatever was in it."""
    bar = page.locator("#selection")
    if bar.get_by_role("button", name="Clear").count():
        bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_empty()
    expect(page.locator("tbody :checked")).to_have_count(0)
    return bar


def test_x_selects_and_with_shift_the_rows_between(page: Page, selection_bar: Locator) -> None:
    boxes = page.locator("tbody").get_by_role("checkbox")
    for key in ("j", "x"):
        page.keyboard.press(key)
    expect(boxes.nth(0)).to_be_checked()
    expect(selection_bar).to_contain_text("1 selected")
    for key in ("j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(selection_bar).to_contain_text("3 selected")
    expect(focused(page)).to_have_text(ids(page)[2])
    page.keyboard.press("x")
    expect(selection_bar).to_contain_text("2 selected")
    expect(boxes.nth(2)).not_to_be_checked()


def test_no_row_stays_behind_the_bar_of_what_is_selected(page: Page, selection_bar: Locator) -> None:
    for key in ("j", "x"):
        page.keyboard.press(key)
    expect(selection_bar).to_contain_text("1 selected")
    for _ in range(25):
        page.keyboard.press("j")
    row, bar = focused(page).bounding_box(), selection_bar.bounding_box()
    assert row
    assert bar
    assert row["y"] + row["height"] <= bar["y"]


def test_select_review_and_open_by_keyboard_alone(page: Page, selection_bar: Locator) -> None:
    wanted = ids(page)[1]
    for key in ("j", "j", "x"):
        page.keyboard.press(key)
    expect(selection_bar).to_contain_text("1 selected")
    selection_bar.get_by_role("link", name="Review and delete…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text(wanted)
    page.go_back()
    expect(page.get_by_role("table")).to_be_visible()
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_contain_text(wanted)


def test_the_sheet_opens_and_gives_the_focus_back(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("j")
    expect(sheet.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(focused(page)).to_have_text(ids(page)[0])


def test_the_sheet_from_the_menu_gives_the_focus_to_its_button(page: Page) -> None:
    button = page.get_by_role("button", name=re.compile("account$"))
    button.click()
    page.locator("#account-menu").get_by_role("link", name="Keyboard").click()
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_switched_off_they_are_letters_and_their_hints_are_gone(page: Page) -> None:
    page.keyboard.press("?")
    with page.expect_response("**/preferences/"):
        page.get_by_role("dialog").get_by_role("button", name="Off").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    for _ in range(2):
        expect(page.locator(".search kbd")).to_be_hidden()
        for key in ("j", "/", "?", "h"):
            page.keyboard.press(key)
        expect(page.locator("html")).not_to_have_class(re.compile("hide-all"))
        expect(page.get_by_label("Find an item by its ID or a link")).not_to_be_focused()
        expect(page.locator("tbody :focus")).to_have_count(0)
        page.reload()


def test_in_fields_and_with_modifiers_they_mean_nothing(page: Page) -> None:
    field = page.get_by_label("MIME type")
    field.press_sequentially("jxr?/")
    expect(field).to_have_value("jxr?/")
    page.get_by_role("heading", level=1).evaluate("h1 => { h1.tabIndex = -1; h1.focus(); }")
    for key in ("Control+j", "Alt+j", "Shift+J"):
        page.keyboard.press(key)
    expect(page.locator("tbody :focus")).to_have_count(0)


def test_without_script_the_sheet_is_a_page(desk: Desk) -> None:
    page = desk.window(java_script_enabled=False)
    page.goto("/keys/")
    page.get_by_role("main").get_by_role("button", name="Off").click()
    expect(page.get_by_role("main").get_by_role("button", name="Off")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator("html")).to_have_attribute("data-keys", "off")
