"""Taking the list away in a browser: from the dialog at once, or by way of the worker and the job's page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.program import Sandbox

pytestmark = pytest.mark.browser


def asked(page: Page) -> None:
    page.get_by_role("link", name="Export…").click()
    expect(page.get_by_role("heading", name="Export media of Studio A")).to_be_focused()


def ids_in(file: Path) -> list[str]:
    return [json.loads(line)["media_id"] for line in file.read_text().splitlines()]


def test_download_now_leaves_the_list_as_it_is(page: Page, sandbox: Sandbox) -> None:
    asked(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON Lines").click()
    assert download.value.suggested_filename.endswith(".jsonl")
    assert ids_in(download.value.path())[:50] == [item["id"] for item in sandbox.items()]
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Export…")).to_be_focused()


def test_prepared_by_the_worker_with_script_off_too(desk: Desk, sandbox: Sandbox) -> None:
    for javascript in (True, False):
        page = desk.window("viewer", "/c/studio-a/media/?type=video", java_script_enabled=javascript)
        page.get_by_role("link", name="Export…").click()
        page.get_by_role("button", name="Prepare JSON Lines").click()
        taken = page.get_by_role("link", name="Download JSON Lines")
        if not javascript:  # nothing reads the page again by itself
            for _ in range(40):
                if taken.count():
                    break
                page.wait_for_timeout(500)
                page.reload()
        expect(taken).to_be_visible()
        with page.expect_download() as download:
            taken.click()
        videos = [item["id"] for item in sandbox.items() if item["type"] == "video"]
        assert ids_in(download.value.path())[: len(videos)] == videos
