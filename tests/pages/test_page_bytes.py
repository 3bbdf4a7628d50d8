"""What a list page may weigh, so that nobody adds to it unawares: docs/performance.md has the figures of the
bench, headers included. A first load is a page, four files, and 2.5 kB of headers."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any, Final

import pytest

from tests.answers import ids_on, text
from tests.make import Browser

LIST: Final = "/c/big/media/?limit=100"
FIRST_LOAD: Final = ("css/dashboard.css", "js/site.js", "django_htmx/htmx-2.min.js", "icons.svg")


@pytest.fixture
def reader(admin: Browser) -> Browser:
    """Who is offered the most, with blurred pictures, as everybody is who has chosen nothing."""
    admin.post("/preferences/", {"media": "blurred"})
    return admin


def weigh(browser: Browser, path: str, coding: str, **headers: str) -> int:
    """Return the bytes of the page's body by this coding."""
    answer: Any = browser.get(path, headers={"Accept-Encoding": coding, **headers})
    assert answer.headers["Content-Encoding"] == coding
    return len(answer.content)


def next_page(browser: Browser) -> str:
    page = browser.get(LIST)
    assert len(ids_on(page)) == 100
    found = re.search('rel="next" href="([^"]+)"', text(page))
    assert found
    return unescape(found[1])


def test_a_list_of_a_hundred_items(reader: Browser) -> None:
    assert weigh(reader, LIST, "gzip") <= 9_850
    assert weigh(reader, LIST, "br") <= 8_750


def test_the_next_page(reader: Browser) -> None:
    turned = {"HX-Request": "true", "HX-Trigger": "page-after"}
    assert weigh(reader, next_page(reader), "br", **turned) <= 6_300


def test_the_files_of_a_first_load(collected_static: Path) -> None:
    paths = json.loads((collected_static / "staticfiles.json").read_text())["paths"]
    files = {name: (collected_static / f"{paths[name]}.br").stat().st_size for name in FIRST_LOAD}
    assert sum(files.values()) <= 32_600, files
