"""A job's page beside a worker at work: it moves by itself, stops, rests and goes on, ends in a receipt."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Sandbox
from tests.browser.seen import Requests, widest

pytestmark = pytest.mark.browser


def begin(page: Page, count: int) -> None:
    """Select so many of the connection and have them deleted."""
    page.goto("/c/studio-a/media/?limit=100")
    boxes = page.get_by_role("checkbox", name=re.compile(r"^Select \S+$"))
    boxes.nth(0).click()
    boxes.nth(count - 1).click(modifiers=["Shift"])
    expect(page.get_by_role("region", name="Selected")).to_contain_text(f"{count} selected")
    page.get_by_role("link", name="Review and delete…").click()
    if count > 25:
        page.get_by_label(f"Type {count} to confirm").fill(str(count))
    page.get_by_role("button", name=f"Delete {count} items").click()
    page.wait_for_url("**/jobs/*/")


def test_it_moves_and_ends_in_a_receipt(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault(method="DELETE", hold=True, times=None)
    page = desk.window(path="")
    begin(page, 12)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Deleting 12 items of Studio A")
    sandbox.behave()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(heading).to_contain_text("Deleted 12 items of Studio A")
    expect(page).to_have_title("Deleted 12 items of Studio A · Vault+")
    expect(page.locator("#announcement")).to_contain_text("Done: 12 of 12 items")
    expect(page.get_by_label("The receipt as text")).to_have_value(re.compile("Deleted: 12\nFreed: "))
    requests = Requests(page)
    page.wait_for_timeout(3000)  # it is over: nothing is asked any more
    assert requests.urls() == []
    assert len(sandbox.calls("delete")) == 12


def test_stop(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.fault(method="DELETE", hold=True, times=None)
    page = desk.window(path="")
    begin(page, 20)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    sandbox.behave()
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 20 items of Studio A")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.locator("#show-left")).to_contain_text("0")
    expect(page.locator("#show-unknown")).to_contain_text("0")
    assert len(sandbox.calls("delete")) < 20


def test_a_refused_key_pauses_it_and_it_goes_on(desk: Desk, sandbox: Sandbox, console: Console) -> None:
    sandbox.fault(method="DELETE", status=403, times=2, body={"error": "Unauthorized"})
    page = desk.window(path="")
    begin(page, 6)
    expect(page.get_by_text("The service refused our key.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deleted 6 items of Studio A")
    assert widest(page) <= 0


def test_what_failed_is_tried_again_after_another_look(desk: Desk, sandbox: Sandbox) -> None:
    first = sandbox.items()[0]["id"]
    body = {"success": False, "mediaId": first, "freedBytes": 0}
    sandbox.fault(method="DELETE", path=f"/media/{first}$", body=body)
    page = desk.window(path="")
    begin(page, 3)
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    page.get_by_role("link", name="Failed 1").click()
    expect(page.get_by_role("heading", name="Failed: 1 item")).to_be_visible()
    page.get_by_role("button", name="Retry 1 item…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete 1 item of Studio A")
    page.get_by_role("button", name="Delete 1 item").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deleted 1 item of Studio A")
    expect(page.get_by_role("link", name="what failed on")).to_be_visible()
