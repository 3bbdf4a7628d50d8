"""With script off everything works: reading, choosing, and both removals."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox, settled
from tests.browser.seen import ids, row_of

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(desk: Desk) -> Page:
    """An operator's window without script."""
    return desk.window(java_script_enabled=False)


def test_sign_in_choose_and_sign_out(desk: Desk) -> None:
    page = desk.window("", "/c/studio-a/media/?type=video", java_script_enabled=False)
    page.get_by_role("button", name="viewer").click()
    expect(page).to_have_url(re.compile(r"/c/studio-a/media/\?type=video$"))
    page.get_by_role("button", name=re.compile("^Connection: Studio A")).click()
    page.get_by_role("link", name="All connections").click()
    page.get_by_role("link", name=re.compile("^Creator B")).click()
    expect(page).to_have_url(re.compile("/c/creator-b/media/$"))
    page.get_by_role("button", name=re.compile("account$")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="viewer")).to_be_visible()
    page.goto("/c/studio-a/media/")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_filter_page_and_search(plain: Page) -> None:
    plain.get_by_label("Status").select_option("Stored")
    plain.get_by_label("Per page").select_option("25")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.get_by_role("link", name="Remove filter Status: Stored")).to_be_visible()
    first = ids(plain)
    plain.get_by_role("link", name="Next 25").click()
    expect(plain.get_by_role("link", name="Previous")).to_be_visible()
    assert not set(first) & set(ids(plain))
    plain.get_by_role("link", name="Previous").click()
    assert ids(plain) == first
    plain.get_by_role("link", name="Remove filter Status: Stored").click()
    expect(plain.get_by_role("list", name="Applied filters").get_by_role("link")).to_have_count(0)
    plain.get_by_label("Find an item by its ID or a link").fill(first[0])
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("heading", level=1)).to_contain_text(first[0])


def test_delete_with_a_ticket(plain: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()  # a tombstone is a 404
    item = sandbox.find(settled)
    row_of(plain, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text(f"Delete item {item['id']}")
    plain.get_by_label("Ticket").fill("ZD-400")
    plain.get_by_role("button", name=f"Delete {len(item['media'])} variants").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text(f"Deleted {item['id']}, freed")
    assert len(sandbox.calls("delete")) == 1
    plain.reload()  # the browser sends the form again; the press was one
    assert len(sandbox.calls("delete")) == 1
    plain.goto(f"/c/studio-a/media/{item['id']}/")
    expect(plain.get_by_role("heading", level=1)).to_contain_text("was removed")
    expect(plain.get_by_role("definition").filter(has_text="ZD-400")).to_be_visible()


def test_purge_with_the_typed_name(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    page = desk.window("admin", "/c/studio-a/", java_script_enabled=False)
    page.get_by_role("link", name="Purge…").click()
    page.get_by_label("Type Studio A").fill("Studio")
    page.get_by_label("Ticket").fill("ZD-401")
    page.get_by_role("button", name="Purge Studio A").click()
    expect(page.get_by_label("Type Studio A")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Type Studio A")).to_have_value("Studio")
    expect(page.get_by_label("Ticket")).to_have_value("ZD-401")
    expect(page).to_have_title(re.compile("^Error:"))
    page.get_by_label("Type Studio A").fill("Studio A")
    page.get_by_role("button", name="Purge Studio A").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Purged Studio A")
    assert len(sandbox.calls("purge")) == 1
    page.goto("/c/studio-a/media/")
    expect(page.get_by_role("heading", name="Nothing is cached for Studio A")).to_be_visible()


def test_media_mode_layout_and_theme(plain: Page, sandbox: Sandbox) -> None:
    html = plain.locator("html")
    address = plain.url
    plain.get_by_role("button", name="Grid").click()
    expect(html).to_have_attribute("data-layout", "grid")
    expect(plain).to_have_url(address)
    plain.get_by_role("button", name=re.compile("account$")).click()
    plain.get_by_role("button", name="Dark", exact=True).click()
    expect(html).to_have_attribute("data-theme", "dark")
    expect(html).to_have_css("background-color", "rgb(13, 17, 23)")
    plain.get_by_role("button", name=re.compile("^Media:")).click()
    plain.get_by_role("button", name=re.compile("^Hidden")).click()
    expect(html).to_have_attribute("data-media", "hidden")
    item = sandbox.find(settled)
    expect(row_of(plain, item["id"]).get_by_role("button")).to_have_count(0)
    row_of(plain, item["id"]).get_by_role("link", name=item["id"], exact=True).click()
    plain.get_by_role("listitem").get_by_role("button", name="Show thumb").click()
    expect(plain).to_have_url(re.compile(r"/reveal/#variant-\d+$"))
    picture = plain.get_by_role("img", name=f"thumb of {item['id']}").last
    expect(picture).to_be_visible()
    expect(plain.get_by_role("listitem").get_by_role("button", name="Show full")).to_be_visible()
    plain.reload()
    expect(plain.get_by_role("listitem").get_by_role("link", name="Open")).to_have_attribute(
        "href", re.compile("/v2/")
    )


def test_nothing_that_needs_script_is_offered(plain: Page) -> None:
    for name in ("Hide all", "Pause live refresh"):
        expect(plain.get_by_role("button", name=name)).to_have_count(0)
    plain.locator(".c-id a").first.click()
    expect(plain.get_by_role("button", name="Open").first).to_be_visible()
    expect(plain.get_by_role("button", name="Copy")).to_have_count(0)
