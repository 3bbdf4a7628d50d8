"""Saved views: saved from the list's menu, opened from it, and deleted, with script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.seen import focused

pytestmark = pytest.mark.browser

FILMS = "/c/studio-a/media/?type=video&limit=8"


def menu(page: Page) -> None:
    page.locator("button.views").click()
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()


def test_a_view_by_keyboard_from_the_menu_and_back(page: Page, console: Console) -> None:
    console.expect_refusals()
    page.goto(FILMS)
    menu(page)
    page.get_by_role("link", name="Save this view…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Save this view")
    expect(dialog).to_contain_text("Type: Video")
    page.keyboard.press("Escape")
    expect(page.locator("button.views")).to_be_focused()

    menu(page)
    page.get_by_role("link", name="Save this view…").click()
    dialog.get_by_role("button", name="Save view").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Eight films")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="View: Eight films. Choose another")).to_be_visible()

    page.get_by_role("link", name="Clear all").click()
    menu(page)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Eight films").click()
    expect(page).to_have_url(re.compile(re.escape(FILMS)))

    page.goto("/views/")
    page.get_by_role("link", name="Delete the view Eight films…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete view").click()
    expect(page.get_by_text("Eight films")).to_have_count(0)


def test_without_script(desk: Desk) -> None:
    page = desk.window(path=FILMS, java_script_enabled=False)
    menu(page)
    page.get_by_role("link", name="Save this view…").click()
    page.get_by_label("Name").fill("By hand")
    page.get_by_role("button", name="Save view").click()
    menu(page)
    expect(page.get_by_role("link", name="By hand")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("link", name="Delete the view By hand…").click()
    page.get_by_role("button", name="Delete view").click()
    expect(page.get_by_role("heading", name="Saved views")).to_be_visible()
    expect(page.get_by_text("By hand")).to_have_count(0)


def test_what_is_stuck_is_walked_like_the_list(page: Page) -> None:
    menu(page)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Stuck").click()
    expect(page.get_by_role("button", name="View: Stuck. Choose another")).to_be_visible()
    page.keyboard.press("j")
    expect(focused(page)).to_have_text(page.locator("tbody .c-id a").first.inner_text())
