"""Taking the list away, in its states, for pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

S = TypeVar("S")


def export_scenes(
    scene: Callable[..., S],
    press: Callable[..., Any],
    in_turn: Callable[..., Any],
    wait_for: Callable[..., Any],
) -> dict[str, S]:
    """By name; the others are those of the pictures."""
    filtered = "status=stored&type=video&createdAtFrom=2025-01-01&sort=createdAt_asc"
    ask = press("a:has-text('Export…')", "dialog[open]")
    return {
        "export": scene(f"/c/studio-a/media/?{filtered}", act=ask),
        "export-all": scene("/c/creator-b/media/", act=ask),
        "export-page": scene(f"/c/studio-a/export/?{filtered}"),
        "export-bad": scene("/c/studio-a/export/?status=gone&durationMin=x"),
        "export-running": scene(
            "/c/creator-b/media/?type=video",
            act=in_turn(ask, press("button[value=csv]", "#job"), wait_for("so far")),
        ),
        "export-done": scene(
            "/c/studio-a/media/?status=stored", act=in_turn(ask, press("button[value=jsonl]", "#job-file"))
        ),
    }
