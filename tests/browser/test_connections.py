"""The pages for connections in a browser: script off, by keyboard alone, and an id that is veiled."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.sandbox import ACCOUNT_CONNECTIONS, DEMO_CONNECTIONS
from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox

pytestmark = pytest.mark.browser

NORA = ACCOUNT_CONNECTIONS[len(DEMO_CONNECTIONS)]


@pytest.fixture
def plain(desk: Desk) -> Iterator[Page]:
    """An admin's window without script; what it added is hidden from the tests that come after."""
    page = desk.window("admin", "/connections/", java_script_enabled=False)
    yield page
    page.goto("/connections/")
    if page.get_by_role("row").filter(has_text=NORA.slug).filter(has_not_text="Archived").count():
        archive(page)


def archive(page: Page) -> None:
    page.goto(f"/connections/{NORA.slug}/archive/")
    page.get_by_role("button", name="Archive").click()


def test_import_change_archive_and_bring_back(plain: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()  # an archived connection is a 404, a wrong form a 422
    plain.get_by_role("link", name="Import from the account").click()
    plain.get_by_role("link", name=f"Add {NORA.label}…").click()
    expect(plain.get_by_label("Name in links")).to_have_value("nora-feld")
    expect(plain.get_by_label("Name on pages")).to_have_value("nora.feld")
    plain.get_by_label("Name on pages").fill("Studio A")
    plain.get_by_label("Rose").check()
    plain.get_by_role("button", name="Add the connection").click()
    expect(plain.get_by_label("Name on pages")).to_have_attribute("aria-invalid", "true")
    expect(plain.get_by_label("Rose")).to_be_checked()
    expect(plain).to_have_title(re.compile("^Error:"))
    plain.get_by_label("Name on pages").fill(NORA.label)
    plain.get_by_role("button", name="Add the connection").click()
    expect(plain.get_by_role("status").filter(has_text=NORA.label)).to_be_visible()
    assert NORA.id not in plain.content()

    plain.goto(f"/c/{NORA.slug}/media/")
    expect(plain.get_by_role("row")).to_have_count(NORA.count + 1)
    assert sandbox.calls("query")[-1]["connection"] == NORA.id

    plain.goto("/connections/")
    plain.get_by_role("link", name=f"Change {NORA.label}").click()
    plain.get_by_label("Groups that may see it").fill("somebody-else")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("row").filter(has_text=NORA.slug)).to_contain_text("somebody-else not you")
    plain.goto(f"/c/{NORA.slug}/media/")
    expect(plain.get_by_role("heading", level=1)).to_have_text("No such connection")

    archive(plain)
    row = plain.get_by_role("row").filter(has_text=NORA.slug)
    expect(row).to_contain_text("Archived")
    row.get_by_role("link", name=f"Change {NORA.label}").click()
    plain.get_by_role("link", name="Bring back…").click()
    plain.get_by_role("button", name="Bring back").click()
    expect(row).not_to_contain_text("Archived")


def test_a_form_by_keyboard_alone(desk: Desk, console: Console) -> None:
    console.expect_refusals()
    page = desk.window("admin", "/connections/add/")
    page.get_by_label("Connection ID").focus()
    page.keyboard.type("conn_typed_by_hand_0123456789")
    page.keyboard.press("Tab")
    page.keyboard.type("Not A Slug")
    page.keyboard.press("Tab")
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")  # to the colour that is chosen
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Teal")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("support")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name in links")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name in links")).to_have_value("Not A Slug")
    expect(page.get_by_label("Connection ID")).to_have_value("conn_typed_by_hand_0123456789")
    expect(page.get_by_label("Groups that may see it")).to_have_value("support")
    expect(page.get_by_label("Teal")).to_be_checked()


def test_an_id_is_veiled_unless_one_is_at_it(desk: Desk) -> None:
    page = desk.window("admin", "/connections/add/")
    field = page.get_by_label("Connection ID")
    field.fill("conn_0123456789")
    expect(field).to_have_css("-webkit-text-security", "none")
    page.get_by_label("Name in links").focus()
    expect(field).to_have_css("-webkit-text-security", "disc")
    assert field.get_attribute("autocomplete") == "off"


def test_a_key_that_may_not_list_shows_the_other_way(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window("admin", "/connections/")
    sandbox.fault(path="/account/", status=403, body={"error": "Scope"}, times=None)
    page.get_by_role("link", name="Import from the account").click()
    expect(page.get_by_role("heading", name="This key may not list the connections")).to_be_visible()
    page.get_by_role("link", name="Add a connection by its ID").click()
    expect(page.get_by_label("Connection ID")).to_be_visible()
