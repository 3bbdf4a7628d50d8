"""What a sign-on proxy answers in our place is never shown in our page, and words say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.gateway import ENDINGS, Gateway
from tests.browser.program import Program, Sandbox
from tests.browser.seen import Requests, ids, row_of

pytestmark = pytest.mark.browser

LIST: Final = "/c/studio-a/media/?limit=25"
ENDED: Final = "Your session has ended"


@pytest.fixture
def gateway(program: Program) -> Iterator[Gateway]:
    gateway = Gateway(program.url)
    yield gateway
    gateway.stop()


@pytest.fixture
def desk(browser: Browser, gateway: Gateway, sandbox: Sandbox, console: Console) -> Iterator[Desk]:
    """Windows on the program as it is seen through the proxy."""
    console.expect_refusals()
    console.expect_lost_network()
    console.expect("Content Security Policy|policy violation: connect-src|blocked by CORS policy")
    desk = Desk(browser, gateway.url, console)
    yield desk
    desk.close()


def told(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text=ENDED)


def expect_nothing_of_it(page: Page, address: str) -> None:
    expect(told(page)).to_be_visible()
    expect(page.get_by_text("Who are you?")).to_have_count(0)
    expect(page).to_have_url(address)


PRESSES: Final[dict[str, Callable[[Page], object]]] = {
    "next": lambda page: page.get_by_role("link", name="Next 25").click(),
    "filter": lambda page: page.get_by_label("Status").select_option("Stored"),
    "question": lambda page: page.get_by_role("link", name=re.compile("^Delete item")).first.click(),
    "tick": lambda page: page.get_by_role("checkbox", name=re.compile(r"^Select \S+$")).first.click(),
    "reveal": lambda page: page.locator("[data-reveal]").first.click(),
    "layout": lambda page: page.get_by_role("button", name="Grid").click(),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_press_of_the_list_shows_a_login_page(desk: Desk, gateway: Gateway, ending: str) -> None:
    page = desk.window(path=LIST)
    page.get_by_role("button", name=re.compile("^Media:")).click()
    page.get_by_role("button", name=re.compile("^Blurred")).click()
    expect(page.locator("html")).to_have_attribute("data-media", "blurred")
    page.goto(LIST)
    before, address = ids(page), page.url
    for press in PRESSES.values():
        gateway.end(ending)
        page.get_by_label("MIME type").fill("typed by hand")
        press(page)
        expect_nothing_of_it(page, address)
        expect(page.get_by_label("MIME type")).to_have_value("typed by hand")
        assert ids(page) == before
        expect(page.locator("dialog")).to_be_hidden()
        gateway.end("")
        with page.expect_response("**/keys/"):  # the words go with the next answer that is ours
            page.locator("[data-keys-sheet]").click()
        page.get_by_role("dialog").get_by_role("link", name="Close").click()
        expect(told(page)).to_have_count(0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_removal_ends_in_a_login_page(desk: Desk, gateway: Gateway, sandbox: Sandbox, ending: str) -> None:
    page = desk.window(path=LIST)
    media_id = ids(page)[2]
    row_of(page, media_id).get_by_role("link", name=re.compile("^Delete item")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("typed by hand")
    gateway.end(ending)
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(dialog.get_by_role("alert").filter(has_text=ENDED)).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_have_value("typed by hand")
    expect(dialog.get_by_role("heading", level=1)).to_contain_text(media_id)
    assert sandbox.calls("delete") == []
    gateway.end("")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(row_of(page, media_id)).to_have_class(re.compile("tombstone"))


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_reading_by_itself_shows_a_login_page(desk: Desk, gateway: Gateway, ending: str) -> None:
    page = desk.window(path="")
    page.clock.install()
    page.goto(LIST)
    before, address = ids(page), page.url
    gateway.end(ending)
    page.clock.fast_forward(10_500)
    expect_nothing_of_it(page, address)
    assert ids(page) == before
    asked = Requests(page)
    page.clock.fast_forward(30_000)
    assert asked.urls("xhr") == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_look_up_shows_a_login_page(desk: Desk, gateway: Gateway, ending: str) -> None:
    page = desk.window(path="/lookup/")
    gateway.end(ending)
    page.get_by_label("IDs, or links that name them").fill("4492994399")
    expect_nothing_of_it(page, page.url)
    expect(page.locator("#count")).to_contain_text("Nothing pasted yet")
    page.get_by_role("link", name="Sign in and come back").click()
    expect(page.get_by_label("IDs, or links that name them")).to_have_value("4492994399")


def test_a_gateways_own_trouble_is_no_ended_session(desk: Desk, gateway: Gateway) -> None:
    page = desk.window(path=LIST)
    page.route(
        "**/media/?*", lambda route: route.fulfill(status=502, content_type="text/html", body="<p>bad")
    )
    page.get_by_role("link", name="Next 25").click()
    expect(page.get_by_role("alert").filter(has_text="Couldn't reach the dashboard")).to_be_visible()
    expect(told(page)).to_have_count(0)
