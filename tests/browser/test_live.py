"""What is not stored yet is read again while one watches: only that, in place, and not while paused."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Item, Sandbox
from tests.browser.seen import Requests, ids, row_of

pytestmark = pytest.mark.browser

MOVING = ("pending", "storing")
A_TURN_MS = 10_500


def moves(item: Item) -> bool:
    """Whether some of the item's variants are not stored yet and its thumb is."""
    states = {label: variant["status"] for label, variant in item["media"].items()}
    return states.get("thumb") == "stored" and any(state in MOVING for state in states.values())


def finish(sandbox: Sandbox, item: Item) -> None:
    """Have the service store all of the item, by links minted now: those of a list may have ended."""
    for variant in sandbox.item(item["id"])["media"].values():
        if variant["status"] in MOVING:
            sandbox.store(variant["url"])


def moving_on(page: Page) -> set[str]:
    """The ids of the rows that show something not stored yet."""
    rows = page.locator("tbody tr").filter(has=page.locator(".slot.pending, .slot.storing"))
    return {str(one.get_attribute("id")).removeprefix("row-") for one in rows.all()}


@pytest.fixture
def watched(desk: Desk) -> Page:
    """An operator's window on the list, its clock in our hands."""
    page = desk.window(path="")
    page.clock.install()
    page.goto("/c/studio-a/media/")
    return page


def test_moving_rows_are_read_again_in_place(watched: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(moves)
    before, moving = ids(watched), moving_on(watched)
    assert item["id"] in moving
    assert moving < set(before)
    finish(sandbox, item)
    asked = Requests(watched)
    watched.clock.fast_forward(A_TURN_MS)
    row = row_of(watched, item["id"])
    expect(row.locator(".slot.pending, .slot.storing")).to_have_count(0)
    expect(row.locator(".slot.stored")).to_have_count(len(item["media"]))
    assert ids(watched) == before
    assert len(asked.urls("xhr")) == 1
    assert set(parse_qs(urlsplit(asked.urls("xhr")[0]).query)["id"]) == moving
    assert len(sandbox.calls("batch")) == 1

    with watched.expect_request("**/live/**") as again:
        watched.clock.fast_forward(A_TURN_MS)
    assert item["id"] not in parse_qs(urlsplit(again.value.url).query)["id"]


def test_a_pause_stops_the_reading_and_resumes_it(watched: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(moves)
    pause = watched.get_by_role("button", name="Pause live refresh")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    finish(sandbox, item)
    asked = Requests(watched)
    for _ in range(3):
        watched.clock.fast_forward(A_TURN_MS)
    expect(row_of(watched, item["id"]).locator(".slot.pending, .slot.storing")).not_to_have_count(0)
    assert asked.urls("xhr") == []
    watched.locator("[data-pause]").click()
    watched.clock.fast_forward(A_TURN_MS)
    expect(row_of(watched, item["id"]).locator(".slot.pending, .slot.storing")).to_have_count(0)


def test_an_item_that_went_meanwhile_says_so(watched: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(moves)
    sandbox.delete(item["id"])
    watched.clock.fast_forward(A_TURN_MS)
    # Another test of this run may have deleted the same item, and then its receipt stands here.
    expect(row_of(watched, item["id"])).to_contain_text(re.compile("no longer in the cache|Receipt"))


def test_nothing_is_read_while_a_dialog_stands(watched: Page, sandbox: Sandbox) -> None:
    watched.get_by_role("link", name=re.compile("^Delete item")).first.click()
    expect(watched.get_by_role("dialog")).to_be_visible()
    asked = Requests(watched)
    watched.clock.fast_forward(A_TURN_MS)
    expect(watched.get_by_role("dialog")).to_be_visible()
    assert asked.urls("xhr") == []


def test_a_failed_read_leaves_the_rows_and_pauses(watched: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    before = ids(watched)
    sandbox.fault(path="batch", status=403, times=None, body={"error": "Invalid API key"})
    watched.clock.fast_forward(A_TURN_MS)
    expect(watched.locator("[data-pause]")).to_have_attribute("aria-pressed", "true")
    assert ids(watched) == before


def test_an_item_page_follows_its_variants(watched: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(moves)
    watched.goto(f"/c/studio-a/media/{item['id']}/")
    facts = watched.locator("#facts")
    expect(facts.locator(".slot.pending, .slot.storing")).not_to_have_count(0)
    finish(sandbox, item)
    watched.clock.fast_forward(A_TURN_MS)
    expect(facts.locator(".slot.pending, .slot.storing")).to_have_count(0)
    cards = watched.get_by_role("main").locator(".card")
    expect(cards.filter(has_text=re.compile("pending|storing"))).to_have_count(0)
    asked = Requests(watched)
    watched.clock.fast_forward(A_TURN_MS)
    assert asked.urls("xhr") == []
