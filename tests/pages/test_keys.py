"""`/keys/`: what each key does, and the switch that turns them off."""

from __future__ import annotations

import re

import pytest

from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, operations

HERE = "/keys/"


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    page = text(viewer.get(HERE))
    for key in ("/", "h", "?", "j", "k", "x", "r", "Enter", "Esc"):
        assert f"<kbd>{key}</kbd>" in page
    assert operations(sandbox) == []


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(HERE)
    assert text(answer).lstrip().startswith('<section id="keys"')
    assert 'id="dialog-title"' in text(answer)


def test_the_switch_takes_the_keys_and_their_hints_away(viewer: Browser) -> None:
    assert 'data-keys="on"' in text(viewer.get(HERE))
    assert 'aria-keyshortcuts="h"' in text(viewer.get(HERE))
    answer = viewer.post("/preferences/", {"keys": "off", "next": HERE})
    assert answer.headers["Location"] == HERE
    page = text(viewer.get(HERE))
    assert 'data-keys="off"' in page
    assert "aria-keyshortcuts" not in page
    assert re.search(r'value="off"[^>]*aria-pressed="true"', page)


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
