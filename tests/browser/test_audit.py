"""The audit in a browser: filters in the address, a removal watched, closed and taken away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Desk
from tests.browser.numbers import OUT, TRIED, UNRESOLVED
from tests.browser.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("past")]

OUTCOMES = ".events .c-outcome .state"


@pytest.fixture
def audit(desk: Desk) -> Page:
    """An admin's window on the record."""
    return desk.window("admin", "/audit/")


def test_filters_stand_in_the_address_and_back_undoes_them(audit: Page) -> None:
    audit.get_by_label("Outcome").select_option("Rejected by the service")
    expect(audit).to_have_url(re.compile(r"/audit/\?outcome=rejected$"))
    expect(audit.locator(OUTCOMES).first).to_have_text("Rejected by the service")
    audit.get_by_role("textbox", name="Ticket").fill("nothing of the sort")
    audit.get_by_role("textbox", name="Ticket").press("Enter")
    expect(audit.get_by_role("heading", name="Nothing matches")).to_be_visible()
    audit.get_by_role("link", name="Drop “Ticket: nothing of the sort”").click()
    expect(audit).to_have_url(re.compile(r"/audit/\?outcome=rejected$"))
    audit.go_back()
    expect(audit).to_have_url(re.compile("ticket=nothing"))
    expect(audit.get_by_role("heading", name="Nothing matches")).to_be_visible()
    audit.wait_for_load_state("networkidle")  # it was loaded anew: going back again meanwhile would be lost
    audit.go_back()
    audit.get_by_role("link", name="Remove filter Outcome: Rejected by the service").click()
    expect(audit).to_have_url(re.compile("/audit/$"))


def test_older_and_newest(audit: Page) -> None:
    audit.goto("/audit/?limit=3&actor=Omar+Haddad")
    first = audit.locator(".events tbody tr").first.get_attribute("id")
    audit.get_by_role("link", name="Older 3").click()
    expect(audit).to_have_url(re.compile("before="))
    expect(audit.locator(f"#{first}")).to_have_count(0)
    audit.get_by_role("link", name="Newest").click()
    expect(audit.locator(f"#{first}")).to_have_count(1)


def test_times_are_in_the_readers_zone_with_utc_beside(desk: Desk) -> None:
    page = desk.window("viewer", "/audit/", timezone_id="Asia/Tokyo", locale="en-GB")
    expect(page.locator(".events time").first).to_contain_text(re.compile(r"GMT\+9 .* UTC$"))


def test_a_removal_that_is_out_is_watched_until_its_end(desk: Desk, program: Program) -> None:
    page = desk.window("operator", f"/removals/{OUT}/")
    expect(page.get_by_text("In progress · updates every 2 s")).to_be_visible()
    page.evaluate("window.stillHere = true")
    program.manage(
        "shell",
        "-c",
        "from dashboard import models as m; from dashboard.removals import ledger, recovery;"
        f"ledger.move(m.Removal.objects.get(pk='{OUT}'), m.RemovalState.NOT_REMOVED, recovery.RECONCILER)",
    )
    expect(page.get_by_role("heading", name="4492994491 was not removed")).to_be_visible()
    expect(page.get_by_text("updates every")).to_have_count(0)
    expect(page.get_by_role("link", name="Try again…")).to_be_visible()
    assert page.evaluate("window.stillHere")


def test_an_unresolved_one_is_closed_with_a_note(desk: Desk, console: Console, program: Program) -> None:
    console.expect_refusals()  # a note is needed: 422
    reports = "PolicyReport.objects.all().delete()"  # other tests have browsers report
    program.manage("shell", "-c", f"from dashboard.models import PolicyReport; {reports}")
    page = desk.window("admin", "/audit/?connection=studio-a")
    looks = page.get_by_role("region", name="Needs a look")
    looks.get_by_role("link", name="Close…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Close this removal by hand?")).to_be_focused()
    dialog.get_by_role("button", name="Close with this note").click()
    note = dialog.get_by_label("What did you find?")
    expect(note).to_be_focused()
    expect(note).to_have_attribute("aria-invalid", "true")
    note.fill("The vendor says it is gone.")
    dialog.get_by_role("button", name="Close with this note").click()
    expect(page).to_have_url(re.compile(f"/removals/{UNRESOLVED}/$"))
    expect(page.get_by_text("The vendor says it is gone.")).to_be_visible()
    page.goto("/audit/?connection=studio-a")
    expect(page.locator(OUTCOMES).first).to_have_text("Closed by hand")
    expect(looks).to_have_count(0)


def test_what_is_filtered_is_taken_away(audit: Page, tmp_path: Path) -> None:
    audit.goto("/audit/?ticket=ZD-4711")
    with audit.expect_download() as taken:
        audit.get_by_role("link", name="CSV").click()
    taken.value.save_as(tmp_path / "audit.csv")
    assert re.fullmatch(r"audit-\d{4}-\d\d-\d\d\.csv", taken.value.suggested_filename)
    lines = (tmp_path / "audit.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 5
    audit.goto("/audit/")
    expect(audit.locator(".events tbody .c-deed").first).to_have_text("Export of the audit")


def test_without_script(desk: Desk) -> None:
    page = desk.window("admin", "/audit/", java_script_enabled=False)
    page.get_by_role("textbox", name="Ticket").fill("ZD-4711")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".events tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Delete item 4492994399").last.click()
    expect(page).to_have_url(re.compile(f"/removals/{TRIED}/$"))
    page.get_by_role("link", name="Deleted, ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deleted 4492994399")
    page.locator(".steps a").first.click()
    expect(page.get_by_text("The line as it was signed")).to_be_visible()
    page.get_by_role("link", name="Step after").click()
    expect(page.get_by_role("link", name="Step before")).to_be_visible()
