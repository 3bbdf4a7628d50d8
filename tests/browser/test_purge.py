"""Purging a connection: admins only, the name typed by hand, a receipt at the end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox

pytestmark = pytest.mark.browser


@pytest.fixture
def admin(desk: Desk) -> Page:
    """An admin's window on the small connection."""
    return desk.window("admin", "/c/studio-a/")


def ask(page: Page) -> Locator:
    page.get_by_role("link", name="Purge…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    return dialog


def test_only_admins_are_offered_a_purge(desk: Desk, console: Console) -> None:
    console.expect_refusals()
    page = desk.window("operator", "/c/studio-a/")
    expect(page.get_by_role("link", name=re.compile("Purge"))).to_have_count(0)
    page.goto("/c/studio-a/purge/")
    expect(page.get_by_role("heading", name="Not permitted")).to_be_visible()
    expect(page.get_by_text("needs the role admin")).to_be_visible()


def test_a_wrong_name_keeps_what_was_typed(admin: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    dialog = ask(admin)
    expect(dialog.get_by_role("textbox", name="Type Studio A to confirm")).to_have_value("")
    dialog.get_by_label("Type Studio A").fill("studio a")
    dialog.get_by_label("Ticket").fill("ZD-200")
    dialog.get_by_label("Reason").fill("A test")
    dialog.get_by_role("button", name="Purge Studio A").click()
    field = dialog.get_by_label("Type Studio A")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_value("studio a")
    expect(field).to_have_accessible_description(re.compile("Type it exactly as shown"))
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-200")
    expect(dialog.get_by_label("Reason")).to_have_value("A test")
    assert sandbox.calls("purge") == []


def test_enter_in_the_typed_name_does_not_purge(admin: Page, sandbox: Sandbox) -> None:
    dialog = ask(admin)
    dialog.get_by_label("Type Studio A").fill("Studio A")
    admin.keyboard.press("Enter")
    admin.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(admin.get_by_role("link", name="Purge…")).to_be_focused()
    assert sandbox.calls("purge") == []


def test_the_right_name_purges_and_gives_a_receipt(admin: Page, sandbox: Sandbox) -> None:
    variants = sum(len(item["media"]) for item in sandbox.items(limit=100))
    dialog = ask(admin)
    dialog.get_by_label("Type Studio A").fill("Studio A")
    dialog.get_by_label("Ticket").fill("ZD-201")
    dialog.get_by_role("button", name="Purge Studio A").click()
    heading = dialog.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile(rf"Purged Studio A: {variants} variants removed, freed .+B"))
    expect(heading).to_be_focused()
    expect(dialog.get_by_role("definition").filter(has_text=f"{variants} variants")).not_to_have_count(0)
    expect(dialog.get_by_role("definition").filter(has_text="ZD-201")).to_be_visible()
    assert len(sandbox.calls("purge")) == 1
    dialog.get_by_role("link", name="Back to the connection").click()
    expect(admin.get_by_role("dialog")).to_be_hidden()
    expect(admin.get_by_text("Last purge")).to_be_visible()
    admin.get_by_role("link", name="Browse", exact=True).click()
    expect(admin.get_by_role("heading", name="Nothing is cached for Studio A")).to_be_visible()


def test_what_changed_meanwhile_is_said_below_the_heading(
    admin: Page, sandbox: Sandbox, console: Console
) -> None:
    console.expect_refusals()
    dialog = ask(admin)
    dialog.get_by_label("Type Studio A").fill("Studio A")
    dialog.get_by_label("Ticket").fill("ZD-202")
    for item in sandbox.items()[:20]:
        sandbox.delete(item["id"])
    dialog.get_by_role("button", name="Purge Studio A").click()
    heading = dialog.get_by_role("heading", level=1)
    expect(heading).to_have_accessible_description(re.compile("20 gone. Nothing was purged."))
    expect(heading).to_be_focused()
    expect(dialog.get_by_text("20 gone. Nothing was purged.")).to_be_in_viewport()
    expect(dialog.get_by_role("definition").filter(has_text="before: 60")).to_be_visible()
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-202")
    assert sandbox.calls("purge") == []
    dialog.get_by_role("button", name="Purge Studio A").click()
    expect(heading).to_contain_text("Purged Studio A")


def test_a_double_click_sends_one_purge(admin: Page, sandbox: Sandbox) -> None:
    sandbox.fault(method="DELETE", hold=True)
    dialog = ask(admin)
    dialog.get_by_label("Type Studio A").fill("Studio A")
    dialog.get_by_role("button", name="Purge Studio A").dblclick()
    expect(dialog.get_by_role("button", name="Purge Studio A")).to_be_disabled()
    sandbox.behave()
    expect(dialog.get_by_role("heading", name=re.compile("Purged Studio A"))).to_be_visible()
    assert len(sandbox.calls("purge")) == 1


def test_a_purge_refused_by_the_service_says_so(admin: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    sandbox.fault(method="DELETE", status=403, body={"error": "Invalid API key"})
    dialog = ask(admin)
    dialog.get_by_label("Type Studio A").fill("Studio A")
    dialog.get_by_role("button", name="Purge Studio A").click()
    expect(dialog.get_by_role("heading", level=1)).to_contain_text("The service refused to remove")
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
