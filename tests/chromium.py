"""Where this machine's Chromium is. Standard library only: `tests/run` asks before there are packages."""

from __future__ import annotations

import os
import shutil
from typing import Final

PACKAGES: Final = ("chromium-headless-shell", "chromium")
"""Debian's packages, the better first: without the windows of a desktop a test takes half the time."""

NAMES: Final = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of the browser that CHROMIUM names, else of the first on PATH, else None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
