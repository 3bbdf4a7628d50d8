"""The keyboard alone: the skip link, the two keys, and the dialog from its opener and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.program import Sandbox, settled, stored
from tests.browser.seen import focused, row_of

pytestmark = pytest.mark.browser


def press_until(page: Page, key: str, what: str, at_most: int = 40) -> None:
    """Press a key until the element of this accessible name has the focus."""
    for _ in range(at_most):
        page.keyboard.press(key)
        name = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)"
            ".trim().replace(/\\s+/g, ' ')"
        )
        if name == what:
            return
    raise AssertionError(f"{at_most} presses of {key} did not reach “{what}”")


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_slash_goes_to_the_search_box(page: Page) -> None:
    page.keyboard.press("/")
    search = page.get_by_label("Find an item by its ID or a link")
    expect(search).to_be_focused()
    expect(search).to_have_value("")
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


def test_h_hides_every_picture_and_shows_them_again(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("button", name="Grid").click()
    picture = page.get_by_role("img", name=re.compile("^Thumb of")).first
    expect(picture).to_have_css("visibility", "visible")
    page.keyboard.press("h")
    for one in page.locator("img, video").all():
        expect(one).to_have_css("visibility", "hidden")
    expect(page.get_by_role("button", name="Hide all")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Everything is hidden. Press h to show it again.")).to_be_attached()
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_text("End of the list")).to_be_visible()
    expect(page.locator("tbody img").first).to_have_css("visibility", "hidden")
    page.keyboard.press("h")
    expect(page.locator("tbody img").first).to_have_css("visibility", "visible")
    page.goto(f"/c/studio-a/media/{sandbox.find(stored)['id']}/")
    page.keyboard.press("h")
    for one in page.get_by_role("main").locator("img, video").all():
        expect(one).to_have_css("visibility", "hidden")


def test_h_is_a_letter_while_typing(page: Page) -> None:
    page.get_by_label("MIME type").fill("")
    page.get_by_label("MIME type").press_sequentially("h/")
    expect(page.get_by_label("MIME type")).to_have_value("h/")
    expect(page.locator("html")).not_to_have_class(re.compile("hide-all"))


def test_the_delete_dialog_by_keyboard_alone(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(settled)
    opener = row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item"))
    row_of(page, item["id"]).get_by_role("link", name=item["id"], exact=True).focus()
    press_until(page, "Tab", f"Delete item {item['id']}…")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    expect(dialog).to_have_accessible_name(re.compile(item["id"]))
    expect(dialog.get_by_role("button", name="Copy")).to_have_count(0)

    dialog.get_by_label("Ticket").press_sequentially("ZD-7")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-7")
    expect(dialog.get_by_label("Ticket")).to_be_focused()
    assert sandbox.calls("delete") == []

    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    press_until(page, "Tab", f"Delete {len(item['media'])} variants")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status").filter(has_text=f"Deleted {item['id']}, freed")).to_be_visible()
    assert len(sandbox.calls("delete")) == 1


def test_cancel_closes_and_gives_the_focus_back(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(settled)
    opener = row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item"))
    opener.click()
    page.get_by_role("dialog").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    assert sandbox.calls("delete") == []


def test_a_press_beside_the_dialog_does_not_close_it(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Delete item")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.mouse.click(10, 400)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_after_a_filter_by_keyboard_the_focus_stays(page: Page) -> None:
    page.get_by_label("Type", exact=True).focus()
    page.keyboard.press("v")
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    expect(focused(page)).to_have_attribute("name", "type")


def test_the_menus_open_and_close_by_keyboard(page: Page) -> None:
    for name in (re.compile("^Connection:"), re.compile("^Media:"), re.compile("account$")):
        button = page.get_by_role("button", name=name)
        button.focus()
        page.keyboard.press("Enter")
        menu = page.locator(f"#{button.get_attribute('popovertarget')}")
        expect(menu).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(button).to_be_focused()
