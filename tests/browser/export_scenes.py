"""Taking the list away, in its states, for pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

S = TypeVar("S")


def export_scenes(scene: Callable[..., S], press: Callable[..., Any]) -> dict[str, S]:
    """By name; `scene` and `press` are those of the pictures."""
    filtered = "status=stored&type=video&createdAtFrom=2025-01-01&sort=createdAt_asc"
    ask = press("a:has-text('Export…')", "dialog[open]")
    return {
        "export": scene(f"/c/studio-a/media/?{filtered}", act=ask),
        "export-all": scene("/c/creator-b/media/", act=ask),
        "export-page": scene(f"/c/studio-a/export/?{filtered}"),
        "export-bad": scene("/c/studio-a/export/?status=gone&durationMin=x"),
    }
