"""`/c/<slug>/stuck/`: what has waited, or been stored, for more than an hour."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest

from dashboard import service
from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaItem, MediaQuery
from tests.answers import ids_on, rows_of, text
from tests.make import DAY_MS, UPSTREAM_TROUBLE, Browser, operations

HERE = "/c/small/stuck/"


def first_seen(item: MediaItem) -> float:
    return min(variant.created_ms for variant in item.media.values())


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    every = service.list_media(Connection.objects.get(slug="small"), MediaQuery(limit=100)).readable
    an_hour_ago = time.time() * 1000 - DAY_MS / 24
    stuck = [
        item
        for item in every
        if any(v.is_moving and v.created_ms < an_hour_ago - 60_000 for v in item.media.values())
    ]
    sandbox.calls.clear()
    answer = viewer.get(HERE)
    assert len(stuck) > 3
    assert ids_on(answer) == [item.id for item in sorted(stuck, key=first_seen)]
    assert operations(sandbox) == ["query", "query"]
    assert {call.query.partition("&")[0] for call in sandbox.calls} == {"status=pending", "status=storing"}


def test_what_both_questions_find_stands_there_once(viewer: Browser, sandbox: Sandbox) -> None:
    now = int(time.time() * 1000)
    variants = {
        label: {
            "status": status,
            "quality": label,
            "sizeBytes": 0,
            "contentType": "image/jpeg",
            "accessCount": 0,
            "createdAt": now - DAY_MS,
            "expiresAt": now + DAY_MS,
            "storedAt": None,
            "lastAccessedAt": 0,
            "url": "https://media.ofauth.com/v2/abc",
        }
        for label, status in (("thumb", "pending"), ("full", "storing"))
    }
    item = {"id": "449", "type": "image", "duration": None, "media": variants}
    sandbox.faults.add(body={"items": [item]}, times=2)
    answer = viewer.get(HERE)
    assert ids_on(answer) == ["449"]
    assert len(re.findall(r'class="slot [^"]*hit', text(answer))) == 2


def test_a_link_leads_to_each_list_in_full(viewer: Browser) -> None:
    answer = viewer.get("/c/big/stuck/")
    assert "100 waiting, more available" in text(answer)
    hrefs = [unescape(href) for href in re.findall(r'href="(/c/big/media/\?[^"]+)"', text(answer))]
    for status in ("pending", "storing"):
        (href,) = [one for one in hrefs if f"status={status}" in one]
        assert "createdAtTo=" in href
        assert len(ids_on(viewer.get(href))) == 100


def test_empty(viewer: Browser) -> None:
    assert "Nothing is stuck" in text(viewer.get("/c/empty/stuck/"))


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(HERE)
    assert text(answer).lstrip().startswith('<section id="stuck"')
    assert "<html" not in text(answer)


def test_bad_input(viewer: Browser, sandbox: Sandbox) -> None:
    assert viewer.get("/c/nowhere/stuck/").status_code == 404
    assert len(rows_of(viewer.get(f"{HERE}?status=stored&limit=x"))) > 3
    assert "status=stored" not in "".join(call.query for call in sandbox.calls)


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error(
    viewer: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(**fault, times=None)
    answer = viewer.get(HERE)
    assert answer.status_code == status
    assert word in text(answer)


def test_half_an_answer_is_none(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=401, times=1)
    assert viewer.get(HERE).status_code == 502


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
