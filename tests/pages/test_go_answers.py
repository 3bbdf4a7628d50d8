"""`/go/answers`: the next four connections asked for an item, and a link to those after them."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import UPSTREAM_TROUBLE, Browser, connection, operations, rewrite, signed_in

ITEM = {"id": "449", "type": "video", "duration": 61.0, "media": {}}


@pytest.fixture
def many(connections: None) -> None:
    """Two hundred connections in all, of which the service knows three."""
    for number in range(197):
        connection(f"more-{number:03}", label=f"More {number:03}")


def answers(page: str) -> list[str]:
    return page.partition('id="rows"')[2].partition("</section>")[0].split('<li id="in-')[1:]


def next_of(page: str) -> str:
    """Where the page's own link leads, the same for htmx as without script; "" at the end."""
    found = re.search(r'href="([^"]+)" hx-get="([^"]+)" hx-trigger="load, click"', page)
    assert found is None or found[1] == found[2]
    return html.unescape(found[1]) if found else ""


def test_works(viewer: Browser, sandbox: Sandbox, media_id: str) -> None:
    page = text(viewer.fragment(f"/go/answers?media={media_id}&ticket=ZD-1"))
    found, not_found = answers(page)[2], answers(page)[:2]
    assert "Studio A" in found
    assert 'class="strip"' in found
    assert f'href="/c/small/media/{media_id}/?ticket=ZD-1"' in found
    assert all("not cached" in one for one in not_found)
    assert operations(sandbox) == ["get"] * 3


def test_the_only_place_is_gone_to(viewer: Browser, media_id: str) -> None:
    asked = f"/go/answers?media={media_id}&ticket=ZD-1"
    item = f"/c/small/media/{media_id}/?ticket=ZD-1"
    assert f'href="{item}" data-land' in text(viewer.fragment(asked))
    plain = viewer.get(asked)
    assert (plain.status_code, plain.headers["Location"]) == (302, item)


def test_several_places_are_a_choice(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/media/449$", body=ITEM, times=2)
    page = text(viewer.get("/go/answers?media=449"))
    assert "Found in several of your 3 connections" in page
    assert "data-land" not in page
    assert page.count('href="/c/') >= 2


def test_empty(viewer: Browser) -> None:
    page = text(viewer.get("/go/answers?media=449"))
    assert "In none of your 3 connections" in page
    assert next_of(page) == ""


def test_fragment(viewer: Browser) -> None:
    page = text(viewer.fragment("/go/answers?media=449"))
    assert page.lstrip().startswith('<section id="answers"')
    assert '<ul id="rows"' in page
    assert 'hx-swap-oob="beforeend"' in page
    assert "<html" not in page


@pytest.mark.parametrize("htmx", [False, True])
def test_two_hundred_connections_by_fours(many: None, sandbox: Sandbox, htmx: bool) -> None:
    browser = signed_in("viewer")
    address, asked, rows = "/go/answers?media=449", 0, 0
    sandbox.faults.add(path="/media/449$", status=404, times=None)
    while address:
        sandbox.calls.clear()
        page = text((browser.fragment if htmx else browser.get)(address))
        rows += len(answers(page))
        assert len(sandbox.calls) == 4
        address, asked = next_of(page), asked + 4
        assert f"{asked} of 200 connections asked" in page or not address
    assert (asked, rows) == (200, 200)
    assert "In none of your 200 connections" in page


def test_found_everywhere(many: None, sandbox: Sandbox) -> None:
    browser, address, longest = signed_in("viewer"), "/go/answers?media=449", 0
    sandbox.faults.add(path="/media/449$", body=ITEM, times=None)
    while address:
        page = text(browser.fragment(address))
        address = next_of(page)
        longest = max(longest, len(address))
    assert "Found in several of your 200 connections" in page
    assert longest < 1000


def test_one_found_and_one_failed_is_no_landing(viewer: Browser, sandbox: Sandbox, media_id: str) -> None:
    sandbox.faults.add(method="GET", status=500, times=2)  # a read is repeated once
    one = text(viewer.get(f"/go/answers?media={media_id}&asked=2&failed=1"))
    assert "1 could not be asked" in one or "2 of your 3" in one
    assert "data-land" not in one


@pytest.mark.parametrize("fault", [fault for fault, *_ in UPSTREAM_TROUBLE if fault != {"cut": True}])
def test_upstream_error(viewer: Browser, sandbox: Sandbox, fault: dict[str, Any]) -> None:
    """Each row says its own reason, and offers to ask that connection again. (A 404 that is cut is one.)"""
    sandbox.faults.add(**fault, times=None)
    answer = viewer.get("/go/answers?media=449&ticket=ZD-1")
    assert answer.status_code == 200
    page = text(answer)
    assert "Not found so far: 3 of your 3 connections could not be asked" in page
    reasons = re.findall(r"Could not be asked: (The service|Vault\+ isn&#39;t answering)", page)
    assert len(reasons) == 3
    assert reasons.count("The service") >= 2, "the fifth attempt in vain is the last"
    assert page.count("Ask again") == 3
    assert (
        'href="/c/big/media/449/?ticket=ZD-1" hx-get="/go/answers?media=449&amp;ticket=ZD-1&amp;again=big"'
        in page
    )


def test_one_is_asked_again_in_place(viewer: Browser, sandbox: Sandbox, media_id: str) -> None:
    page = text(viewer.fragment(f"/go/answers?media={media_id}&again=small"))
    assert len(answers(page)) == 1
    assert 'class="strip"' in answers(page)[0]
    assert 'id="in-small"' in page
    assert "hx-swap-oob" not in page
    assert operations(sandbox) == ["get"]
    assert viewer.fragment(f"/go/answers?media={media_id}&again=nowhere").status_code == 404


def test_a_connection_whose_id_cannot_be_opened(viewer: Browser, sandbox: Sandbox) -> None:
    rewrite(Connection.objects.filter(slug="big"), sealed_id="not sealed by any key")
    page = text(viewer.get("/go/answers?media=449"))
    assert "Could not be asked: The connection's ID cannot be opened" in page.replace("&#39;", "'")
    assert operations(sandbox) == ["get"] * 2


@pytest.mark.parametrize("asked", ["asked=x", "asked=-1", "failed=1e9", "asked=99999999999", "asked=%00"])
def test_bad_input(viewer: Browser, sandbox: Sandbox, asked: str) -> None:
    for call in (viewer.get, viewer.fragment):
        answer = call(f"/go/answers?media=449&{asked}")
        assert answer.status_code == 422
        assert "cannot be followed" in text(answer)
        assert call("/go/answers?media=a+b").status_code == 422
        assert call("/go/answers?media=449&found=nowhere").status_code == 404
    assert operations(sandbox) == []


def test_beyond_the_end(viewer: Browser, sandbox: Sandbox) -> None:
    assert "In none of your 3" in text(viewer.get("/go/answers?media=449&asked=99"))
    assert operations(sandbox) == []


def test_wrong_role(nobody: Browser, sandbox: Sandbox) -> None:
    assert nobody.get("/go/answers?media=449").status_code == 302
    assert nobody.fragment("/go/answers?media=449").status_code == 401
    assert operations(sandbox) == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, method: str) -> None:
    assert getattr(admin, method)("/go/answers?media=449").status_code == 405
    assert operations(sandbox) == []
