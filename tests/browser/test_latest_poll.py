"""What a page reads by itself never overtakes a press, and never brings back what a press has changed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.held import Answers
from tests.browser.program import Sandbox
from tests.browser.seen import Requests, ids, row_of
from tests.browser.test_job import begin
from tests.browser.test_latest_press import ORDERS, expect_agreement
from tests.browser.test_live import A_TURN_MS, moves
from tests.browser.test_selection import boxes, selection_bar

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def overtaken(console: Console) -> None:
    console.expect_overtaken()


@pytest.fixture
def watched(desk: Desk) -> Page:
    """An operator's window on the list, its clock in our hands."""
    page = desk.window(path="")
    page.clock.install()
    page.goto("/c/studio-a/media/?limit=25")
    return page


@ORDERS
def test_live_refresh_and_the_next_page(watched: Page, order: tuple[int, int]) -> None:
    answers = Answers(watched, "/c/studio-a/")
    watched.clock.fast_forward(A_TURN_MS)
    answers.wait(1)
    watched.get_by_role("link", name="Next 25").click()
    answers.wait(2)
    watched.clock.resume()
    for index in order:
        answers.give(index)
    expect(watched).to_have_url(re.compile("cursor="))
    assert len(answers) == 2
    answers.stop()
    expect_agreement(watched)
    expect(watched.locator("[data-pause]")).to_have_attribute("aria-pressed", "false")


def test_nothing_is_read_while_a_press_is_on_its_way(watched: Page) -> None:
    answers = Answers(watched, "/c/studio-a/")
    watched.get_by_role("link", name="Next 25").click()
    answers.wait(1)
    watched.clock.fast_forward(A_TURN_MS)
    watched.clock.resume()
    answers.give(0)
    expect(watched).to_have_url(re.compile("cursor="))
    assert len(answers) == 1


def test_live_refresh_brings_back_no_row_that_was_deleted(watched: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(moves)
    answers = Answers(watched, "/live/")
    watched.clock.fast_forward(A_TURN_MS)
    answers.wait(1)
    watched.clock.resume()
    row = row_of(watched, item["id"])
    row.get_by_role("link", name=re.compile("^Delete item")).click()
    watched.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete")).click()
    expect(row).to_have_class(re.compile("tombstone"))
    answers.give(0)
    expect(row).to_have_class(re.compile("tombstone"))


def test_a_question_outlives_the_refresh_of_its_row(watched: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(moves)
    answers = Answers(watched, "/c/studio-a/")
    watched.clock.fast_forward(A_TURN_MS)
    answers.wait(1)
    watched.clock.resume()
    row_of(watched, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    answers.wait(2)
    answers.give(0)
    answers.give(1)
    dialog = watched.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(item["id"])
    watched.keyboard.press("Escape")
    expect(row_of(watched, item["id"]).get_by_role("link", name=re.compile("^Delete item"))).to_be_focused()


def test_a_jobs_poll_and_stop(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault(method="DELETE", hold=True, times=None)
    page = desk.window(path="")
    begin(page, 20)
    answers = Answers(page, "/jobs/")
    answers.wait(1)
    page.get_by_role("button", name="Stop").dblclick()
    answers.wait(2)
    answers.give(1)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    answers.give(0)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    answers.stop()
    sandbox.behave()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()


def test_a_scans_poll_and_stop(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault(path=r"/media\?", hold=True, times=None)
    page = desk.window("operator", "/c/studio-a/overview/")
    page.get_by_role("button", name=re.compile("^Scan")).click()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    answers = Answers(page, "/scan/")
    answers.wait(1)
    stop.click()
    answers.wait(2)
    answers.give(1)
    expect(stop).to_have_count(0)
    answers.give(0)
    expect(stop).to_have_count(0)
    sandbox.behave()


def test_ticks_and_clear_are_told_in_their_order(desk: Desk) -> None:
    page = desk.window(path="/c/studio-a/media/?limit=25")
    boxes(page).nth(0).click()
    expect(selection_bar(page)).to_contain_text("1 selected")
    answers = Answers(page, "/tray/change/")
    asked = Requests(page)
    boxes(page).nth(1).click()
    answers.wait(1)
    selection_bar(page).get_by_role("button", name="Clear").click()
    boxes(page).nth(2).click()
    answers.give(0)
    answers.wait(2)
    answers.give(1)
    expect(selection_bar(page)).to_contain_text("1 selected")
    assert len(asked.posts()) == 2
    assert [box.is_checked() for box in boxes(page).all()[:4]] == [False, False, True, False]
    page.reload()
    assert [box.is_checked() for box in boxes(page).all()[:4]] == [False, False, True, False]
    assert len(ids(page)) == 25
