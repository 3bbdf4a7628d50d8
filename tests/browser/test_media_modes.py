"""Hidden, blurred, shown: what each loads, and what a press brings."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.held import Answers
from tests.browser.program import Sandbox, stored
from tests.browser.seen import Requests, row_of
from tests.browser.test_media import LOADED, choose, is_film, item_page

pytestmark = pytest.mark.browser


def test_a_blurred_table_loads_a_thumb_by_press_alone(page: Page, sandbox: Sandbox) -> None:
    choose(page, "Blurred")
    asked = Requests(page)
    page.reload()
    expect(page.get_by_role("table")).to_be_visible()
    assert [url for url in asked.urls("image") if url.startswith(sandbox.url)] == []
    thumb = page.get_by_role("link", name=re.compile("^Show thumb")).first
    row = page.locator("tr").filter(has=thumb).first
    thumb.click()
    picture = row.get_by_role("img")
    page.wait_for_function(LOADED, arg=picture.element_handle())
    expect(picture).to_have_css("filter", "none")
    assert len([url for url in asked.urls("image") if url.startswith(sandbox.url)]) == 1


def test_a_thumb_that_is_gone_by_then_says_so(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(lambda item: stored(item))
    choose(page, "Hidden")
    sandbox.delete(item["id"])
    row_of(page, item["id"]).get_by_role("link", name="Show thumb").click()
    expect(page.get_by_role("status").filter(has_text="No longer in the cache")).to_be_visible()


def test_a_blurred_table_that_becomes_a_grid_has_pictures(page: Page, sandbox: Sandbox) -> None:
    choose(page, "Blurred")
    page.goto("/c/studio-a/media/?limit=25&status=stored")
    expect(page.get_by_role("link", name=re.compile("^Show thumb")).first).to_be_visible()
    button = page.get_by_role("button", name="Grid")
    button.click()
    picture = page.get_by_role("img", name=re.compile("^Thumb of")).first
    expect(picture).to_have_css("filter", re.compile("blur"))
    expect(button).to_be_focused()
    expect(page).to_have_url(re.compile(r"limit=25&status=stored$"))
    expect(page.locator(".hit").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name=re.compile("^Thumb of")).first).to_be_visible()


def test_blurred_thumbs_show_by_press_and_blur_again(desk: Desk) -> None:
    page = desk.window()
    page.clock.install()
    page.get_by_role("button", name="Grid").click()
    picture = page.get_by_role("img", name=re.compile("^Thumb of")).first
    expect(picture).to_have_css("filter", re.compile(r"blur\(\d+px\)"))
    picture.hover()
    expect(picture).to_have_css("filter", re.compile("blur"))
    address = page.url
    picture.click()
    expect(picture).to_have_css("filter", "none")
    assert page.url == address
    page.clock.fast_forward(31_000)
    expect(picture).to_have_css("filter", re.compile("blur"))


def test_a_blurred_item_shows_by_press(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(lambda item: item["type"] == "image" and stored(item) and stored(item, "full"))
    choose(page, "Blurred")
    item_page(page, item)
    pictures = page.get_by_role("main").get_by_role("img", name=re.compile(rf"^thumb of {item['id']}"))
    expect(pictures).to_have_count(2)
    for one in pictures.all():
        expect(one).to_have_css("filter", re.compile("blur"))
    pictures.last.click()
    expect(pictures.last).to_have_css("filter", "none")
    expect(pictures.first).to_have_css("filter", re.compile("blur"))


def test_hidden_mode_loads_nothing_until_a_press(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(is_film)
    choose(page, "Hidden")
    asked, before = Requests(page), len(sandbox.looks())

    def of_media() -> list[str]:
        return [url for url in asked.urls("image", "media") if url.startswith(sandbox.url)]

    page.reload()
    expect(page.get_by_role("table")).to_be_visible()
    assert of_media() == []
    row_of(page, item["id"]).get_by_role("link", name="Show thumb").click()
    picture = row_of(page, item["id"]).get_by_role("img", name=re.compile("thumb"))
    page.wait_for_function(LOADED, arg=picture.element_handle())
    assert len(of_media()) == 1

    asked.forget()
    item_page(page, item)
    expect(page.get_by_role("heading", level=1)).to_contain_text(item["id"])
    assert of_media() == []
    page.get_by_role("listitem").get_by_role("button", name="Show full").click()
    player = page.get_by_role("listitem").locator("video")
    expect(player).to_be_visible()
    expect(player).to_be_focused()
    expect(player).to_have_js_property("muted", True)
    expect(player).to_have_js_property("paused", True)
    assert len({look["path"] for look in sandbox.looks()[before:]}) <= 2


def test_a_press_of_the_list_outlives_its_change_to_a_grid(page: Page, console: Console) -> None:
    """The rows that come with pictures are read beside the list's next page, not in its place."""
    console.expect_overtaken()
    page.goto("/c/studio-a/media/?limit=25")
    answers = Answers(page, "/c/studio-a/")
    page.get_by_role("link", name="Next 25").click()
    answers.wait(1)
    page.get_by_role("button", name="Grid").click()
    answers.wait(2)
    answers.give(1)
    answers.give(0)
    expect(page).to_have_url(re.compile("cursor="))
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
