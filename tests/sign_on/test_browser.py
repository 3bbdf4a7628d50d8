"""The loop before a real Chromium: policies, redirects across sites, a page that outlives its session."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE_MS, TELL_VIOLATIONS
from tests.sign_on.loop import Loop

pytestmark = pytest.mark.browser

LIST = "/c/studio-a/media/?type=image"


@pytest.fixture
def window(browser: Browser, loop: Loop) -> Iterator[Page]:
    """A new window, in which nothing may break the pages' own policy."""
    context = browser.new_context(base_url=loop.url, ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(TELL_VIOLATIONS)
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    yield context.new_page()
    context.close()
    assert [text for text in said if re.search("policy|page error", text, re.IGNORECASE)] == []


def sign_in(page: Page, loop: Loop, account: str, path: str = LIST) -> None:
    page.goto(path)
    page.get_by_label("Account").fill(account)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(loop.url + path)
    page.wait_for_load_state()  # a select that is changed before the script listens asks nothing


def end_session(context: BrowserContext) -> None:
    """What the proxy does when its time is over: it knows this browser no more. The provider still does."""
    context.clear_cookies(name=re.compile("mod_auth_openidc"))


def test_from_a_deep_link_and_out_again(window: Page, loop: Loop) -> None:
    sign_in(window, loop, "omar")
    window.get_by_role("button", name="Omar Haddad, operator: account").click()
    window.get_by_role("button", name="Sign out").click()
    expect(window.get_by_role("heading", name="Sign out?")).to_be_visible()
    assert window.url.startswith(loop.issuer)
    window.get_by_role("button", name="Sign out everywhere").click()
    expect(window.get_by_role("heading", name="Company sign-in")).to_be_visible()
    window.goto(LIST)
    expect(window.get_by_role("heading", name="Company sign-in")).to_be_visible()


def test_a_page_that_outlived_its_session_says_so_and_leads_back(window: Page, loop: Loop) -> None:
    sign_in(window, loop, "omar")
    end_session(window.context)
    with window.expect_response(re.compile(r"status=stored")) as refused:
        window.get_by_label("Status").select_option("Stored")
    assert refused.value.status == 401
    asked = refused.value.request.headers
    assert (asked["hx-request"], asked["x-requested-with"]) == ("true", "XMLHttpRequest")
    ended = window.get_by_role("alert").filter(has_text="Your session has ended")
    expect(window.get_by_role("table")).to_be_visible()
    ended.get_by_role("link", name="Sign in and come back").click()
    expect(ended).to_have_count(0)
    expect(window.get_by_role("table")).to_be_visible()
    expect(window).to_have_url(loop.url + LIST)


def test_a_removal_that_came_too_late_is_asked_for_again_with_what_was_typed(
    window: Page, loop: Loop
) -> None:
    sign_in(window, loop, "omar")
    window.get_by_role("link", name=re.compile("^Delete item")).first.click()
    dialog = window.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("asked for by phone")
    end_session(window.context)
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    dialog.get_by_role("link", name="Sign in and come back").click()
    expect(dialog.get_by_role("alert")).to_be_empty()
    expect(dialog.get_by_label("Reason")).to_have_value("asked for by phone")
    assert loop.sandbox.calls("delete") == []
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(dialog).to_be_hidden()
    assert len(loop.sandbox.calls("delete")) == 1
