"""The overview and the scan in their states, for pictures; behind them stand the scans of `past_scans.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

S = TypeVar("S")


def scan_scenes(scene: Callable[..., S], press: Callable[..., Any]) -> dict[str, S]:
    """By name; `scene` and `press` are those of the pictures."""
    ask = press("a.danger-line", "dialog[open]")
    return {
        "overview": scene("/c/creator-b/overview/", whole=True),
        "overview-running": scene(
            "/c/studio-a/overview/",
            act=press("#scan button", "#scan.running"),
            fault={"path": r"/media\?", "latency_ms": 9000},
        ),
        "overview-never": scene("/c/archive-c/overview/"),
        "connection-scanned": scene("/c/creator-b/", role="admin"),
        "purge-scanned": scene("/c/creator-b/", role="admin", act=ask),
        "purge-scanned-page": scene("/c/creator-b/purge/", role="admin", whole=True),
    }
