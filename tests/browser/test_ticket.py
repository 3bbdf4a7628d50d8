"""From a ticket to an item and back: answers that arrive, Stop, landing, and the bar with its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Item, Program, Sandbox, settled
from tests.browser.seen import focused

pytestmark = pytest.mark.browser

MORE = [f"more-{number}" for number in range(2)]
ITEM: Item = {"id": "449", "type": "image", "duration": None, "media": {}}


@pytest.fixture(scope="module")
def added(program: Program) -> None:
    for slug in MORE:
        program.manage("connection", "add", slug, f"conn_{slug:x<24}")


@pytest.fixture
def five(added: None, program: Program) -> Iterator[None]:
    """Five connections, for as long as the test lasts: more than are asked at once."""
    for slug in MORE:
        program.manage("connection", "archive", slug, "--undo")
    yield
    for slug in MORE:
        program.manage("connection", "archive", slug)


def in_studio_a(sandbox: Sandbox) -> str:
    return str(sandbox.find(settled)["id"])


def progress(page: Page, text: str) -> None:
    expect(page.locator(".asked")).to_contain_text(text)


def hold_the_fifth(sandbox: Sandbox) -> None:
    """Four connections say at once that they have no item 449, the last only when it is let go."""
    sandbox.fault(path="/media/449$", status=404, times=4)
    sandbox.fault(path="/media/449$", status=404, hold=True)


def test_answers_arrive_a_few_at_a_time(desk: Desk, sandbox: Sandbox, five: None) -> None:
    hold_the_fifth(sandbox)
    page = desk.window("viewer", "/go?media=449&ticket=ZD-1")
    rows = page.get_by_role("list", name="Answers").get_by_role("listitem")
    progress(page, "4 of 5 connections asked")
    expect(rows).to_have_count(4)
    sandbox.behave()
    progress(page, "In none of your 5 connections")
    expect(rows).to_have_count(5)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.locator("#announcement")).to_have_text("In none of your 5 connections.")
    assert len(sandbox.calls("get")) == 5


def test_stop_and_go_on(desk: Desk, sandbox: Sandbox, console: Console, five: None) -> None:
    console.expect_overtaken()
    hold_the_fifth(sandbox)
    page = desk.window("viewer", "/go?media=449")
    progress(page, "4 of 5 connections asked")
    go_on = page.get_by_role("link", name="Continue")
    expect(go_on).to_be_hidden()
    page.get_by_role("button", name="Stop").click()
    expect(go_on).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    rows = page.get_by_role("list", name="Answers").get_by_role("listitem")
    sandbox.behave()
    sandbox.fault(path="/media/449$", status=404, times=None)
    page.wait_for_timeout(1_500)  # longer than an answer takes
    expect(rows).to_have_count(4)
    assert len(sandbox.calls("get")) <= 5
    address = page.url
    go_on.click()
    progress(page, "In none of your 5 connections")
    expect(rows).to_have_count(5)
    assert page.url == address


def test_stop_keeps_the_focus_while_answers_arrive(desk: Desk, sandbox: Sandbox, five: None) -> None:
    hold_the_fifth(sandbox)
    page = desk.window("viewer", "/go?media=449")
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    progress(page, "4 of 5 connections asked")
    expect(stop).to_be_focused()


def test_the_only_place_is_gone_to_and_back_leads_before_the_search(desk: Desk, sandbox: Sandbox) -> None:
    media_id = in_studio_a(sandbox)
    page = desk.window("viewer", "/c/creator-b/")
    page.goto(f"/go?media={media_id}&ticket=ZD-1")
    expect(page).to_have_url(re.compile(rf"/c/studio-a/media/{media_id}/\?ticket=ZD-1$"))
    expect(page.get_by_text("From ZD-1")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("/c/creator-b/$"))


def test_several_places_are_a_choice(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()  # it is not there, but twice
    sandbox.fault(path="/media/449$", body=ITEM, times=2)
    page = desk.window("viewer", "/go?media=449&ticket=ZD-1")
    progress(page, "Found in several of your 3 connections")
    places = page.get_by_role("list", name="Found in").get_by_role("link")
    expect(places).to_have_count(2)
    places.first.click()
    expect(page).to_have_url(re.compile(r"/c/[a-z-]+/media/449/\?ticket=ZD-1$"))


def test_one_that_could_not_be_asked_is_no_landing(desk: Desk, sandbox: Sandbox) -> None:
    media_id = in_studio_a(sandbox)
    sandbox.fault(path=f"/media/{media_id}$", status=500, times=4)  # each of the three is asked twice
    page = desk.window("viewer", f"/go?media={media_id}")
    progress(page, "could not be asked")
    failed = page.get_by_role("listitem").filter(has_text="Could not be asked")
    asked_again = failed.first.locator("code").inner_text()
    before = failed.count()
    failed.first.get_by_role("link", name="Ask again").click()
    expect(failed).to_have_count(before - 1)
    expect(page.get_by_role("listitem").filter(has_text=asked_again)).to_have_count(1)
    expect(page.locator("#rows > li")).to_have_count(3)
    expect(page).to_have_url(re.compile("/go"))


def test_the_search_box_asks_everywhere(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window("viewer", "/?choose=1")
    page.get_by_label("Find an item by its ID or a link").fill(in_studio_a(sandbox))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/c/studio-a/media/"))


def test_with_script_off_the_same_links_are_pressed(desk: Desk, sandbox: Sandbox, five: None) -> None:
    sandbox.fault(path="/media/449$", status=404, times=None)
    page = desk.window("viewer", "/go?media=449&ticket=ZD-1", java_script_enabled=False)
    page.get_by_role("link", name="Look", exact=True).click()
    progress(page, "4 of 5 connections asked")
    page.get_by_role("link", name="Continue").click()
    progress(page, "In none of your 5 connections")
    sandbox.behave()
    page.goto(f"/go/answers?media={in_studio_a(sandbox)}")
    progress(page, "4 of 5 connections asked")


def test_copy_for_ticket(desk: Desk, sandbox: Sandbox) -> None:
    media_id = in_studio_a(sandbox)
    page = desk.window("viewer", "", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/c/studio-a/media/{media_id}/?ticket=ZD-123")
    bar = page.get_by_role("complementary", name="Ticket")
    expect(bar.get_by_role("link", name="Open ticket")).to_have_attribute(
        "href", "https://desk.example.com/tickets/ZD-123"
    )
    bar.get_by_role("button", name="Copy for ticket").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert copied.splitlines()[0] == f"Media item {media_id}"
    assert copied.endswith(f"/c/studio-a/media/{media_id}/?ticket=ZD-123")
    assert sandbox.url not in copied
    expect(bar.get_by_role("textbox")).to_have_count(0)


def test_without_script_the_text_can_be_selected(desk: Desk, sandbox: Sandbox) -> None:
    media_id = in_studio_a(sandbox)
    page = desk.window("viewer", f"/c/studio-a/media/{media_id}/?ticket=ZD-1", java_script_enabled=False)
    page.get_by_text("Text for the ticket").click()
    expect(page.get_by_label("Text for the ticket")).to_have_value(re.compile(f"^Media item {media_id}"))
    expect(page.get_by_role("button", name="Copy for ticket")).to_have_count(0)


def test_the_ticket_goes_along(desk: Desk, sandbox: Sandbox) -> None:
    media_id = in_studio_a(sandbox)
    page = desk.window("operator", f"/c/studio-a/media/{media_id}/?ticket=ZD-7")
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("From ZD-7")).to_be_visible()
    page.get_by_role("link", name="Delete item…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-7")
    expect(dialog.get_by_label("Reason")).to_have_value("Requested in ZD-7")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(focused(page)).to_contain_text("was removed")
    bar = page.get_by_role("complementary", name="Ticket")
    expect(bar).to_contain_text("From ZD-7")
    told = str(bar.get_by_role("button", name="Copy for ticket").get_attribute("data-copy"))
    assert "This item: Deleted" in told
    expect(page.get_by_role("link", name="ZD-7")).to_have_attribute(
        "href", "https://desk.example.com/tickets/ZD-7"
    )
