"""Keys and saved views in their states, for pictures; behind them stand the views that `past.py` saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from playwright.sync_api import Page

S = TypeVar("S")
LIST = "/c/studio-a/media/"


def type_keys(*keys: str) -> Callable[[Page], object]:
    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def view_scenes(scene: Callable[..., S], press: Callable[..., Any]) -> dict[str, S]:
    """By name; `scene` and `press` are those of the pictures."""

    def save_dialog(page: Page) -> None:
        press("[popovertarget=views-menu]")(page)
        press(".menu-foot a", "dialog[open]")(page)

    def refused(page: Page) -> None:
        save_dialog(page)
        press("dialog button.button", "dialog .error")(page)

    return {
        "keys": scene(LIST, act=lambda page: (page.keyboard.press("?"), page.wait_for_selector("#keys"))),
        "keys-page": scene("/keys/"),
        "keys-row": scene(LIST, act=type_keys("j", "j", "j")),
        "keys-card": scene(
            LIST, act=lambda page: (press("button[value=grid]")(page), type_keys("j", "j")(page))
        ),
        "views-menu": scene(f"{LIST}?type=video&sort=duration_desc", act=press("[popovertarget=views-menu]")),
        "views-none": scene("/c/archive-c/media/", act=press("[popovertarget=views-menu]")),
        "view-add": scene(f"{LIST}?status=stored&createdAtFrom=2026-01-01&limit=25", act=save_dialog),
        "view-add-bad": scene(LIST, act=refused),
        "stuck": scene("/c/studio-a/stuck/"),
        "stuck-many": scene("/c/creator-b/stuck/", act=press("[popovertarget=views-menu]")),
        "stuck-none": scene("/c/archive-c/stuck/"),
        "expiring": scene("/c/creator-b/expiring/"),
        "expiring-unknown": scene("/c/archive-c/expiring/"),
        "views": scene("/views/", role="admin"),
        "view-delete": scene("/views/", role="admin", act=press("td .button", "dialog[open]")),
    }
