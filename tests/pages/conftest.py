"""What the tests of several pages start from."""

from __future__ import annotations

import pytest

from dashboard.sandbox import Sandbox
from tests.answers import ids_on
from tests.make import Browser


@pytest.fixture
def media_id(viewer: Browser, sandbox: Sandbox) -> str:
    """An item of the small connection."""
    first = next(one for one in ids_on(viewer.get("/c/small/media/?status=stored")) if "odd" not in one)
    sandbox.calls.clear()
    return first
