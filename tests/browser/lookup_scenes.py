"""Look-ups in their states, for pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from playwright.sync_api import Page

S = TypeVar("S")


def lookup_scenes(scene: Callable[..., S], ids: Sequence[str]) -> dict[str, S]:
    """By name; `scene` is that of the pictures, `ids` are of items that are cached."""
    some = [
        *ids[:6],
        "4492994399",
        "4492994301",
        "4492994400",
        *ids[:2],
        *ids[6:9],
        "4492994302",
        "4492994401",
    ]
    odd = ["4.49E+09", "4492994399.0", "https://media.ofauth.com/v2/eyJhbGciOi", "a@b"]
    every = "\n".join([*some, *odd])
    others = [str(4_500_000_000 + number) for number in range(103)]
    many = "\n".join([*some, *odd, *others, *ids[9:16]])  # whichever batch is refused, some are found
    refused = {"path": "/batch$", "status": 400, "body": {"error": "Too many requests"}, "times": 1}
    key = {"path": "/batch$", "status": 403, "body": {"error": "Invalid API key"}, "times": None}

    def typed(text: str, then: str = "#count b") -> Callable[[Page], object]:
        def act(page: Page) -> None:
            page.fill("#ids", text)
            page.locator(then).first.wait_for()

        return act

    def sent(text: str, then: str = "#result", *, everywhere: bool = False) -> Callable[[Page], object]:
        def act(page: Page) -> None:
            if everywhere:
                page.check("[name=everywhere]")
            page.fill("#ids", text)
            page.fill("#ticket", "ZD-4711")
            page.locator(".send button").click()
            page.locator(then).first.wait_for()

        return act

    here = "/lookup/?connection=studio-a"
    return {
        "lookup": scene(here),
        "lookup-typed": scene(here, act=typed(every)),
        "lookup-bad": scene(here, act=sent("4.49E+09\na@b", "#error-ids")),
        "lookup-result": scene(here, act=sent(many), fault=refused, whole=True),
        "lookup-everywhere": scene(here, act=sent(every, everywhere=True)),
        "lookup-key": scene(here, act=sent(every), fault=key),
        "lookup-none": scene("/lookup/5e771ed0-0000-4000-8000-00000000dead/"),
    }
