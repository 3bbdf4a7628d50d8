"""`/c/<slug>/live/`: the rows still moving, read again in one call."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from dashboard.sandbox import Sandbox
from tests.answers import ids_on, text
from tests.make import UPSTREAM_TROUBLE, Browser, operations

HERE = "/c/small/live/"


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    moving = ids_on(viewer.get("/c/small/media/?status=pending"))[:3]
    assert moving
    sandbox.calls.clear()
    answer = viewer.fragment(f"{HERE}?{urlencode([('id', one) for one in [*moving, '99999']])}")
    assert answer.status_code == 200
    assert set(moving) <= set(ids_on(answer))
    assert "row-99999" in text(answer)
    assert "no longer" in text(answer)
    assert operations(sandbox) == ["batch"]


def test_empty(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.fragment(HERE)
    assert answer.status_code == 200
    assert operations(sandbox) == []


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(f"{HERE}?id=99999")
    assert text(answer).lstrip().startswith('<div id="live"')
    assert "hx-trigger" not in text(answer)


@pytest.mark.parametrize("media_id", ["..", "a/b", "", "x" * 129])
def test_bad_input(viewer: Browser, sandbox: Sandbox, media_id: str) -> None:
    answer = viewer.fragment(HERE, {"id": media_id})
    assert answer.status_code == 422
    assert operations(sandbox) == []


def test_no_more_than_a_hundred_are_read(viewer: Browser, sandbox: Sandbox) -> None:
    viewer.fragment(HERE, {"id": [str(number) for number in range(300)]})
    assert operations(sandbox) == ["batch"]


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error(
    viewer: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(**fault, times=None)
    answer = viewer.fragment(f"{HERE}?id=449")
    assert answer.status_code == status
    assert word in text(answer)


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.fragment(HERE).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
