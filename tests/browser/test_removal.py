"""Deleting one item: the row becomes its tombstone in place, the focus goes on, one call is made."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Item, Sandbox, settled
from tests.browser.seen import Requests, ids, row_of, scroll_of, shift_of, watch_shifts

pytestmark = pytest.mark.browser


def ask(page: Page, item: Item) -> Locator:
    """Open the dialog that asks whether to delete the item."""
    row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    return dialog


def press(dialog: Locator) -> None:
    dialog.get_by_role("button", name=re.compile(r"^Delete \d+ variants?$")).click()


def test_the_row_becomes_a_tombstone_in_place(page: Page, sandbox: Sandbox) -> None:
    page.goto("/c/studio-a/media/?type=image")
    before, address = ids(page), page.url
    item = sandbox.item(before[20])
    row_of(page, item["id"]).scroll_into_view_if_needed()
    scroll = scroll_of(page)
    dialog = ask(page, item)
    dialog.get_by_label("Ticket").fill("ZD-113")
    dialog.get_by_label("Reason").fill("Asked for by its owner")
    asked = Requests(page)
    press(dialog)

    expect(dialog).to_be_hidden()
    tombstone = row_of(page, item["id"])
    expect(tombstone).to_have_class(re.compile("tombstone"))
    expect(tombstone).to_contain_text(
        re.compile(r"deleted \d\d:\d\d\s+UTC by Omar Haddad · freed .*B · ZD-113")
    )
    expect(page.get_by_role("status").filter(has_text=f"Deleted {item['id']}, freed")).to_be_visible()
    expect(row_of(page, before[21]).get_by_role("link", name=before[21], exact=True)).to_be_focused()
    assert page.locator("tbody tr").nth(20).get_attribute("id") == f"row-{item['id']}"
    assert [i for i in before if i != item["id"]] == ids(page)
    assert page.url == address
    assert abs(scroll_of(page) - scroll) < 3
    assert asked.urls() == [f"{page.url.partition('?')[0]}{item['id']}/delete/"]
    deletes = [call["path"] for call in sandbox.calls("delete")]
    assert deletes == [f"/v2/vault-plus/media/{item['id']}"]

    page.reload()
    expect(row_of(page, item["id"])).to_have_count(0)
    expect(row_of(page, before[21])).to_be_visible()


def test_a_tombstone_leads_to_its_receipt(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()  # the item's page is a 404 now, with the tombstone on it
    item = sandbox.find(settled)
    dialog = ask(page, item)
    dialog.get_by_label("Ticket").fill("ZD-114")
    press(dialog)
    row_of(page, item["id"]).get_by_role("link", name="Receipt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{item['id']} was removed")
    expect(page.get_by_role("definition").filter(has_text="ZD-114")).to_be_visible()


def test_the_last_row_of_the_page_gives_the_focus_to_its_tombstone(page: Page, sandbox: Sandbox) -> None:
    last = sandbox.item(ids(page)[-1])
    press(ask(page, last))
    expect(row_of(page, last["id"])).to_be_focused()


def test_two_deletes_one_after_the_other(page: Page, sandbox: Sandbox) -> None:
    for media_id in ids(page)[9:11]:
        dialog = ask(page, sandbox.item(media_id))
        press(dialog)
        expect(dialog).to_be_hidden()
        expect(row_of(page, media_id)).to_have_class(re.compile("tombstone"))
    assert len(sandbox.calls("delete")) == 2


def test_a_double_click_sends_one_delete(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(settled)
    sandbox.fault(method="DELETE", hold=True)
    dialog = ask(page, item)
    asked = Requests(page)
    dialog.get_by_role("button", name=re.compile("^Delete")).dblclick()
    expect(dialog.get_by_text("Deleting…")).to_be_visible()
    expect(dialog.get_by_role("button", name=re.compile("^Delete"))).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    sandbox.behave()
    expect(dialog).to_be_hidden()
    assert len(asked.posts()) == 1
    assert len(sandbox.calls("delete")) == 1


def test_deleting_on_the_item_page_leaves_its_tombstone(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(settled)
    page.goto(f"/c/studio-a/media/{item['id']}/?ticket=ZD-115")
    page.get_by_role("link", name="Delete item…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ticket").fill("ZD-115")
    press(dialog)
    expect(dialog).to_be_hidden()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(f"{item['id']} was removed")
    expect(heading).to_be_focused()
    expect(page.get_by_role("definition").filter(has_text=re.compile(r"^ZD-115\s*$"))).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Omar Haddad, operator")).to_be_visible()
    expect(page.get_by_role("link", name="Delete item…")).to_have_count(0)


def test_an_item_gone_before_the_question(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    item = sandbox.find(settled)
    sandbox.delete(item["id"])
    row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(item["id"])
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_an_item_gone_before_the_press(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(settled)
    dialog = ask(page, item)
    sandbox.delete(item["id"])
    press(dialog)
    expect(dialog).to_be_hidden()
    expect(page.get_by_text(f"{item['id']} was already gone")).to_be_visible()
    expect(row_of(page, item["id"])).to_have_class(re.compile("tombstone"))
    assert len(sandbox.calls("delete")) == 1  # ours alone: the dashboard had looked before it asked


@pytest.mark.parametrize("fault", [{"close": True}, {"status": 503}], ids=["closed", "503"])
def test_a_lost_answer_to_a_delete_that_was_done(
    page: Page, sandbox: Sandbox, console: Console, fault: dict[str, object]
) -> None:
    console.expect_refusals()
    item = sandbox.find(settled)
    dialog = ask(page, item)
    sandbox.fault(method="DELETE", act=True, **fault)
    press(dialog)
    expect(page.get_by_role("status").filter(has_text=f"{item['id']} is gone")).to_be_visible()
    expect(row_of(page, item["id"])).to_have_class(re.compile("tombstone"))
    assert len(sandbox.calls("delete")) == 1


def test_a_lost_answer_to_a_delete_that_was_not_done(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    item = sandbox.find(settled)
    dialog = ask(page, item)
    sandbox.fault(method="DELETE", close=True, status=500)
    press(dialog)
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(f"{item['id']} is still there")
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    expect(row_of(page, item["id"])).not_to_have_class(re.compile("tombstone"))
    assert len(sandbox.calls("delete")) == 1
    dialog.get_by_role("link", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete"))).to_be_focused()


def test_a_success_that_is_none(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    item = sandbox.find(settled)
    dialog = ask(page, item)
    sandbox.fault(method="DELETE", body={"success": False, "mediaId": item["id"], "freedBytes": 0})
    press(dialog)
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(f"{item['id']} was not removed")
    expect(row_of(page, item["id"])).not_to_have_class(re.compile("tombstone"))


def test_a_refused_key_is_said_in_the_dialog(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    item = sandbox.find(settled)
    dialog = ask(page, item)
    dialog.get_by_label("Ticket").fill("ZD-116")
    sandbox.fault(path="/media/", status=403, times=None, body={"error": "Invalid API key"})
    press(dialog)
    expect(dialog.get_by_role("alert")).to_contain_text("refused our key")
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-116")
    expect(dialog.get_by_role("button", name=re.compile("^Delete"))).to_be_enabled()
    assert sandbox.calls("delete") == []


def test_a_viewer_sees_nothing_that_removes(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window("viewer")
    item = sandbox.find(settled)
    for path in ("/c/studio-a/media/", f"/c/studio-a/media/{item['id']}/", "/c/studio-a/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        expect(page.get_by_role("link", name=re.compile("Delete|Purge"))).to_have_count(0)


def test_a_delete_moves_nothing_but_its_row(page: Page, sandbox: Sandbox) -> None:
    watch_shifts(page)
    media_id = ids(page)[9]
    item = sandbox.item(media_id)
    sandbox.fault(path=f"/media/{media_id}$", latency_ms=700, times=2)  # a press excuses half a second
    dialog = ask(page, item)
    press(dialog)
    expect(dialog).to_be_hidden()
    expect(row_of(page, media_id)).to_have_class(re.compile("tombstone"))
    assert shift_of(page) == 0


def test_the_dialog_stays_until_the_answer(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(settled)
    sandbox.fault(method="DELETE", hold=True)
    dialog = ask(page, item)
    press(dialog)
    expect(dialog.get_by_text("Deleting…")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Escape")
    dialog.get_by_role("link", name="Cancel").click(force=True)
    expect(dialog).to_be_visible()
    sandbox.behave()
    expect(row_of(page, item["id"])).to_have_class(re.compile("tombstone"))
    expect(dialog).to_be_hidden()
