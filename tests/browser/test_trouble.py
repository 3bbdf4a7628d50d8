"""Lost networks, ended sessions and a service in trouble: what stood there stays, and words say what next."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.program import Sandbox, settled
from tests.browser.seen import Requests, ids, row_of

pytestmark = pytest.mark.browser


def test_a_lost_network_leaves_the_list_and_offers_to_try_again(page: Page, console: Console) -> None:
    console.expect_lost_network()
    before = ids(page)
    page.context.set_offline(True)
    page.get_by_label("Type", exact=True).select_option("Video")
    alert = page.get_by_role("alert").filter(has_text="Couldn't reach the dashboard")
    expect(alert).to_be_visible()
    assert ids(page) == before
    page.context.set_offline(False)
    alert.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    expect(page.get_by_text("Couldn't reach the dashboard")).to_have_count(0)


def test_a_lost_network_on_next_can_be_tried_again(page: Page, console: Console) -> None:
    console.expect_lost_network()
    before = ids(page)
    page.context.set_offline(True)
    page.get_by_role("link", name="Next 50").click()
    alert = page.get_by_role("alert").filter(has_text="Couldn't reach the dashboard")
    expect(alert).to_be_visible()
    page.context.set_offline(False)
    alert.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("End of the list")).to_be_visible()
    assert not set(before) & set(ids(page))


def test_a_delete_that_did_not_arrive_is_never_sent_again(
    page: Page, sandbox: Sandbox, console: Console
) -> None:
    console.expect_lost_network()
    item = sandbox.find(settled)
    row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ticket").fill("ZD-300")
    page.context.set_offline(True)
    asked = Requests(page)
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("Your request may have arrived all the same")
    expect(alert.get_by_role("button")).to_have_count(0)
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-300")
    page.context.set_offline(False)
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.reload()
    expect(row_of(page, item["id"])).to_be_visible()
    assert len(asked.posts()) == 1
    assert sandbox.calls("delete") == []


def test_a_gateways_error_page_is_no_answer(page: Page, console: Console) -> None:
    console.expect_refusals()
    before = ids(page)
    page.route("**/media/?**", lambda route: route.fulfill(status=502, body="<h1>502 Bad Gateway</h1>"))
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(page.get_by_role("alert").filter(has_text="Couldn't reach the dashboard")).to_be_visible()
    assert ids(page) == before
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()


@pytest.mark.parametrize("by_key", [False, True], ids=["button", "Escape"])
def test_a_notice_can_be_taken_away(page: Page, sandbox: Sandbox, console: Console, by_key: bool) -> None:
    console.expect_refusals()
    notice = page.locator("#notice")
    sandbox.fault(path="/media", status=500, times=None)
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(notice.get_by_role("heading", level=2)).to_be_visible()
    if by_key:
        page.keyboard.press("Escape")
    else:
        notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_be_empty()
    page.route("**/media/?**", lambda route: route.abort())
    console.expect_lost_network()
    page.get_by_label("Type", exact=True).select_option("Audio")
    expect(notice.get_by_role("heading", level=2)).to_have_text("Couldn't reach the dashboard")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_be_empty()


def test_a_service_in_trouble_leaves_the_list(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    before, address = ids(page), page.url
    sandbox.fault(path="/media", status=500, times=None)
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(page.get_by_role("alert").get_by_role("heading")).to_be_visible()
    expect(page.locator("#list")).not_to_have_attribute("aria-busy", "true")
    assert ids(page) == before
    assert page.url == address
    sandbox.behave()
    page.get_by_role("alert").get_by_role("link", name="Try again").click()
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()


def test_a_refused_key_names_whom_to_call(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    sandbox.fault(path="/media", status=403, times=None, body={"error": "Invalid API key"})
    page.reload()
    expect(page.get_by_role("heading", name="The service refused our key")).to_be_visible()
    expect(page.get_by_text("Retrying will not help")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_have_count(0)


def test_a_slow_service_dims_what_stands(page: Page, sandbox: Sandbox) -> None:
    sandbox.fault(path="/media", hold=True)
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#busy")).to_have_css("visibility", "visible")
    sandbox.behave()
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    expect(page.locator("#list")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#busy")).to_have_css("visibility", "hidden")


def test_an_ended_session_offers_the_way_back(page: Page, console: Console) -> None:
    console.expect_refusals()
    page.goto("/c/studio-a/media/?type=image")
    page.context.clear_cookies()
    page.get_by_label("Status").select_option("Stored")
    alert = page.get_by_role("alert").filter(has_text="Your session has ended")
    expect(alert).to_be_visible()
    expect(page.get_by_role("table")).to_be_visible()
    alert.get_by_role("link", name="Sign in and come back").click()
    page.get_by_role("button", name="operator").click()
    expect(page).to_have_url(re.compile(r"/c/studio-a/media/\?type=image$"))


def test_an_ended_session_keeps_what_was_typed_in_the_dialog(
    page: Page, sandbox: Sandbox, console: Console
) -> None:
    console.expect_refusals()
    page.get_by_role("link", name=re.compile("^Delete item")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ticket").fill("ZD-301")
    page.context.clear_cookies()
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    expect(dialog.get_by_label("Ticket")).to_have_value("ZD-301")
    assert sandbox.calls("delete") == []


def test_a_second_filter_overtakes_a_slow_first(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_overtaken()
    sandbox.fault(path="/media", hold=True)
    page.get_by_label("Type", exact=True).select_option("Video")
    page.get_by_label("Type", exact=True).select_option("Audio")
    expect(page.get_by_role("link", name="Remove filter Type: Audio")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?type=audio$"))
