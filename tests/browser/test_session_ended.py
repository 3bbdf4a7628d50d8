"""A session that ended under htmx: words and a link back, what was typed returns, nothing is sent again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox
from tests.browser.seen import Requests

pytestmark = pytest.mark.browser

ENDED = "Your session has ended"
LISTED = "/c/studio-a/media/?type=image"


@pytest.fixture(autouse=True)
def refusals(console: Console) -> None:
    console.expect_refusals()


def end_at_the_proxy(page: Page) -> None:
    """What the sign-on proxy answers from now on to all but whole pages: a bare 401, none of ours."""
    page.route(
        lambda _: True,
        lambda route: (
            route.continue_() if route.request.is_navigation_request() else route.fulfill(status=401)
        ),
    )


def ask_to_delete(page: Page) -> Locator:
    page.get_by_role("link", name=re.compile("^Delete item")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ticket").fill("ZD-500")
    dialog.get_by_label("Reason").fill("typed by hand")
    return dialog


def come_back(page: Page, place: Locator) -> None:
    expect(place.get_by_role("alert").filter(has_text=ENDED)).to_be_visible()
    page.unroute_all()
    place.get_by_role("link", name="Sign in and come back").click()


def test_the_proxys_bare_401_on_a_read(desk: Desk) -> None:
    page = desk.window(path=LISTED)
    page.get_by_label("MIME type").fill("image/webp")
    end_at_the_proxy(page)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("table")).to_be_visible()
    come_back(page, page.locator("body"))
    expect(page).to_have_url(re.compile(r"/c/studio-a/media/\?type=image$"))
    expect(page.get_by_label("MIME type")).to_have_value("image/webp")
    expect(page.get_by_text(ENDED)).to_have_count(0)
    page.reload()
    expect(page.get_by_label("MIME type")).to_have_value("")


def test_the_way_back_from_an_address_with_two_slashes_is_ours(desk: Desk) -> None:
    page = desk.window(path=LISTED)
    page.goto(page.url.replace("/c/", "//c/"))
    end_at_the_proxy(page)
    page.get_by_role("button", name="Apply").click()
    come_back(page, page.locator("body"))
    expect(page).to_have_url(re.compile(r"^http://127\.0\.0\.1:\d+/c/studio-a/media/\?type=image$"))


def test_the_proxys_bare_401_on_a_removal(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window(path=LISTED)
    dialog = ask_to_delete(page)
    asked_about = dialog.get_by_role("heading").inner_text()
    token = page.locator("[name=token]").input_value()
    end_at_the_proxy(page)
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    asked = Requests(page)
    come_back(page, dialog)
    expect(dialog.get_by_role("heading")).to_have_text(asked_about)
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-500")
    expect(dialog.get_by_label("Reason")).to_have_value("typed by hand")
    assert page.locator("[name=token]").input_value() != token
    assert asked.posts() == []
    assert sandbox.calls("delete") == []
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(dialog).to_be_hidden()
    assert len(sandbox.calls("delete")) == 1
    page.reload()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_our_own_401_on_a_removal(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window(path=LISTED)
    dialog = ask_to_delete(page)
    page.context.clear_cookies(name="demo-session")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    come_back(page, dialog)
    page.get_by_role("button", name="operator").click()
    expect(page).to_have_url(re.compile(r"/c/studio-a/media/\?type=image$"))
    expect(dialog.get_by_label("Reason")).to_have_value("typed by hand")
    assert sandbox.calls("delete") == []


def test_what_has_to_be_typed_by_hand_is_not_kept(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window("admin", "/c/studio-a/")
    page.get_by_role("link", name="Purge…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ticket").fill("ZD-501")
    dialog.get_by_label("Type Studio A").fill("Studio A")
    end_at_the_proxy(page)
    dialog.get_by_role("button", name="Purge Studio A").click()
    come_back(page, dialog)
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-501")
    expect(dialog.get_by_label("Type Studio A")).to_have_value("")
    assert sandbox.calls("purge") == []


def test_a_reveal_that_comes_too_late(desk: Desk) -> None:
    page = desk.window()
    page.get_by_role("button", name=re.compile("^Media:")).click()
    page.get_by_role("button", name=re.compile("^Blurred")).click()
    expect(page.locator("html")).to_have_attribute("data-media", "blurred")
    end_at_the_proxy(page)
    thumbs = page.get_by_role("link", name=re.compile("^Show thumb"))
    thumbs.first.click()
    expect(page.get_by_role("alert").filter(has_text=ENDED)).to_be_visible()
    page.unroute_all()
    page.route("**/reveal/", lambda route: route.fulfill(status=503))
    thumbs.nth(1).click()
    expect(page.get_by_role("alert").filter(has_text="Couldn't reach the dashboard")).to_be_visible()


def test_what_was_typed_is_not_kept_without_need(page: Page) -> None:
    ask_to_delete(page)
    page.reload()
    expect(page.get_by_role("table")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('typed '))") == []
