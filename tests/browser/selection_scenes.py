"""Selecting, the review and jobs in their states, for pictures; the jobs are those of `past_runs.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from playwright.sync_api import Page

from tests.browser.numbers import RUN_DONE, RUN_RESTING

S = TypeVar("S")
SLOW: Final = {"method": "DELETE", "latency_ms": 500, "times": None}


def select(page: Page) -> None:
    """Everything on the page, whatever the picture before this one has left."""
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.locator(".selection").wait_for()


def select_cards(page: Page) -> None:
    page.locator("button[value=grid]").click()
    select(page)


def review(page: Page) -> None:
    select(page)
    page.get_by_role("link", name="Review and delete…").click()
    page.get_by_label("Ticket").fill("ZD-4815")


def refused(page: Page) -> None:
    review(page)
    page.locator("#typed").fill("12")
    page.locator("#review .danger").click()
    page.locator("#error-typed").wait_for()


def half_way(page: Page) -> None:
    """A job that is being carried out, at a third; one that the picture before this has left is stopped."""
    while (running := page.locator("tr", has_text="Running")).count():
        running.first.get_by_role("link").first.click()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped", exact=True).wait_for()
        page.goto("/c/studio-a/jobs/")
    page.goto("/c/studio-a/media/?limit=50")
    review(page)
    page.locator("#typed").fill(page.locator("label[for=typed] b").inner_text())
    page.locator("#review .danger").click()
    page.locator("#show-deleted b").filter(has_text=re.compile(r"^1[5-9]|^[2-4]\d")).wait_for()


def selection_scenes(scene: Callable[..., S]) -> dict[str, S]:
    """By name; `scene` is that of the pictures."""
    few = "/c/studio-a/media/?limit=8"
    return {
        "selection": scene(few, act=select),
        "selection-grid": scene(few, act=select_cards),
        "review": scene(few, act=review, whole=True),
        "review-many": scene("/c/studio-a/media/?limit=50", act=review),
        "review-refused": scene("/c/studio-a/media/?limit=50", act=refused),
        "review-empty": scene("/c/archive-c/tray/"),
        "job-half-way": scene("/c/studio-a/jobs/", act=half_way, fault=SLOW),
        "job-paused": scene(f"/jobs/{RUN_RESTING}/", role="admin"),
        "job-receipt": scene(f"/jobs/{RUN_DONE}/"),
        "job-failed": scene(f"/jobs/{RUN_DONE}/?outcome=failed"),
        "jobs": scene("/c/studio-a/jobs/"),
    }
