"""Presses within the latency of one another: the latest wins, whichever answer comes first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.held import Answers
from tests.browser.program import Sandbox
from tests.browser.seen import ids, row_of

pytestmark = pytest.mark.browser

FIRST_THEN_LAST: Final = (0, 1)
LAST_THEN_FIRST: Final = (1, 0)
ORDERS: Final = pytest.mark.parametrize(
    "order", [FIRST_THEN_LAST, LAST_THEN_FIRST], ids=["in order", "the first one late"]
)
LIST: Final = "/c/creator-b/media/?type=image&limit=25"


@pytest.fixture(autouse=True)
def overtaken(console: Console) -> None:
    console.expect_overtaken()


def ask_to_delete(page: Page, media_id: str) -> None:
    row_of(page, media_id).get_by_role("link", name=re.compile("^Delete item")).click()


@ORDERS
def test_the_question_is_about_the_item_pressed_last(
    page: Page, sandbox: Sandbox, order: tuple[int, int]
) -> None:
    first, last = ids(page)[1], ids(page)[3]
    answers = Answers(page, "/delete/")
    ask_to_delete(page, first)
    answers.wait(1)
    ask_to_delete(page, last)
    answers.wait(2)
    dialog = page.get_by_role("dialog")
    heading = dialog.get_by_role("heading", level=1)
    answers.give(order[0])
    if order == LAST_THEN_FIRST:
        dialog.get_by_label("Reason").fill("typed by hand")
    answers.give(order[1])
    expect(heading).to_contain_text(last)
    if order == LAST_THEN_FIRST:
        expect(dialog.get_by_label("Reason")).to_have_value("typed by hand")
    answers.stop()
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(dialog).to_be_hidden()
    assert [call["path"].rpartition("/")[2] for call in sandbox.calls("delete")] == [last]
    expect(row_of(page, last)).to_have_class(re.compile("tombstone"))
    expect(row_of(page, first)).not_to_have_class(re.compile("tombstone"))


def test_a_question_pressed_twice_is_asked_once(page: Page) -> None:
    answers = Answers(page, "/delete/")
    media_id = ids(page)[2]
    ask_to_delete(page, media_id)
    answers.wait(1)
    ask_to_delete(page, media_id)
    answers.wait(2)
    answers.give(1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("typed by hand")
    answers.give(0)
    expect(dialog.get_by_label("Reason")).to_have_value("typed by hand")


OTHER_QUESTIONS: Final[dict[str, Callable[[Page], None]]] = {
    "export": lambda page: page.get_by_role("link", name="Export…").click(),
    "keys": lambda page: page.keyboard.press("?"),
}


@ORDERS
@pytest.mark.parametrize("other", OTHER_QUESTIONS)
def test_every_dialog_is_the_one_pressed_last(page: Page, other: str, order: tuple[int, int]) -> None:
    answers = Answers(page)
    OTHER_QUESTIONS[other](page)
    answers.wait(1)
    last = ids(page)[3]
    ask_to_delete(page, last)
    answers.wait(2)
    for index in order:
        answers.give(index)
    expect(page.get_by_role("dialog").get_by_role("heading", level=1)).to_contain_text(last)


def test_no_answer_exchanges_a_question_that_stands(page: Page) -> None:
    """Not even one that hx-sync knows nothing of."""
    answers = Answers(page, "/delete/")
    first, last = ids(page)[1], ids(page)[3]
    ask_to_delete(page, last)
    answers.wait(1)
    answers.give(0)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(last)
    page.evaluate("(path) => void htmx.ajax('GET', path, '#dialog').catch(() => null)", f"{first}/delete/")
    answers.wait(2)
    answers.give(1)
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(last)


def test_a_question_is_dropped_with_the_list_it_was_asked_in(page: Page) -> None:
    page.goto(LIST)
    answers = Answers(page)
    ask_to_delete(page, ids(page)[0])
    answers.wait(1)
    page.get_by_role("link", name="Next 25").click()
    answers.wait(2)
    answers.give(1)
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    answers.give(0)
    expect(page.get_by_role("dialog")).to_be_hidden()


PRESSES: Final[dict[str, Callable[[Page], object]]] = {
    "next": lambda page: page.get_by_role("link", name="Next 25").click(),
    "status": lambda page: page.get_by_label("Status").select_option("Stored"),
    "sort": lambda page: page.get_by_label("Sort").select_option("Newest stored"),
    "chip": lambda page: page.get_by_role("link", name="Remove filter Type: Image").click(),
    "clear": lambda page: page.get_by_role("link", name="Clear all").click(),
    "mime": lambda page: page.get_by_label("MIME type").press("Enter"),
}
LEAVES: Final = {
    "next": r"cursor=",
    "status": r"status=stored(?!.*cursor)",
    "sort": r"sort=cachedAt_desc(?!.*cursor)",
    "chip": r"media/\?limit=25$",
    "clear": r"media/(\?limit=25)?$",
    "mime": r"type=image(?!.*(cursor|status|sort)=)",
}
"""What each press makes of the address when the others have left nothing in it."""


def chips(page: Page) -> list[str]:
    return page.get_by_role("list", name="Applied filters").get_by_role("link").all_inner_texts()


def expect_agreement(page: Page) -> None:
    """Address, chips and rows say the same: whoever opens the address sees what stands here."""
    fresh = page.context.new_page()
    fresh.goto(page.url)
    assert (chips(page), page.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.id)")) == (
        chips(fresh),
        fresh.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.id)"),
    )
    fresh.close()


@ORDERS
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("next", "status"),
        ("sort", "chip"),
        ("next", "clear"),
        ("chip", "next"),
        ("status", "sort"),
        ("mime", "next"),
        ("clear", "status"),
        ("next", "next"),
        ("next", "mime"),
    ],
)
def test_address_chips_and_list_agree(desk: Desk, first: str, last: str, order: tuple[int, int]) -> None:
    page = desk.window(path=LIST)
    answers = Answers(page, "/media/")
    PRESSES[first](page)
    answers.wait(1)
    PRESSES[last](page)
    answers.wait(2)
    for index in order:
        answers.give(index)
    expect(page).to_have_url(re.compile(LEAVES[last]))
    answers.stop()
    expect_agreement(page)
    page.go_back()
    expect(page).to_have_url(re.compile(re.escape(LIST)))


@ORDERS
def test_the_audit_lists_what_was_pressed_last(desk: Desk, past: None, order: tuple[int, int]) -> None:
    page = desk.window("admin", "/audit/?limit=25&steps=all")
    answers = Answers(page, "/audit/")
    page.get_by_role("link", name="Older 25").click()
    answers.wait(1)
    page.get_by_label("What").select_option("purge")
    answers.wait(2)
    for index in order:
        answers.give(index)
    expect(page).to_have_url(re.compile(r"verb=purge"))
    expect(page).not_to_have_url(re.compile(r"before="))
    answers.stop()
    expect_agreement(page)


@ORDERS
def test_the_saved_views_are_read_beside_the_list(page: Page, order: tuple[int, int]) -> None:
    """A menu that is opened while the list loads drops nothing, and is dropped by nothing."""
    answers = Answers(page, "/c/studio-a/media/|/views/")
    page.get_by_label("Status").select_option("Stored")
    answers.wait(1)
    page.get_by_role("button", name="Views").click()
    answers.wait(2)
    for index in order:
        answers.give(index)
    expect(page).to_have_url(re.compile("status=stored"))
    expect(page.get_by_text("Status: Stored")).to_be_visible()


def test_a_menu_that_could_not_be_read_is_read_when_it_is_opened_again(page: Page, console: Console) -> None:
    console.expect_lost_network()
    page.route("**/?choose=1*", lambda route: route.abort())
    button = page.get_by_role("button", name=re.compile("^Connection: "))
    button.click()
    expect(page.get_by_role("alert").filter(has_text="Try again")).to_be_visible()
    page.unroute_all()
    page.keyboard.press("Escape")
    button.click()
    expect(page.get_by_role("link", name=re.compile("^Creator B"))).to_be_visible()
