"""The audit's pages in their states, for pictures; behind them stands the past that `past.py` writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tests.browser.numbers import DONE, OUT, RUN_DONE, TRIED, UNRESOLVED

S = TypeVar("S")


def audit_scenes(scene: Callable[..., S], press: Callable[..., Any]) -> dict[str, S]:
    """By name; `scene` and `press` are those of the pictures."""
    close = press("a:has-text('Close…')", "dialog[open]")
    return {
        "audit": scene("/audit/", role="admin", whole=True),
        "audit-viewer": scene("/audit/", role="viewer"),
        "audit-filtered": scene("/audit/?ticket=ZD-4711&connection=studio-a&steps=all&from=2026-01-01"),
        "audit-none": scene("/audit/?ticket=ZD-1&verb=purge"),
        "audit-bad": scene("/audit/?verb=x&from=soon&actr=omar"),
        "audit-run": scene(f"/audit/?job={RUN_DONE}", whole=True),
        "audit-run-event": scene("/audit/29/"),
        "audit-event": scene("/audit/4/", whole=True),
        "audit-event-other": scene("/audit/1/", role="admin"),
        "removal-done": scene(f"/removals/{DONE}/", whole=True),
        "removal-tried": scene(f"/removals/{TRIED}/"),
        "removal-out": scene(f"/removals/{OUT}/"),
        "removal-unresolved": scene(f"/removals/{UNRESOLVED}/", role="admin", whole=True),
        "removal-close": scene(f"/removals/{UNRESOLVED}/", role="admin", act=close),
        "removal-close-bad": scene(
            f"/removals/{UNRESOLVED}/close/", role="admin", act=press("main form button:last-child")
        ),
        "removal-none": scene("/removals/5e771ed0-0000-4000-8000-00000000dead/"),
    }
