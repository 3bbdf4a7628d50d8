"""Narrow windows, 400 % zoom, the dark scheme and less motion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Program, Sandbox, settled
from tests.browser.seen import ids, row_of, widest

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 640}
ZOOMED = {"width": 320, "height": 256}  # 1280 by 1024 at 400 %


def paths(sandbox: Sandbox) -> list[str]:
    """Every page there is, and the states that are laid out differently."""
    item = f"/c/studio-a/media/{sandbox.find(settled)['id']}/"
    return [
        "/?choose=1",
        "/?q=4492994399",
        "/?q=not+an+id",
        "/c/studio-a/media/",
        "/c/studio-a/media/?status=stored&type=video&createdAtFrom=2020-01-01&sort=cachedAt_desc",
        "/c/studio-a/media/?type=audio&contentType=image/gif",
        "/c/studio-a/media/?status=lost&createdAtFrom=yesterday",
        "/c/archive-c/media/",
        item,
        f"{item}delete/",
        "/c/studio-a/media/4492994399/",
        "/lookup/",
        "/c/studio-a/",
        "/c/studio-a/purge/",
        "/c/creator-b/overview/",
        "/c/studio-a/overview/",
        "/c/creator-b/purge/",
        "/c/studio-a/export/?status=stored&createdAtFrom=2020-01-01&sort=createdAt_asc",
        "/connections/?kept=studio-a",
        "/connections/add/",
        "/connections/import/",
        "/connections/studio-a/",
        "/connections/studio-a/archive/",
        "/c/studio-a/tray/",
        "/c/studio-a/jobs/",
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
        "/sign-in/",
    ]


@pytest.mark.parametrize("size", [PHONE, ZOOMED], ids=["360px", "400%"])
def test_no_page_scrolls_sideways(
    desk: Desk, past: None, sandbox: Sandbox, console: Console, size: dict[str, int]
) -> None:
    console.expect_refusals()
    page = desk.window("admin", path="", viewport=size)
    beyond = {}
    for path in paths(sandbox):
        page.goto(path)
        beyond[path] = widest(page)
    page.goto("/c/studio-a/media/")
    page.get_by_role("button", name="Grid").click()
    expect(page.locator("html")).to_have_attribute("data-layout", "grid")
    beyond["grid"] = widest(page)
    assert {path: px for path, px in beyond.items() if px > 0} == {}


def test_the_header_fits_every_window(desk: Desk, program: Program, past: None) -> None:
    """Also where it tells an admin that the audit is broken."""
    program.recall("break_audit()")
    try:
        page = desk.window("admin", "/audit/")
        page.goto("/c/studio-a/media/?limit=8")
        alarm, box = page.get_by_role("link", name="Audit broken"), page.get_by_role("searchbox")
        label = page.get_by_role("button", name=re.compile("^Connection: ")).locator(".pill")
        faults = {}
        for width in range(320, 1601, 20):
            page.set_viewport_size({"width": width, "height": 700})
            beyond, room = widest(page), (box.bounding_box() or {"width": 0})["width"]
            is_cut = label.evaluate("label => label.scrollWidth > label.clientWidth")
            if beyond or is_cut or not alarm.is_visible() or room < (200 if width > 1000 else 100):
                faults[width] = (beyond, is_cut, alarm.is_visible(), room)
        assert faults == {}
    finally:
        program.recall("mend_audit()")


def test_the_whole_job_on_a_phone(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window(viewport=PHONE, has_touch=True)
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Type", exact=True).select_option("Image")
    expect(page.get_by_role("link", name="Remove filter Type: Image")).to_be_visible()
    item = sandbox.item(ids(page)[2])
    row_of(page, item["id"]).get_by_role("link", name=re.compile("^Delete item")).click()
    dialog = page.get_by_role("dialog")
    button = dialog.get_by_role("button", name=re.compile("^Delete"))
    expect(button).to_be_in_viewport(ratio=1)
    expect(dialog.get_by_role("link", name="Cancel")).to_be_in_viewport(ratio=1)
    button.click()
    expect(dialog).to_be_hidden()
    expect(row_of(page, item["id"])).to_have_class(re.compile("tombstone"))
    assert widest(page) <= 0
    page.get_by_role("link", name="Remove filter Type: Image").click()
    page.get_by_role("link", name="Next 50").click()
    expect(page.get_by_text("End of the list")).to_be_visible()


def test_at_400_percent_the_dialog_can_be_used(desk: Desk, sandbox: Sandbox) -> None:
    page = desk.window("admin", "/c/studio-a/", viewport=ZOOMED)
    page.get_by_role("link", name="Purge…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type Studio A").fill("Studio A")
    expect(dialog.get_by_label("Type Studio A")).to_be_in_viewport()
    dialog.get_by_role("button", name="Purge Studio A").click()
    expect(dialog.get_by_role("heading", level=1)).to_contain_text("Purged Studio A")


@pytest.mark.parametrize(("scheme", "canvas"), [("dark", "rgb(13, 17, 23)"), ("light", "rgb(246, 247, 249)")])
def test_the_system_chooses_dark_or_light(desk: Desk, scheme: str, canvas: str) -> None:
    page = desk.window(color_scheme=scheme)
    expect(page.locator("html")).to_have_css("background-color", canvas)


def test_with_less_motion_nothing_moves(desk: Desk) -> None:
    page: Page = desk.window(reduced_motion="reduce")
    expect(page.get_by_role("table")).to_be_visible()
    page.get_by_label("Type", exact=True).select_option("Video")
    expect(page.get_by_role("link", name="Remove filter Type: Video")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
    page.get_by_role("link", name=re.compile("^Delete item")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_targets_are_large_enough(page: Page) -> None:
    """A box is pressed anywhere on its label, which is what is measured of it."""
    small = page.evaluate(
        "() => [...document.querySelectorAll('main a, main button, main select, main input, header button')]"
        ".filter((one) => one.checkVisibility())"
        ".map((one) => [one, (one.closest('label') ?? one).getBoundingClientRect()])"
        ".filter(([one, box]) => box.width && (box.width < 24 || box.height < 24))"
        ".filter(([one]) => !one.closest('.vh, th, p'))"
        ".map(([one, box]) => `${one.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"
    )
    assert small == []
