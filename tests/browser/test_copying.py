"""Copying where the browser gives no clipboard: plain HTTP, embedded browsers, a policy that forbids it."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox, settled
from tests.browser.seen import ids, row_of

pytestmark = pytest.mark.browser

NO_CLIPBOARD: Final = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
REFUSED: Final = "navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))"
NO_COMMAND: Final = "document.execCommand = () => false"


def list_without(desk: Desk, *scripts: str) -> Page:
    page = desk.window(path="")
    for script in scripts:
        page.add_init_script(script)
    page.goto("/c/studio-a/media/")
    return page


@pytest.mark.parametrize("without", [NO_CLIPBOARD, REFUSED], ids=["no clipboard", "refused"])
def test_it_is_copied_all_the_same(desk: Desk, without: str) -> None:
    page = list_without(desk, without)
    media_id = ids(page)[3]
    button = row_of(page, media_id).get_by_role("button", name=f"Copy {media_id}")
    button.click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    expect(button).to_be_focused()
    page.get_by_label("Find an item by its ID or a link").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Find an item by its ID or a link")).to_have_value(media_id)


def test_else_the_text_is_selected_for_the_hand(desk: Desk) -> None:
    page = list_without(desk, NO_CLIPBOARD, NO_COMMAND)
    media_id = ids(page)[3]
    row_of(page, media_id).get_by_role("button", name=f"Copy {media_id}").click()
    field = page.get_by_label(re.compile("^Your browser doesn't let this page copy"))
    expect(field).to_be_focused()
    expect(field).to_have_value(media_id)
    assert page.evaluate("getSelection().toString()") == media_id
    page.keyboard.press("Control+C")
    page.get_by_label("Find an item by its ID or a link").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Find an item by its ID or a link")).to_have_value(media_id)


@pytest.mark.parametrize("without", [(NO_CLIPBOARD,), (NO_CLIPBOARD, NO_COMMAND)], ids=["command", "hand"])
def test_a_text_of_a_dialog_is_copied_in_it(
    desk: Desk, sandbox: Sandbox, console: Console, without: tuple[str, ...]
) -> None:
    console.expect_refusals()
    page = list_without(desk, *without)
    item = sandbox.find(settled)
    sandbox.fault(method="DELETE", body={"success": False, "mediaId": item["id"], "freedBytes": 0})
    row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(dialog.get_by_role("heading", level=1)).to_contain_text("was not removed")
    button = dialog.get_by_role("button", name="Copy the record's number")
    button.click()
    if NO_COMMAND in without:
        expect(dialog.get_by_label(re.compile("^Your browser doesn't let"))).to_be_focused()
    else:
        expect(button).to_be_focused()
        expect(page.locator("#status")).to_have_text("Copied")
