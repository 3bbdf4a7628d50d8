"""axe finds nothing on any page or dialog, in any state: light and dark, wide and narrow."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDE, Console, Desk
from tests.browser.numbers import DONE, RUN_DONE, RUN_HALF_WAY, RUN_RESTING, TRIED, UNRESOLVED
from tests.browser.program import Item, Sandbox, stored

pytestmark = pytest.mark.browser

NARROW = {"width": 360, "height": 740}
FEW = "/c/studio-a/media/?limit=8"


# What passes would be said at length, too, which costs as much as finding out on a small page.
RUN = "axe.run({resultTypes: ['violations'], reporter: 'no-passes'}).then(({violations}) => violations)"


def findings(page: Page) -> list[str]:
    """What axe finds, at both widths and in both schemes."""
    found = []
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for one in page.evaluate(RUN):
                nodes = "; ".join(f"{node['target']} {node['html'][:90]}" for node in one["nodes"][:5])
                found.append(f"{size['width']} {scheme}: {one['id']}: {one['help']}: {nodes}")
    return found


def film(sandbox: Sandbox) -> Item:
    return sandbox.find(lambda item: item["type"] == "video" and stored(item) and stored(item, "full"))


@pytest.mark.parametrize(
    "path",
    [
        "/?choose=1",
        "/?q=4492994399",
        "/?q=not+an+id",
        "/go?media=4492994399&ticket=ZD-1",
        "/go?media=4492994399&ticket=%00",
        "/go?media=4492994399&connection=nowhere",
        "/c/studio-a/media/4492994399/?ticket=ZD-1",
        FEW,
        "/c/studio-a/media/?status=stored&type=video&createdAtFrom=2020-01-01&sort=cachedAt_desc&limit=5",
        "/c/studio-a/media/?type=audio&contentType=image/gif",
        "/c/studio-a/media/?status=lost&createdAtFrom=yesterday&limit=9999",
        "/c/creator-b/media/?cursor=nobody-gave-this",
        "/c/archive-c/media/",
        "/c/studio-a/media/4492994399/",
        "/lookup/?connection=studio-a",
        "/lookup/5e771ed0-0000-4000-8000-00000000dead/",
        "/c/studio-a/",
        "/c/studio-a/purge/",
        "/c/creator-b/overview/",
        "/c/studio-a/overview/",
        "/c/creator-b/purge/",
        "/c/studio-a/export/?status=stored&sort=createdAt_asc",
        "/c/studio-a/export/?status=lost",
        "/connections/",
        "/connections/?kept=studio-a",
        "/connections/add/",
        "/connections/import/",
        "/connections/studio-a/",
        "/connections/studio-a/archive/",
        "/audit/",
        "/audit/?ticket=ZD-4711&connection=studio-a&steps=all&from=2026-01-01",
        "/audit/?ticket=ZD-1&verb=purge",
        "/audit/?verb=x&from=soon",
        "/audit/1/",
        f"/audit/?job={RUN_DONE}",
        "/audit/4/",
        f"/removals/{DONE}/",
        f"/removals/{TRIED}/",
        f"/removals/{UNRESOLVED}/",
        f"/removals/{UNRESOLVED}/close/",
        "/c/studio-a/tray/",
        "/c/studio-a/jobs/",
        f"/jobs/{RUN_HALF_WAY}/",
        f"/jobs/{RUN_RESTING}/",
        f"/jobs/{RUN_DONE}/?outcome=failed",
        "/c/nowhere/media/",
        "/keys/",
        "/views/",
        "/c/studio-a/stuck/",
        "/c/archive-c/stuck/",
        "/c/creator-b/expiring/",
        "/c/archive-c/expiring/",
        "/views/add/?connection=studio-a&status=stored&sort=createdAt_desc",
        "/styleguide/",
        "/nowhere/",
    ],
)
def test_pages(desk: Desk, past: None, console: Console, path: str) -> None:
    console.expect_refusals()
    assert findings(desk.window("admin", path)) == []


def test_sign_in(desk: Desk) -> None:
    assert findings(desk.window("", "/sign-in/")) == []


def test_not_permitted(desk: Desk, console: Console) -> None:
    console.expect_refusals()
    assert findings(desk.window("viewer", "/c/studio-a/purge/")) == []


def test_look_up(desk: Desk, sandbox: Sandbox, console: Console, past: None) -> None:
    """The form with its count, refused, and a result with all four groups."""
    console.expect_refusals()
    page = desk.window("operator", "/lookup/?connection=studio-a")
    page.get_by_label("IDs, or links").fill("4.49E+09")
    expect(page.locator("#count b")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Look up IDs").click()
    expect(page.get_by_text("None of this is a media ID")).to_be_visible()
    assert findings(page) == []
    sandbox.fault(path="/batch$", status=400)
    known = [film(sandbox)["id"], "4492994399", "a@b"]
    page.get_by_label("IDs, or links").fill(" ".join([*known, *map(str, range(100)), *known]))
    page.get_by_role("button", name="Look up IDs").click()
    expect(page.get_by_role("list", name="Failed")).to_be_visible()
    assert findings(page) == []


def test_grid(desk: Desk) -> None:
    page = desk.window(path=FEW)
    page.get_by_role("button", name="Grid").click()
    assert findings(page) == []


@pytest.mark.parametrize("layout", ["Table", "Grid"])
def test_what_is_selected_and_its_review(desk: Desk, layout: str) -> None:
    page = desk.window(path=FEW)
    page.get_by_role("button", name=layout).click()
    page.get_by_role("checkbox", name="Select all on this page").check()
    expect(page.get_by_role("region", name="Selected")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("link", name="Review and delete…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("items of Studio A")
    assert findings(page) == []


@pytest.mark.parametrize("mode", ["Shown", "Blurred", "Hidden"])
def test_item(desk: Desk, sandbox: Sandbox, mode: str) -> None:
    page = desk.window("operator", f"/c/studio-a/media/{film(sandbox)['id']}/")
    page.get_by_role("button", name=re.compile("^Media:")).click()
    page.get_by_role("button", name=re.compile(f"^{mode}")).click()
    expect(page.locator("html")).to_have_attribute("data-media", mode.lower())
    assert findings(page) == []


def test_item_of_a_ticket(desk: Desk, sandbox: Sandbox) -> None:
    assert findings(desk.window("operator", f"/c/studio-a/media/{film(sandbox)['id']}/?ticket=ZD-1")) == []


def test_item_in_several_connections(desk: Desk, sandbox: Sandbox) -> None:
    found: Item = {"id": "449", "type": "image", "duration": None, "media": {}}
    sandbox.fault(path="/media/449$", body=found, times=2)
    page = desk.window("operator", "/go?media=449")
    expect(page.get_by_role("list", name="Found in")).to_be_visible()
    assert findings(page) == []


def test_item_with_variants_that_wait(desk: Desk, sandbox: Sandbox) -> None:
    item = sandbox.find(lambda item: item["media"].get("full", {}).get("status") == "edge_only")
    assert findings(desk.window("operator", f"/c/studio-a/media/{item['id']}/")) == []


def test_removed_item_and_tombstone_row(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    item = film(sandbox)
    page = desk.window("operator", FEW)
    delete = page.get_by_role("link", name=f"Delete item {item['id']}…")
    delete.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete")).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert findings(page) == []
    page.goto(f"/c/studio-a/media/{item['id']}/")
    assert findings(page) == []


def test_key_refused(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    sandbox.fault(path="/media", status=403, times=None, body={"error": "Invalid API key"})
    assert findings(desk.window("operator", FEW)) == []


def test_service_in_trouble(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    console.expect_refusals()
    page = desk.window("operator", FEW)
    sandbox.fault(path="/media", status=500, times=None)
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(page.get_by_role("alert").get_by_role("heading")).to_be_visible()
    assert findings(page) == []
    page.goto(FEW)
    assert findings(page) == []


def in_delete_dialog(page: Page) -> None:
    page.goto(FEW)
    page.get_by_role("link", name=re.compile("^Delete item")).first.click()


def on_delete_page(page: Page) -> None:
    page.goto(FEW)
    href = page.get_by_role("link", name=re.compile("^Delete item")).first.get_attribute("href")
    page.goto(str(href))


def in_purge_dialog(page: Page) -> None:
    page.goto("/c/studio-a/")
    page.get_by_role("link", name="Purge…").click()


def in_purge_dialog_refused(page: Page) -> None:
    in_purge_dialog(page)
    page.get_by_role("button", name=re.compile("^Purge ")).click()
    expect(page.get_by_label("Type Studio A")).to_have_attribute("aria-invalid", "true")


def in_purge_receipt(page: Page) -> None:
    in_purge_dialog(page)
    page.get_by_label("Type Studio A").fill("Studio A")
    page.get_by_role("button", name=re.compile("^Purge ")).click()
    expect(page.get_by_role("heading", name=re.compile("^Purged"))).to_be_visible()


@pytest.mark.parametrize(
    "open_it",
    [in_delete_dialog, on_delete_page, in_purge_dialog, in_purge_dialog_refused, in_purge_receipt],
)
def test_questions(desk: Desk, console: Console, open_it: Callable[[Page], None]) -> None:
    console.expect_refusals()
    page = desk.window("admin", path="")
    open_it(page)
    expect(page.get_by_role("heading", level=1).last).to_be_visible()
    assert findings(page) == []


def test_menus(desk: Desk) -> None:
    page = desk.window("operator", FEW)
    for name in (
        re.compile("^Connection:"),
        re.compile("^Media:"),
        re.compile("account$"),
        re.compile("^Views$"),
    ):
        page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
        page.get_by_role("button", name=name).click()
        assert findings(page) == []
        page.keyboard.press("Escape")
