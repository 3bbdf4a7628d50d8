"""Text from outside of any length: wrapped or cut, and never wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Console, Desk
from tests.browser.program import Program, Sandbox, settled
from tests.browser.seen import widest

pytestmark = pytest.mark.browser

LONG_LABEL: Final = "L" * 300
RECORD: Final = "5e771ed0-0000-4000-8000-00000000106e"
WRITE_LONG_RECORD: Final = f"""
from tests.browser.past import BEFORE, carried_out
from dashboard.identity import Caller
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Removal
archive = Connection.objects.get(slug="archive-c")
archive.label = "N" * 100
archive.save()
omar = Caller(DEMO_PEOPLE["operator"], "192.0.2.17", "a" * 300, "7f3c9a")
before = {{**BEFORE, "variants": [{{**BEFORE["variants"][0], "label": {LONG_LABEL!r}}}]}}
said = dict(ticket="T" * 100, reason="r" * 1000, service_text="s" * 300, connection_label="N" * 100)
if not Removal.objects.filter(pk="{RECORD}"):
    carried_out(archive, omar, "{RECORD}", ("sent", "deleted"), media_id="4" * 100, before=before, **said)
"""
RESTORE: Final = """
from dashboard.models import Connection
archive = Connection.objects.get(slug="archive-c")
archive.label = "Archive C"
archive.save()
"""


@pytest.fixture
def long_item(sandbox: Sandbox) -> dict[str, Any]:
    """An item of which the service says far too much."""
    item = sandbox.find(settled)
    thumb = next(iter(item["media"].values()))
    said = {**thumb, "contentType": "image/" + "m" * 200, "quality": "q" * 300}
    long = {**item, "media": {LONG_LABEL: said, f"{LONG_LABEL}2": thumb, **item["media"]}}
    listed = {"items": [long], "nextCursor": None, "hasMore": False}
    sandbox.fault(method="GET", path=f"/media/{item['id']}", times=None, body=long)
    sandbox.fault(method="GET", path=r"/media(\?|$)", times=None, body=listed)
    sandbox.fault(method="POST", path="/batch", times=None, body={"items": [long], "errors": []})
    return long


@pytest.fixture
def long_record(program: Program) -> Iterator[str]:
    """The address of a removal of which people have said far too much; its connection's name is long."""
    program.manage("shell", "-c", WRITE_LONG_RECORD)
    yield f"/removals/{RECORD}/"
    program.manage("shell", "-c", RESTORE)


def wider(box: Locator) -> int:
    beyond: int = box.evaluate("(one) => one.scrollWidth - one.clientWidth")
    return beyond


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_long_text_makes_a_page_wider(
    desk: Desk, long_record: str, long_item: dict[str, Any], console: Console, width: int
) -> None:
    console.expect_refusals()
    page = desk.window("admin", path="", viewport={"width": width, "height": 800})
    item = f"/c/studio-a/media/{long_item['id']}/"
    archive = [f"/c/archive-c/{part}" for part in ("", "media/", "purge/", "overview/", "jobs/", "export/")]
    tombstone = f"/c/archive-c/media/{'4' * 100}/?ticket={'T' * 100}"
    beyond = {}
    for path in (
        *("/c/studio-a/media/", item, f"{item}?ticket={'T' * 100}", f"{item}delete/?ticket={'T' * 100}"),
        *(*archive, tombstone, long_record, "/audit/", f"/audit/?ticket={'T' * 100}", "/connections/"),
        *("/?choose=1", "/lookup/", "/connections/archive-c/", "/connections/archive-c/archive/"),
    ):
        page.goto(path)
        beyond[path] = widest(page)
    page.goto("/audit/")
    page.locator(".events .c-when a").first.click()
    expect(page.get_by_role("heading", name="Signature")).to_be_visible()
    beyond["event"] = widest(page)
    page.goto("/lookup/")
    page.get_by_label("IDs, or links that name them").fill(f"{long_item['id']} {'9' * 100}")
    page.locator(".tick", has_text="Studio A").get_by_role("checkbox").check()
    page.get_by_role("button", name="Look up IDs").click()
    expect(page.get_by_role("table")).to_be_visible()
    beyond["look-up"] = widest(page)
    page.goto("/c/studio-a/media/")
    page.get_by_role("link", name="Delete item").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    beyond["dialog"] = wider(dialog)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Grid").click()
    expect(page.locator("html")).to_have_attribute("data-layout", "grid")
    beyond["grid"] = max(widest(page), 0)
    page.get_by_role("checkbox", name=f"Select {long_item['id']}").click()
    page.get_by_role("link", name="Review and delete…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete 1 item")
    beyond["review"] = widest(page)
    assert {path: px for path, px in beyond.items() if px > 0} == {}
