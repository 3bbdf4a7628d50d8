"""Showing media: what loads, what waits for a press, and what is never loaded."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Item, Sandbox, stored
from tests.browser.seen import Requests, ids, row_of, widest

pytestmark = pytest.mark.browser

LOADED = "img => img.complete && img.naturalWidth > 0"


def requests_from_here(page: Page) -> Requests:
    """What the next page asks for, without what the one before is still loading."""
    page.goto("about:blank")
    return Requests(page)


def choose(page: Page, mode: str) -> None:
    """Choose how media is shown."""
    page.get_by_role("button", name=re.compile("^Media:")).click()
    page.get_by_role("button", name=re.compile(f"^{mode}")).click()
    expect(page.locator("html")).to_have_attribute("data-media", mode.lower())


@pytest.fixture
def page(page: Page) -> Page:
    """The list, with pictures."""
    choose(page, "Shown")
    return page


def item_page(page: Page, item: Item) -> None:
    page.goto(f"/c/studio-a/media/{item['id']}/")


def is_film(item: Item) -> bool:
    """A film stored in full, with a stored thumb."""
    return item["type"] == "video" and stored(item) and stored(item, "full")


def as_expired(item: Item) -> Item:
    """The item with links that ended a minute ago."""
    ended = int(time.time() * 1000) - 60_000
    media = {label: {**variant, "expiresAt": ended} for label, variant in item["media"].items()}
    return {**item, "media": media}


def test_a_list_loads_thumbs_and_nothing_else(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window(path="")
    page.goto("/c/studio-a/media/")
    choose(page, "Shown")
    asked = requests_from_here(page)
    page.goto("/c/studio-a/media/")
    page.get_by_role("link", name="Next 50").scroll_into_view_if_needed()
    pictures = page.locator("tbody img")
    for number in (0, pictures.count() - 1):
        page.wait_for_function(LOADED, arg=pictures.nth(number).element_handle())
    thumbs = {str(one.get_attribute("src")) for one in pictures.all()}
    media = {url for url in asked.urls("image", "media") if url.startswith(sandbox.url)}
    assert media
    assert media <= thumbs
    assert all("thumb" in sandbox.item(media_id)["media"] for media_id in ids(page)[:5])


def test_only_the_first_picture_is_eager(page: Page) -> None:
    pictures = page.locator("tbody img")
    expect(pictures.first).not_to_have_attribute("loading", "lazy")
    lazy = page.locator("tbody img[loading=lazy]")
    expect(lazy).to_have_count(pictures.count() - 1)
    for name in ("width", "height"):
        expect(page.locator(f"tbody img:not([{name}])")).to_have_count(0)


def test_every_stored_picture_has_its_own_address(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(
        lambda item: (
            item["type"] == "image"
            and len(item["media"]) > 3
            and all(stored(item, label) for label in item["media"])
        )
    )
    item_page(page, item)
    seen = set()
    for card in page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=3)).all():
        for asked in card.get_by_role("button", name=re.compile("^Show")).all():
            asked.click()
        picture = card.get_by_role("img")
        picture.scroll_into_view_if_needed()
        page.wait_for_function(LOADED, arg=picture.element_handle())
        source = str(picture.get_attribute("src"))
        assert source.startswith(f"{sandbox.url}/v2/")
        seen.add(source)
    assert len(seen) == len(item["media"])
    looked = {sandbox.url + look["path"] for look in sandbox.looks()}
    assert seen <= looked


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_players_load_and_play_only_when_asked(page: Page, sandbox: Sandbox, kind: str) -> None:
    item = sandbox.find(lambda item: item["type"] == kind and stored(item, "full"))
    asked = requests_from_here(page)
    item_page(page, item)
    expect(page.locator(kind)).to_have_count(0)
    assert asked.urls("media") == []
    page.get_by_role("listitem").get_by_role("button", name="Show full").click()
    player = page.get_by_role("listitem").locator(kind)
    expect(player).to_be_focused()
    expect(player).to_have_js_property("muted", True)
    expect(player).to_have_js_property("autoplay", False)
    expect(player).to_have_js_property("paused", True)
    page.keyboard.press("Space")
    page.wait_for_function("player => player.currentTime > 0", arg=player.element_handle())
    assert asked.urls("media")
    assert {url.startswith(sandbox.url) for url in asked.urls("media")} == {True}


def test_what_is_not_stored_is_not_loaded_unasked(page: Page, sandbox: Sandbox) -> None:
    item = sandbox.find(
        lambda item: stored(item) and item["media"].get("full", {}).get("status") == "edge_only"
    )
    item_page(page, item)
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("^full")))
    waiting = card.get_by_role("button", name=re.compile("^Load anyway"))
    expect(waiting).to_contain_text("loading it can make the service store it")
    page.wait_for_load_state("networkidle")
    before = {look["path"] for look in sandbox.looks()}
    waiting.click()
    shown = card.locator("img, video, audio")
    expect(shown).to_be_visible()
    link = str(shown.get_attribute("src"))
    assert link.removeprefix(sandbox.url) not in before
    if item["type"] == "image":
        page.wait_for_function(LOADED, arg=shown.element_handle())


@pytest.mark.parametrize("status", ["stored", "edge_only"])
def test_only_what_is_not_stored_waits_behind_an_end_date_that_passed(
    page: Page, sandbox: Sandbox, status: str
) -> None:
    """Nothing says that a stored copy is not served after it."""
    item = as_expired(sandbox.find(lambda item: item["type"] == "image" and stored(item)))
    media = {label: {**variant, "status": status} for label, variant in item["media"].items()}
    sandbox.fault(method="GET", path=f"/media/{item['id']}$", body={**item, "media": media})
    asked = requests_from_here(page)
    item_page(page, item)
    thumb = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("^thumb")))
    expect(thumb.get_by_text("Link end date passed").first).to_be_visible()
    picture = page.get_by_role("listitem").get_by_role("img", name=f"thumb of {item['id']}")
    if status == "edge_only":
        expect(picture).to_have_count(0)
        assert not [url for url in asked.urls("image", "media") if url.startswith(sandbox.url)]
        thumb.get_by_role("link", name="Refresh link").click()
    page.wait_for_function(LOADED, arg=picture.element_handle())


def test_a_picture_that_does_not_load_says_so_and_is_read_again(
    page: Page, sandbox: Sandbox, console: Console
) -> None:
    console.expect_refusals()
    item = sandbox.find(lambda item: item["type"] == "image" and stored(item))
    sandbox.fault(method="GET", path="^/v2/[^/]+$", status=403, body={"error": "Link expired"}, times=None)
    item_page(page, item)
    thumb = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("^thumb")))
    expect(thumb.get_by_text("This couldn't be loaded.")).to_be_visible()
    expect(page.locator(".well").get_by_text("This couldn't be loaded.")).to_be_visible()
    sandbox.reset()
    thumb.get_by_role("link", name="Refresh").click()
    picture = page.get_by_role("listitem").get_by_role("img", name=f"thumb of {item['id']}")
    page.wait_for_function(LOADED, arg=picture.element_handle())
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_text("couldn't be loaded")).to_have_count(0)


@pytest.mark.parametrize("layout", ["Table", "Grid"])
def test_a_thumb_that_does_not_load_says_so_and_is_read_again(
    page: Page, sandbox: Sandbox, console: Console, layout: str
) -> None:
    console.expect_refusals()
    sandbox.fault(method="GET", path="^/v2/[^/]+$", status=403, body={"error": "Link expired"}, times=None)
    page.get_by_role("button", name=layout).click()
    page.reload()
    row = page.locator("tbody tr").filter(has=page.get_by_role("link", name="Refresh")).first
    media_id = str(row.get_attribute("id")).removeprefix("row-")
    sandbox.reset()
    row_of(page, media_id).get_by_role("link", name="Refresh").click()
    picture = row_of(page, media_id).get_by_role("img", name=f"Thumb of {media_id}")
    page.wait_for_function(LOADED, arg=picture.element_handle())
    expect(row_of(page, media_id).get_by_role("link", name=media_id, exact=True)).to_be_focused()


def test_a_player_that_does_not_load_says_so(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    page = desk.window()
    choose(page, "Hidden")
    item = sandbox.find(is_film)
    item_page(page, item)
    sandbox.fault(method="GET", path="^/v2/[^/]+$", status=403, body={"error": "Link expired"}, times=None)
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("^full")))
    card.get_by_role("button", name="Show full").click()
    expect(card.get_by_text("This couldn't be loaded.")).to_be_visible()
    sandbox.reset()
    card.get_by_role("link", name="Refresh").click()
    expect(card.get_by_role("button", name="Show full")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_long_label_and_odd_values_fit(desk: Desk, sandbox: Sandbox, width: int) -> None:
    item = sandbox.find(lambda item: item["type"] == "image" and stored(item))
    media = {"x" * 300: {**item["media"]["thumb"], "sizeBytes": 1024.5, "expiresAt": 1_796_000_000}}
    odd = {**item, "media": media}
    sandbox.fault(method="GET", path=f"/media/{item['id']}$", body=odd, times=None)
    sandbox.fault(method="GET", path="/media$", body={"items": [odd]}, times=None)
    page = desk.window(path="", viewport={"width": width, "height": 900})
    here = f"/c/studio-a/media/{item['id']}/"
    for address in ("/c/studio-a/media/", here, f"{here}delete/"):
        page.goto(address)
        expect(page.get_by_text(re.compile("Odd value|could not be read")).first).to_be_visible()
        assert widest(page) == 0, address


@pytest.mark.parametrize("kind", ["picture", "player"])
def test_what_was_revealed_in_hidden_mode_is_taken_back(desk: Desk, sandbox: Sandbox, kind: str) -> None:
    page = desk.window()
    choose(page, "Hidden")
    page.clock.install()
    item_page(page, sandbox.find(is_film))
    label = "thumb" if kind == "picture" else "full"
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile(f"^{label}")))
    card.get_by_role("button", name=f"Show {label}").click()
    shown = card.locator("img, video")
    expect(shown).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(shown).to_have_count(0)
    expect(card.get_by_role("button", name=f"Show {label}")).to_be_visible()


def test_open_and_copy_link_come_by_a_press_each(page: Page, sandbox: Sandbox) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    item = sandbox.find(lambda item: item["type"] == "image" and stored(item, "full"))
    item_page(page, item)
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("^full")))
    assert f"{sandbox.url}/v2/" not in card.inner_html()
    card.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    expect(card.get_by_role("link", name="Open")).to_have_attribute("href", copied)
    expect(card.get_by_role("button", name="Copy link")).to_be_focused()
    assert copied.startswith(f"{sandbox.url}/v2/")
    page.reload()
    with page.context.expect_page() as opened:
        card.get_by_role("button", name="Open").click()
    expect(card.get_by_role("link", name="Open")).to_have_attribute("href", opened.value.url)
    assert opened.value.url.startswith(f"{sandbox.url}/v2/")
    opened.value.close()


def test_what_no_page_showed_is_refused_in_words(page: Page, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    item = sandbox.find(is_film)
    choose(page, "Hidden")
    thumb = row_of(page, item["id"]).get_by_role("link", name="Show thumb")
    page.locator("[data-shown]").evaluate("list => { list.dataset.shown = 'x' }")
    thumb.click()
    refused = page.get_by_role("alert").filter(has_text="Nothing was revealed")
    expect(refused).to_contain_text("Open the item, then press again")
    expect(thumb).to_be_visible()


@pytest.mark.parametrize("place", ["list", "item"])
def test_a_page_that_is_open_for_long_reveals_what_the_item_shows_now(
    page: Page, sandbox: Sandbox, console: Console, place: str
) -> None:
    console.expect_refusals()
    item = sandbox.find(is_film)
    choose(page, "Hidden")
    if place == "item":
        item_page(page, item)
    row = row_of(page, item["id"]) if place == "list" else page.get_by_role("listitem")
    sent: list[str] = []

    def refuse_once(route: Route) -> None:
        sent.append(str(route.request.post_data))
        if len(sent) > 1:
            return route.continue_()
        return route.fulfill(status=422, headers={"X-Request-ID": "r"}, body="<p>open for long</p>")

    page.route("**/reveal/", refuse_once)
    row.get_by_role("link" if place == "list" else "button", name="Show thumb").click()
    page.wait_for_function(LOADED, arg=row.get_by_role("img", name=re.compile("thumb")).element_handle())
    expect(page.get_by_text("open for long")).to_have_count(0)
    assert len(sent) == 2
    assert ("listed" in sent[0], "listed" in sent[1]) == (place == "list", False)
