"""What stops people, and what was found broken, for pictures; `past_brakes.py` writes what stands behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from playwright.sync_api import Page

from tests.browser.numbers import RUN_LEFT_ALONE
from tests.browser.program import Sandbox, settled
from tests.browser.sibling import MFA_IS_ASKED_FOR, NO_WRITES

S = TypeVar("S")

LIMITS: Final = {
    "DASHBOARD_MAX_DELETIONS_PER_HOUR": "600",
    "DASHBOARD_MAX_BULK_ITEMS_PER_DAY": "20000",
    "DASHBOARD_MAX_REVEALS_PER_HOUR": "300",
    "DASHBOARD_MAX_EXPORTS_PER_HOUR": "20",
    "DASHBOARD_MAX_LOOKUP_IDS_PER_HOUR": "20000",
}
SMALL: Final = "/c/studio-a/media/?limit=10"
AUDIT: Final = "/audit/"


def brake_scenes(
    scene: Callable[..., S], press: Callable[..., Any], in_turn: Callable[..., Any], sandbox: Sandbox
) -> dict[str, S]:
    """By name; the arguments are those of the pictures."""
    item = sandbox.find(lambda one: one["type"] == "image" and settled(one) and len(one["media"]) > 2)["id"]
    here = f"/c/studio-a/media/{item}/"
    ask, purge = press(".delete", "dialog[open]"), press("a.danger-line", "dialog[open]")
    refused = "dialog .problem"

    def blur(page: Page) -> None:
        press("[popovertarget=media-menu]")(page)
        press("[value=blurred]")(page)
        page.wait_for_load_state("networkidle")

    def purge_meanwhile(page: Page) -> None:
        purge(page)
        page.fill("#ticket", "LEGAL-91")
        page.fill("#typed", "Studio A")
        for one in sandbox.items()[:20]:
            sandbox.delete(one["id"])
        press("dialog .danger", "#error-impact")(page)

    def look_up(page: Page) -> None:
        page.fill("#ids", "4492994399")
        press("main form .button")(page)

    limit = {"before": "reach('deletions')", "after": "give_back()"}
    left_alone = {"before": "leave_alone()"}
    changed = {"before": "rename_outside('Creator B (moved)')", "after": "rename_outside()"}
    broken = {"before": "break_audit()", "after": "mend_audit()", "role": "admin"}
    return {
        "limit-dialog": scene(SMALL, act=in_turn(ask, press("dialog .danger", refused)), **limit),
        "limit-page": scene(f"{here}delete/", act=press("main .danger"), script=False, **limit),
        "limit-on-page": scene(f"{here}delete/", act=press("main .danger", ".problem"), **limit),
        "limit-reveal": scene(
            here, act=press("button.media.ask", "#notice .problem"), **{**limit, "before": "reach('reveals')"}
        ),
        "limit-export": scene(
            "/c/studio-a/export/now/?format=csv", **{**limit, "before": "reach('exports')"}
        ),
        "limit-lookup": scene(
            "/lookup/?connection=studio-a", act=look_up, **{**limit, "before": "reach('lookups')"}
        ),
        "limit-seen": scene(AUDIT, role="admin", before="reach_several()", after="give_back()"),
        "limit-lifted": scene(
            AUDIT, role="admin", act=press(".looks form .button", "#status:not(:empty)"), **limit
        ),
        "row-changed": scene("/c/creator-b/media/", **changed),
        "row-changed-chooser": scene("/?choose=1", **changed),
        "row-changed-admin": scene("/connections/", role="admin", **changed),
        "row-changed-change": scene("/connections/creator-b/", role="admin", **changed),
        "purge-changed": scene("/c/studio-a/", role="admin", act=purge_meanwhile),
        "job-left-alone": scene(f"/jobs/{RUN_LEFT_ALONE}/", role="admin", **left_alone),
        "job-left-alone-viewer": scene(f"/jobs/{RUN_LEFT_ALONE}/", role="viewer", **left_alone),
        "job-left-alone-seen": scene(AUDIT, role="admin", **left_alone),
        "sign-in-not-enough": scene(SMALL, role="", beside=MFA_IS_ASKED_FOR),
        "no-writes": scene(f"{here}delete/", act=press("main .danger"), script=False, beside=NO_WRITES),
        "no-writes-dialog": scene(
            SMALL, act=in_turn(ask, press("dialog .danger", refused)), beside=NO_WRITES
        ),
        "violations": scene(AUDIT, role="admin", before="block()", after="unblock()"),
        "reveal-no-script": scene(
            here, act=in_turn(choose_blurred, press("main button.media")), script=False, whole=True
        ),
        "link-no-script": scene(
            here, act=press(".fields-of button:has-text('Open')"), script=False, whole=True
        ),
        "link-given": scene(
            here,
            act=press(".fields-of button:has-text('Copy link')", ".fields-of a:has-text('Open')"),
            whole=True,
        ),
        "views-shared": scene("/views/", role="viewer"),
        "views-shared-menu": scene(
            "/c/studio-a/media/", role="viewer", act=press("[popovertarget=views-menu]")
        ),
        "view-shared-delete": scene(
            "/views/", role="admin", act=press("tr:has-text('Everybody') td .button", "dialog[open]")
        ),
        "audit-broken": scene(AUDIT, **broken),
        "audit-broken-header": scene(SMALL, act=lambda page: (page.goto(AUDIT), page.goto(SMALL)), **broken),
    }


def choose_blurred(page: Page) -> None:
    """Without script the menu's button sends its form."""
    page.locator("[popovertarget=media-menu]").click()
    page.locator("[value=blurred]").click()
    page.wait_for_load_state()
