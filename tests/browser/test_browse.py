"""Filters, chips, pages, Back and reload: the address holds the view, and the view keeps its place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox
from tests.browser.seen import Requests, ids, scroll_of

pytestmark = pytest.mark.browser

BUSY = "/c/creator-b/media/"


def test_a_chosen_filter_applies_at_once(page: Page, sandbox: Sandbox) -> None:
    asked, before = Requests(page), len(sandbox.calls())
    page.get_by_label("Status").focus()
    page.get_by_label("Status").select_option("Edge only")
    expect(page.get_by_role("link", name="Remove filter Status: Edge only")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/c/studio-a/media/\?status=edge_only$"))
    assert len(asked.urls("xhr", "fetch", "document")) == 1
    assert len(sandbox.calls()) == before + 1
    expect(page.get_by_label("Status")).to_be_focused()
    expect(page.get_by_label("Status")).to_have_value("edge_only")


def test_the_script_completes_rows_and_says_short_texts_in_full(page: Page) -> None:
    """Also rows that come later; without it a row has its links, its box and no more."""
    for _ in range(2):
        row, media_id = page.locator(".row:has(.thumb.ask)").first, ""
        media_id = row.locator(".c-id a").inner_text()
        expect(row).to_have_id(f"row-{media_id}")
        expect(row.get_by_role("button", name=f"Copy {media_id}")).to_have_count(1)
        shows = row.get_by_role("link", name=f"Show thumb {media_id}")
        expect(shows).to_have_attribute("href", re.compile(f"/media/{media_id}/$"))
        for cell, full in {
            ".c-last": r"\d\d:\d\d.* · 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$|^never$",
            ".c-type": "^(Image|Video|Audio)$",
            ".slot": "^thumb: Stored$",
        }.items():
            row.locator(cell).first.hover()
            expect(row.locator(cell).first).to_have_attribute("title", re.compile(full))
        glyph = "(slot) => getComputedStyle(slot, '::before').width"
        assert row.locator(".slot").first.evaluate(glyph) == "13px"
        page.get_by_label("Type", exact=True).select_option("Video")
        expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()


def test_enter_in_a_field_applies(page: Page) -> None:
    page.get_by_label("MIME type").fill("image/webp")
    page.get_by_label("MIME type").press("Enter")
    expect(page.get_by_role("link", name="Remove filter MIME: image/webp")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?contentType=image%2Fwebp$"))


def test_a_chip_removes_itself_and_the_rest_stays(page: Page) -> None:
    page.goto("/c/studio-a/media/?status=stored&type=video&contentType=video/mp4")
    page.get_by_role("link", name="Remove filter Type: Video").click()
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_have_count(0)
    expect(page.get_by_role("list", name="Applied filters").get_by_role("link")).to_have_count(3)
    expect(page).not_to_have_url(re.compile("type=video"))
    expect(page.get_by_label("Type", exact=True)).to_have_value("")


def test_all_filters_are_cleared_at_once(page: Page) -> None:
    page.goto("/c/studio-a/media/?status=stored&type=video")
    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(re.compile("/c/studio-a/media/$"))
    expect(page.get_by_role("list", name="Applied filters").get_by_role("link")).to_have_count(0)


def test_next_previous_back_forward_and_reload_keep_the_place(page: Page) -> None:
    page.goto(f"{BUSY}?type=video&limit=25")
    first = ids(page)
    page.get_by_role("link", name="Next 25").click()
    expect(page.locator("tbody .c-id a").first).not_to_have_text(first[0])
    second, place = ids(page), page.url
    assert not set(first) & set(second)
    assert "type=video" in place
    page.get_by_role("link", name="Next 25").click()
    expect(page.locator("tbody .c-id a").first).not_to_have_text(second[0])
    third = ids(page)
    expect(page.get_by_label("Type", exact=True)).to_have_value("video")  # the panel is not sent again
    page.get_by_role("link", name="Previous").click()
    expect(page.locator("tbody .c-id a").first).to_have_text(second[0])
    page.go_back()
    expect(page.locator("tbody .c-id a").first).to_have_text(third[0])
    page.go_back()
    expect(page.locator("tbody .c-id a").first).to_have_text(second[0])
    page.go_back()
    expect(page.locator("tbody .c-id a").first).to_have_text(first[0])
    page.go_forward()
    expect(page).to_have_url(place)
    expect(page.locator("tbody .c-id a").first).to_have_text(second[0])
    page.reload()
    assert ids(page) == second
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    page.get_by_role("link", name="Next 25").click()
    expect(page.locator("tbody .c-id a").first).to_have_text(third[0])
    page.get_by_role("button", name=re.compile("^Views")).click()
    expect(page.get_by_role("link", name="Save this view…")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Status").select_option("Stored")
    expect(page.get_by_role("link", name="Remove filter Status: Stored")).to_be_visible()
    expect(page).to_have_url(re.compile("status=stored&type=video"))


def test_back_before_the_script_is_there_is_not_forgotten(page: Page) -> None:
    """A second press of Back may come while the page of the first is still loading."""
    page.goto(f"{BUSY}?limit=25")
    first = ids(page)
    for _ in range(2):
        before = ids(page)
        page.get_by_role("link", name="Next 25").click()
        expect(page.locator("tbody .c-id a").first).not_to_have_text(before[0])
    held: list[Route] = []
    page.route("**/*.js", lambda route: held.append(route))
    page.evaluate("history.back()")
    expect(page.locator("tbody .c-id a").first).to_have_text(before[0])
    page.evaluate("history.back()")
    expect(page).to_have_url(re.compile(r"/\?limit=25$"))
    for route in held:
        route.continue_()
    page.unroute("**/*.js")
    expect(page.locator("tbody .c-id a").first).to_have_text(first[0])
    assert ids(page) == first


def test_a_page_that_is_led_to_is_loaded_once(page: Page) -> None:
    asked = Requests(page)
    page.goto(f"{BUSY.removesuffix('/')}?limit=25")
    expect(page).to_have_url(re.compile(rf"{BUSY}\?limit=25$"))
    page.wait_for_load_state("networkidle")
    assert len(set(asked.urls("document"))) == len(asked.urls("document")) == 2


def test_a_next_page_starts_at_its_top(page: Page) -> None:
    page.goto(BUSY)
    page.get_by_role("link", name="Next 50").scroll_into_view_if_needed()
    assert scroll_of(page) > 300
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_role("link", name="Previous")).to_be_attached()
    page.wait_for_function("scrollY < 10")


def test_back_from_an_item_finds_the_same_scroll_position(page: Page) -> None:
    page.goto(BUSY)
    link = page.locator("tbody .c-id a").nth(40)
    link.scroll_into_view_if_needed()
    before = scroll_of(page)
    assert before > 300
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Item")
    page.go_back()
    expect(page.get_by_role("table")).to_be_visible()
    page.wait_for_function("before => Math.abs(scrollY - before) < 3", arg=before)


def test_reload_keeps_the_scroll_position(page: Page) -> None:
    page.goto(BUSY)
    page.locator("tbody .c-id a").nth(40).scroll_into_view_if_needed()
    before = scroll_of(page)
    page.reload()
    page.wait_for_function("before => Math.abs(scrollY - before) < 3", arg=before)


def test_back_after_a_filter_finds_the_page_as_it_was(page: Page) -> None:
    page.goto(BUSY)
    first = ids(page)
    page.get_by_label("Type", exact=True).select_option("Audio")
    expect(page.get_by_role("link", name="Remove filter Type: Audio")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Remove filter Type: Audio")).to_have_count(0)
    assert ids(page) == first
    expect(page.get_by_label("Type", exact=True)).to_have_value("")


def test_a_shared_address_opens_the_same_view(page: Page, desk: Desk) -> None:
    page.goto(BUSY)
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    colleague = desk.window("viewer", page.url)
    assert ids(colleague) == ids(page)
    expect(colleague.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    expect(colleague.get_by_role("link", name="Previous")).to_be_visible()


def test_a_sorted_list_says_that_it_is_a_scan(page: Page) -> None:
    expect(page.get_by_text("Sorted scan, may be slower")).to_have_count(0)
    page.get_by_label("Sort").select_option("Longest")
    expect(page.get_by_text("Sorted scan, may be slower")).to_be_visible()


def test_no_match_offers_to_drop_the_narrowest_filter(page: Page) -> None:
    page.goto("/c/studio-a/media/?type=audio&contentType=image/gif")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Drop “MIME: image/gif”").click()
    expect(page.get_by_role("link", name="Remove filter Type: Audio")).to_be_visible()
    expect(page.get_by_role("table")).to_be_visible()


def test_the_end_of_the_list_is_said(page: Page) -> None:
    expect(page.get_by_text("End of the list")).to_have_count(0)
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_text("End of the list")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Next"))).to_have_count(0)


def test_an_empty_connection_has_its_own_words(page: Page) -> None:
    page.goto("/c/archive-c/media/")
    expect(page.get_by_role("heading", name="Nothing is cached for Archive C")).to_be_visible()


def test_a_stale_place_keeps_the_filters(page: Page, console: Console) -> None:
    console.expect_refusals()
    page.goto(f"{BUSY}?type=video&sort=duration_desc&cursor=nobody-gave-this")
    expect(page.get_by_role("heading", name="This place in the list is gone")).to_be_visible()
    page.get_by_role("link", name="First page with these filters").click()
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    expect(page).to_have_url(re.compile(r"sort=duration_desc"))


def test_a_bad_link_shows_reasons_beside_what_was_given(page: Page, console: Console) -> None:
    console.expect_refusals()
    page.goto("/c/studio-a/media/?status=lost&durationMin=soon&createdAtFrom=yesterday&limit=9999")
    expect(page).to_have_title(re.compile("^Error:"))
    for label, text in (
        ("from in seconds", "soon"),
        ("First seen from, UTC", "yesterday"),
        ("Per page", "9999"),
        ("Status", "lost"),
    ):
        field = page.get_by_label(label)
        expect(field).to_have_value(text)
        expect(field).to_have_attribute("aria-invalid", "true")
        why = field.get_attribute("aria-describedby")
        expect(page.locator(f"#{why}")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)


def test_a_bad_value_is_refused_beside_its_field_and_kept(page: Page, console: Console) -> None:
    console.expect_refusals()
    page.get_by_label("from in seconds").fill("soon")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Give a number of seconds")).to_be_visible()
    expect(page.get_by_label("from in seconds")).to_have_value("soon")
    page.get_by_label("from in seconds").fill("10")
    page.get_by_label("from in seconds").press("Enter")
    expect(page.get_by_role("link", name="Remove filter Length from 0:10")).to_be_visible()


def test_the_layout_is_remembered(page: Page) -> None:
    table, grid = page.get_by_role("button", name="Table"), page.get_by_role("button", name="Grid")
    expect(page.locator("html")).to_have_attribute("data-layout", "table")
    expect(table).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/preferences/"):
        grid.click()
    expect(page.locator("html")).to_have_attribute("data-layout", "grid")
    expect(grid).to_have_attribute("aria-pressed", "true")
    expect(table).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-layout", "grid")
    expect(grid).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_text("End of the list")).to_be_visible()
    expect(page.get_by_role("button", name="Grid")).to_have_attribute("aria-pressed", "true")


def test_the_theme_is_remembered(page: Page) -> None:
    page.get_by_role("button", name=re.compile("account$")).click()
    with page.expect_response("**/preferences/"):
        page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_css("background-color", "rgb(13, 17, 23)")
    page.reload()
    expect(page.locator("html")).to_have_css("background-color", "rgb(13, 17, 23)")


def test_the_search_box_opens_an_item_by_id_and_by_link(page: Page) -> None:
    media_id = ids(page)[3]
    for text in (media_id, f"https://dashboard.example.com/c/studio-a/media/{media_id}/?ticket=ZD-1"):
        page.get_by_label("Find an item by its ID or a link").fill(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(media_id)
        page.go_back()
        expect(page.get_by_role("table")).to_be_visible()


def test_a_filter_from_a_link_outlives_the_next_press(page: Page) -> None:
    page.goto("/c/creator-b/media/?createdAtTo=2026-06-01&durationMin=12.125")
    page.get_by_label("Status").select_option(label="Stored")
    page.wait_for_url(re.compile("status=stored"))
    assert "createdAtTo=2026-06-01T23%3A59%3A59.999Z" in page.url
    assert "durationMin=12.125" in page.url
