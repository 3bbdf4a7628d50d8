"""Look up many: what is typed is counted, a file dropped, what is missing copied; by keys, and script off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox, settled
from tests.browser.seen import Requests, focused, widest

pytestmark = pytest.mark.browser

HERE = "/lookup/?connection=studio-a"

DROP = """([name, content]) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([content], name, {type: "text/csv"}));
  for (const kind of ["dragover", "drop"]) document.querySelector("#ids").dispatchEvent(
    new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: dropped}));
}"""


@pytest.fixture
def cached(sandbox: Sandbox) -> list[str]:
    """Items that are in the cache."""
    return [item["id"] for item in sandbox.items() if settled(item)][:3]


def counted(page: Page, words: str) -> None:
    expect(page.locator("#count")).to_have_text(re.compile(rf"^\s*{words}\s*$"))


def send(page: Page) -> None:
    page.get_by_role("button", name="Look up IDs").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Look-up of")


def test_from_the_header_to_the_result(desk: Desk, cached: list[str]) -> None:
    page = desk.window("viewer")
    page.get_by_role("link", name="Look up many IDs").first.click()
    expect(page.get_by_role("checkbox", name="Studio A")).to_be_checked()
    page.get_by_label("IDs, or links").fill(f"{cached[0]}, 111; {cached[1]}\n{cached[0]} 4.49E+09")
    counted(page, "3 IDs1 repeated1 malformed")
    page.get_by_label("Ticket").fill("ZD-7")
    send(page)
    rows = page.get_by_role("table").get_by_role("rowheader")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(cached[0])
    expect(page.get_by_role("list", name="Not cached")).to_have_text("111", use_inner_text=True)
    expect(page.get_by_role("list", name="Malformed")).to_contain_text("lost digits in a spreadsheet")
    address = page.url
    rows.first.get_by_role("link").click()
    expect(page.get_by_text("From ZD-7")).to_be_visible()
    page.goto("/lookup/")
    recent = page.get_by_role("region", name="Your look-ups of the last 24 hours")
    expect(recent.get_by_role("link", name="3 IDs").first).to_have_attribute(
        "href", re.compile("^/lookup/.{36}/$")
    )
    assert re.search("/lookup/.{36}/$", address)


def test_typing_is_counted_once_it_rests(desk: Desk) -> None:
    page = desk.window("viewer", HERE)
    box = page.get_by_label("IDs, or links")
    seen = Requests(page)
    box.press_sequentially("1 2 3 4 5 6", delay=5)
    counted(page, "6 IDs")
    assert 1 <= len(seen.posts()) <= 4
    expect(box).to_be_focused()


def test_much_text_is_counted_when_it_is_sent(desk: Desk) -> None:
    page = desk.window("viewer", HERE)
    seen = Requests(page)
    page.get_by_label("IDs, or links").fill("4492994399 " * 10_000)
    counted(page, "A text this long is counted when you press Look up")
    assert seen.posts() == []
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Look-up of 1 ID")
    expect(page.get_by_text("9,999 repeated")).to_be_visible()


def test_a_file_is_dropped_anywhere_on_the_form(desk: Desk, cached: list[str]) -> None:
    page = desk.window("viewer", HERE)
    page.evaluate(DROP, ["ids.csv", f"size;media_id\n7;{cached[0]}\n8;111\n"])
    counted(page, "2 IDsfrom the column “media_id”")
    send(page)
    expect(page.get_by_role("rowheader")).to_have_text(re.compile(cached[0]))


def test_those_that_are_missing_are_copied(desk: Desk, cached: list[str]) -> None:
    page = desk.window("viewer", HERE, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("IDs, or links").fill(f"222 {cached[0]} 111")
    send(page)
    page.get_by_role("button", name="Copy the 2 that are missing").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "222\n111"
    expect(page.get_by_label("IDs that are not cached")).to_be_hidden()


def test_by_the_keyboard_alone(desk: Desk, cached: list[str]) -> None:
    page = desk.window("viewer", HERE)
    page.get_by_label("IDs, or links").focus()
    page.keyboard.insert_text(f"{cached[0]}\n111\n/hx?")  # keys of the page are letters here
    counted(page, "2 IDs1 malformed")
    for name in ("File", "In all 3 connections", "Archive C", "Creator B"):
        page.keyboard.press("Tab")
        expect(focused(page)).to_have_accessible_name(re.compile(name, re.IGNORECASE))
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Studio A")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.insert_text("ZD-8")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look-up of 2 IDs")
    page.get_by_role("navigation", name="Results").get_by_role("link", name="1 not cached").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#missing$"))


def test_what_failed_is_asked_again(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault(path="/batch$", status=400, body={"error": "Odd half"})
    page = desk.window("viewer", HERE)
    page.get_by_label("IDs, or links").fill("\n".join(str(number) for number in range(200)))
    send(page)
    expect(page.get_by_text("100 IDs: The service did not accept the request: Odd half")).to_be_visible()
    address = page.url
    page.get_by_role("button", name="Ask again for the 100 that failed").click()
    expect(page.get_by_role("button", name="Copy the 200 that are missing")).to_be_visible()
    expect(page).to_have_url(address)
    assert len(sandbox.calls("batch")) == 3
    page.get_by_role("button", name="Look up again").click()
    expect(page).not_to_have_url(address)


def test_what_was_found_goes_into_the_tray(desk: Desk, cached: list[str]) -> None:
    page = desk.window("operator", HERE)
    page.get_by_label("IDs, or links").fill(f"111 {' '.join(cached)}")
    page.get_by_label("Ticket").fill("ZD-9")
    send(page)
    page.get_by_role("button", name="Add the 3 found to the tray").click()
    expect(page).to_have_url(re.compile(r"/c/studio-a/tray/\?ticket=ZD-9$"))
    for media_id in cached:
        expect(page.get_by_role("link", name=media_id, exact=True)).to_be_visible()
    expect(page.get_by_label("Ticket")).to_have_value("ZD-9")


def test_a_refusal_keeps_the_text(desk: Desk, console: Console) -> None:
    console.expect_refusals()
    page = desk.window("viewer", HERE)
    text = "\n".join(str(number) for number in range(1001))
    page.get_by_label("IDs, or links").fill(text)
    counted(page, "1,001 IDsat most 1,000 at once")
    page.get_by_role("button", name="Look up IDs").click()
    expect(page.get_by_text("These are 1,001 different IDs")).to_be_visible()
    expect(page.get_by_label("IDs, or links")).to_have_value(text)


def test_with_script_off(desk: Desk, cached: list[str], tmp_path: Path) -> None:
    page = desk.window("viewer", HERE, java_script_enabled=False)
    expect(page.locator("#count")).to_have_text("Nothing pasted yet")
    table = tmp_path / "ids.csv"
    table.write_text(f"media_id,size\n{cached[0]},7\n111,8\n")
    page.get_by_label("Or a file").set_input_files(table)
    page.get_by_label("In all 3 connections").check()
    send(page)
    expect(page.get_by_role("rowheader")).to_have_count(1)
    page.get_by_text("IDs to copy").click()
    expect(page.get_by_label("IDs that are not cached")).to_have_value("111")
    expect(page.get_by_role("button", name=re.compile("^Copy"))).to_have_count(0)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download CSV").click()
    assert taken.value.suggested_filename.startswith("look-up-")
    assert cached[0] in taken.value.path().read_text()


@pytest.mark.parametrize("width", [360, 320])
def test_a_result_fits_a_phone(desk: Desk, cached: list[str], width: int) -> None:
    page = desk.window("viewer", HERE, viewport={"width": width, "height": 640})
    long = "x" * 128
    page.get_by_label("IDs, or links").fill(f"{' '.join(cached)} {long} {'5' * 300} 111")
    assert widest(page) <= 0
    send(page)
    expect(page.get_by_role("rowheader").first).to_be_visible()
    assert widest(page) <= 0
