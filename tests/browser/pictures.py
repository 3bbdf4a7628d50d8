"""Pictures of every page and state to be looked at: `python -m tests.browser.pictures FOLDER [NAME…]`.

Each in light and dark, at 360, 768 and 1440 px, as FOLDER/NAME-WIDTH-THEME.png. With `docs` as the folder,
only those that the README shows.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.audit_scenes import audit_scenes
from tests.browser.brake_scenes import LIMITS, brake_scenes
from tests.browser.connection_scenes import connection_scenes
from tests.browser.export_scenes import export_scenes
from tests.browser.lookup_scenes import lookup_scenes
from tests.browser.program import Program, Sandbox, settled, stored
from tests.browser.scan_scenes import scan_scenes
from tests.browser.selection_scenes import selection_scenes
from tests.browser.sibling import Sibling
from tests.browser.view_scenes import view_scenes
from tests.chromium import find_chromium

FLAGS: Final = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
WIDTHS: Final = {360: 740, 768: 900, 1440: 900}
THEMES: Final = ("light", "dark")

SIBLINGS: Final[dict[str, Sibling]] = {}
"""The servers beside the demo that were started so far, by their kind."""

SOUGHT: Final = "/go?media=4492994399&ticket=ZD-123"
FOUND: Final[dict[str, object]] = {"id": "4492994399", "type": "video", "duration": 72.0, "media": {}}
SLOW: Final[dict[str, object]] = {
    "path": "/media/4492994399$",
    "status": 404,
    "latency_ms": 1500,
    "times": None,
}


@dataclass(frozen=True)
class Scene:
    """A page in a state: who looks, at what, after which fault, and what they do there."""

    path: str
    role: str = "operator"
    act: Callable[[Page], object] | None = None
    fault: dict[str, object] | None = None
    whole: bool = False
    crowded: bool = False
    """With twenty more connections, and pictured while it is still at work."""
    before: str = ""
    """What is called of `past_brakes` before its pictures, and `after` them."""
    after: str = ""
    beside: str = ""
    """The kind of sibling that serves it in place of the demo."""
    script: bool = True


def press(selector: str, then: str = "") -> Callable[[Page], object]:
    def act(page: Page) -> None:
        page.locator(selector).first.click()
        if then:
            page.locator(then).first.wait_for()

    return act


def wait_for(text: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_text(text).first.wait_for()


def lose_session(page: Page) -> None:
    page.context.clear_cookies(name="demo-session")


def in_turn(*acts: Callable[[Page], object]) -> Callable[[Page], object]:
    return lambda page: [act(page) for act in acts]


def scenes(sandbox: Sandbox) -> dict[str, Scene]:
    item = sandbox.find(lambda one: one["type"] == "video" and stored(one) and settled(one))["id"]
    moving = sandbox.find(lambda one: not settled(one))["id"]
    listed, small = "/c/studio-a/media/", "/c/studio-a/media/?limit=10"
    ask = press(".delete", "dialog[open]")
    purge = press("a.danger-line", "dialog[open]")
    return {
        "sign-in": Scene("/sign-in/", role=""),
        "chooser": Scene("/?choose=1"),
        "search-bad": Scene("/?q=4.49E%2B09"),
        "list": Scene(listed),
        "list-filtered": Scene(
            f"{listed}?status=stored&type=image&sort=createdAt_desc&createdAtFrom=2025-01-01"
        ),
        "grid": Scene(listed, act=press("button[value=grid]")),
        "list-blurred": Scene(
            listed, act=in_turn(press("[popovertarget=media-menu]"), press("[value=blurred]"))
        ),
        "list-hidden": Scene(
            listed, act=in_turn(press("[popovertarget=media-menu]"), press("[value=hidden]"))
        ),
        "list-hide-all": Scene(listed, act=press("[data-hide-all]")),
        "list-empty": Scene("/c/archive-c/media/"),
        "list-no-match": Scene(f"{listed}?type=audio&contentType=image/none"),
        "list-bad": Scene(f"{listed}?status=gone&durationMin=x&createdAtFrom=soon"),
        "list-stale": Scene(f"{listed}?cursor=elsewhere"),
        "list-down": Scene(listed, fault={"status": 502, "times": None}),
        "list-key": Scene(listed, fault={"status": 403, "body": {"error": "Unauthorized"}, "times": None}),
        "item": Scene(f"{listed}{item}/", whole=True),
        "item-moving": Scene(f"{listed}{moving}/", whole=True),
        "item-not-cached": Scene(f"{listed}4492994399/"),
        "item-malformed": Scene(f"{listed}a%2Fb/"),
        "delete": Scene(small, act=ask),
        "delete-page": Scene(f"{listed}{moving}/delete/"),
        "deleted": Scene(small, act=in_turn(ask, press("dialog .danger", ".row.tombstone"))),
        "not-removed": Scene(
            small,
            act=in_turn(ask, press("dialog .danger", "#deleted")),
            fault={
                "method": "DELETE",
                "status": 200,
                "body": {"success": False, "mediaId": "", "freedBytes": 0},
            },
        ),
        "connection": Scene("/c/studio-a/", role="admin"),
        "purge": Scene("/c/studio-a/", role="admin", act=purge),
        "purge-wrong": Scene(
            "/c/studio-a/",
            role="admin",
            act=in_turn(
                purge, lambda page: page.fill("#typed", "studio a"), press("dialog .danger", "dialog .error")
            ),
        ),
        "purged": Scene(
            "/c/studio-a/",
            role="admin",
            act=in_turn(
                purge, lambda page: page.fill("#typed", "Studio A"), press("dialog .danger", "#purged")
            ),
        ),
        "ticket-item": Scene(f"{listed}{item}/?ticket=ZD-123"),
        "ticket-gone": Scene(f"{listed}4492994399/?ticket=ZD-123"),
        "ticket-delete": Scene(f"{listed}{item}/?ticket=ZD-123", act=press("a.danger-line", "dialog[open]")),
        "ticket-removed": Scene(
            f"{listed}{item}/?ticket=ZD-123",
            act=in_turn(press("a.danger-line", "dialog[open]"), press("dialog .danger", "#item.gone")),
        ),
        "session-ended": Scene(
            small, act=in_turn(ask, lose_session, press("dialog .danger", "dialog .problem"))
        ),
        "go-several": Scene(
            SOUGHT,
            act=wait_for("Found in several"),
            fault={"path": "/media/4492994399$", "body": FOUND, "times": 2},
        ),
        "go-failed": Scene(SOUGHT, act=wait_for("could not be asked"), fault={"status": 500, "times": 4}),
        "go-none": Scene(SOUGHT, act=wait_for("In none of")),
        "go-bad": Scene("/go?media=4.49E%2B09"),
        "go-bad-ticket": Scene("/go?media=4492994399&ticket=%00"),
        "go-unknown": Scene("/go?media=4492994399&connection=nowhere&ticket=ZD-123"),
        "go-asking": Scene(SOUGHT, act=wait_for("8 of 23"), fault=SLOW, crowded=True),
        "go-stopped": Scene(
            SOUGHT, act=in_turn(wait_for("8 of 23"), press("[data-stop]")), fault=SLOW, crowded=True
        ),
        "go-none-of-many": Scene(
            SOUGHT, act=wait_for("In none of"), fault={**SLOW, "latency_ms": 0}, crowded=True
        ),
        "not-permitted": Scene("/c/studio-a/purge/", role="viewer"),
        "not-found": Scene("/nowhere"),
        "menus": Scene(listed, act=press("[popovertarget=account-menu]")),
        "switcher": Scene(listed, act=press("[popovertarget=switcher]")),
        "styleguide": Scene("/styleguide/", whole=True),
        **audit_scenes(Scene, press),
        **export_scenes(Scene, press, in_turn, wait_for),
        **scan_scenes(Scene, press),
        **selection_scenes(Scene),
        **view_scenes(Scene, press),
        **lookup_scenes(Scene, [one["id"] for one in sandbox.items() if stored(one)]),
        **connection_scenes(Scene, press, in_turn),
        **brake_scenes(Scene, press, in_turn, sandbox),
    }


def take(browser: Browser, program: Program, scene: Scene, file: Path, width: int, theme: str) -> None:
    """One picture, of a window of its own, with the service as new."""
    program.sandbox.reset()
    server = SIBLINGS.get(scene.beside)
    window: dict[str, Any] = {
        "base_url": server.url if server else program.url,
        "extra_http_headers": server.headers if server else {},
        "viewport": {"width": width, "height": WIDTHS[width]},
        "color_scheme": theme,
        "java_script_enabled": scene.script,
    }
    context = browser.new_context(**window)
    page = context.new_page()
    page.goto("/sign-in/" if scene.role else scene.path)
    if scene.role:
        page.get_by_role("button", name=scene.role).click()
        while program.breaker() != "closed":  # a scene before this one may have had no answers
            page.request.get("/c/studio-a/media/")
            time.sleep(0.5)
        if scene.fault:
            program.sandbox.fault(**scene.fault)
        page.goto(scene.path)
    if not scene.crowded:
        page.wait_for_load_state("networkidle")
    if scene.act:
        scene.act(page)
    if not scene.crowded:
        page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.screenshot(path=file, full_page=scene.whole, animations="disabled")
    if (over := page.evaluate("document.documentElement.scrollWidth")) > width:
        print(f"{file.name}: {over} px wide, more than its window")
    context.close()


def take_all(browser: Browser, program: Program, scene: Scene, folder: Path, name: str) -> None:
    """Take the six pictures of a scene, each in the past that it needs."""
    for width in WIDTHS:
        for theme in THEMES:
            if scene.before:
                program.recall(scene.before)
            take(browser, program, scene, folder / f"{name}-{width}-{theme}.png", width, theme)
    if scene.after:
        program.recall(scene.after)


def main(folder: Path, chosen: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        program = Program(Path(scratch), "shown", **LIMITS).wait()
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            known = scenes(program.sandbox)
            program.manage("shell", "-c", "from tests.browser import past; past.write()")
            crowd: list[str] = []
            if folder.name == "docs":
                for name, theme in (
                    ("list", "light"),
                    ("item", "light"),
                    ("delete", "light"),
                    ("grid", "dark"),
                    ("ticket-item", "light"),
                    ("audit", "light"),
                    ("overview", "light"),
                ):
                    file = folder / f"{name}{'-dark' if theme == 'dark' else ''}.png"
                    take(browser, program, known[name], file, 1440, theme)
            else:
                for name in sorted(chosen or known, key=lambda name: known[name].crowded):
                    if known[name].crowded and not crowd:
                        crowd = [f"creator-{number:02}" for number in range(20)]
                        for slug in crowd:
                            label = slug.replace("-", " ").capitalize()
                            program.manage("connection", "add", slug, f"conn_{slug:x<24}", "--label", label)
                    kind = known[name].beside
                    if kind and kind not in SIBLINGS:
                        SIBLINGS[kind] = Sibling(program, Path(scratch), kind).wait()
                    take_all(browser, program, known[name], folder, name)
            browser.close()
        finally:
            for sibling in SIBLINGS.values():
                sibling.stop()
            program.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
