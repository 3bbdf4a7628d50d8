"""`/c/<slug>/media/`: one page of what is cached, by the filters in the address."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.sandbox import Sandbox
from tests import make
from tests.answers import ids_on, text
from tests.make import EMPTY_ID, UPSTREAM_TROUBLE, Browser, operations

HERE = "/c/small/media/"
BAD = ["status=x", "type=x", "durationMin=x", "createdAtFrom=x", "cachedAtTo=x", "sort=x", "limit=101"]


def link(answer: Any, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text(answer))
    assert found, f"no link to the {rel} page"
    return unescape(found[1])


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.get(HERE)
    assert answer.status_code == 200
    assert len(ids_on(answer)) > 45
    assert "Studio A" in text(answer)
    assert "more available" in text(answer)


def test_one_view_is_one_call_and_no_new_connection_once_warm(viewer: Browser, sandbox: Sandbox) -> None:
    viewer.get(HERE)
    sandbox.calls.clear()
    opened = sandbox.connections_opened
    for query in ("", "?status=stored", "?sort=createdAt_desc&limit=100"):
        viewer.get(f"{HERE}{query}")
        viewer.fragment(f"{HERE}{query}")
    assert operations(sandbox) == ["query"] * 6
    assert sandbox.connections_opened == opened


def test_every_parameter_reaches_the_service(viewer: Browser, sandbox: Sandbox) -> None:
    asked = (
        "status=stored&type=video&contentType=video%2Fmp4&durationMin=1&durationMax=500"
        "&createdAtFrom=2020-01-01T00%3A00%3A00.000Z&createdAtTo=2040-01-01T00%3A00%3A00.000Z"
        "&cachedAtFrom=2020-01-01T00%3A00%3A00.000Z&cachedAtTo=2040-01-01T00%3A00%3A00.000Z"
        "&sort=createdAt_asc&limit=7"
    )
    answer = viewer.get(f"{HERE}?{asked}")
    assert answer.status_code == 200
    assert sorted(sandbox.calls[-1].query.split("&")) == sorted(asked.split("&"))
    assert "scan" in text(answer).lower()


@pytest.mark.parametrize("query", ["", "?sort=createdAt_asc", "?status=stored"])
def test_next_and_previous_lead_there_and_back(viewer: Browser, query: str) -> None:
    joint = "&" if query else "?"
    pages = [viewer.get(f"/c/big/media/{query}{joint}limit=10")]
    for _ in range(3):
        pages.append(viewer.get(link(pages[-1], "next")))
    ids = [ids_on(page) for page in pages]
    assert all(len(of_page) == 10 for of_page in ids)
    assert len({one for of_page in ids for one in of_page}) == 40
    for earlier in reversed(ids[:-1]):
        pages.append(viewer.get(link(pages[-1], "prev")))
        assert ids_on(pages[-1]) == earlier


def test_the_end_of_the_list(viewer: Browser) -> None:
    answer = viewer.get(f"{HERE}?limit=100")
    assert 'rel="next"' not in text(answer)


def test_empty_connection(viewer: Browser) -> None:
    answer = viewer.get("/c/empty/media/")
    assert answer.status_code == 200
    assert ids_on(answer) == []
    assert "Nothing is cached" in text(answer)


def test_no_match_offers_to_drop_a_filter(viewer: Browser) -> None:
    answer = viewer.get(f"{HERE}?status=stored&contentType=none%2Fsuch")
    assert answer.status_code == 200
    assert ids_on(answer) == []
    assert f'href="{HERE}?status=stored"' in text(answer)


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(f"{HERE}?status=stored&status=stored&limit=")
    assert answer.status_code == 200
    assert text(answer).lstrip().startswith('<section id="list"')
    assert "<html" not in text(answer)
    assert answer.headers["HX-Push-Url"] == f"{HERE}?status=stored"
    assert {"HX-Request", "HX-Boosted"} <= set(answer.headers["Vary"].split(", "))


def test_a_turned_page_leaves_out_what_stands_there(viewer: Browser) -> None:
    address = f"{HERE}?status=stored&limit=10"
    panels = ('name="durationMin"', ">Save this view…<")
    whole = text(viewer.fragment(address))
    for pressed in ("page-before", "page-after"):
        turned = text(viewer.fragment(address, **{"HX-Trigger": pressed}))
        assert all(panel in whole and panel not in turned for panel in panels)
        assert 'id="filters" hx-preserve' in turned
        assert 'id="views-menu" hx-preserve' in turned
        assert ids_on(viewer.fragment(address, **{"HX-Trigger": pressed})) == ids_on(viewer.get(address))
    for other in ({}, {"HX-Trigger": "clear-all"}, {"HX-Trigger": "page-after", "HX-Boosted": "true"}):
        assert all(panel in text(viewer.fragment(address, **other)) for panel in panels)


@pytest.mark.parametrize("name", ["HX-Boosted", "HX-History-Restore-Request"])
def test_boosted_and_restored_pages_are_whole(viewer: Browser, name: str) -> None:
    answer = viewer.fragment(HERE, **{name: "true"})
    assert text(answer).lstrip().startswith("<!doctype html>")


@pytest.mark.parametrize("query", BAD)
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(viewer: Browser, sandbox: Sandbox, query: str, htmx: bool) -> None:
    answer = (viewer.fragment if htmx else viewer.get)(f"{HERE}?{query}&contentType=image%2Fpng")
    name = query.partition("=")[0]
    assert answer.status_code == 422
    assert f'id="error-{name}"' in text(answer)
    assert "image/png" in text(answer)
    assert operations(sandbox) == []


def test_a_misspelt_filter_is_named(viewer: Browser) -> None:
    assert "statuss" in text(viewer.get(f"{HERE}?statuss=stored"))


@pytest.mark.parametrize("cursor", ["nonsense", "of another filter"])
def test_a_place_of_other_filters_keeps_these(viewer: Browser, cursor: str) -> None:
    if cursor != "nonsense":
        found = re.search(r"cursor=([^&]+)", link(viewer.get("/c/big/media/?limit=5"), "next"))
        assert found
        cursor = found[1]
    answer = viewer.get("/c/big/media/", {"cursor": cursor, "sort": "duration_asc", "type": "video"})
    assert answer.status_code == 422
    hrefs = [unescape(href) for href in re.findall(r'href="(/c/big/media/\?[^"]+)"', text(answer))]
    assert any(
        {"sort=duration_asc", "type=video"} == set(href.partition("?")[2].split("&")) for href in hrefs
    )


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
@pytest.mark.parametrize("htmx", [False, True])
def test_upstream_error(
    viewer: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str, htmx: bool
) -> None:
    sandbox.faults.add(**fault, times=None)
    answer = (viewer.fragment if htmx else viewer.get)(HERE)
    assert answer.status_code == status
    assert word in text(answer)
    if htmx:
        assert answer.headers["HX-Retarget"] == "#notice"
        assert answer.headers["HX-Reswap"] == "innerHTML"
        assert "<html" not in text(answer)
    if status == 503:
        assert answer.headers["Retry-After"] == "7"


def test_unreadable_items_keep_their_place(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(body={"items": [{"id": "77"}, 5, {"id": "../x"}]})
    answer = viewer.get(HERE)
    assert answer.status_code == 200
    assert ids_on(answer) == ["77"]
    assert text(answer).count("cannot be shown") == 2


def test_texts_of_the_service_are_texts(viewer: Browser) -> None:
    answer = viewer.get(HERE)
    assert "&lt;script&gt;alert(1)" in text(answer)
    assert "<script>alert" not in text(answer)
    assert "quarantined" in text(answer)


@pytest.mark.parametrize("slug", ["nowhere", "SMALL", "%00", "sm all"])
def test_an_unknown_connection_does_not_exist(viewer: Browser, sandbox: Sandbox, slug: str) -> None:
    assert viewer.get(f"/c/{slug}/media/").status_code == 404
    assert operations(sandbox) == []


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser) -> None:
    answer = nobody.get(f"{HERE}?status=stored")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=%2Fc%2Fsmall%2Fmedia%2F%3Fstatus%3Dstored"
    assert "/delete/" not in text(viewer.get(HERE))
    assert "/delete/" in text(operator.get(HERE))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
    assert operations(sandbox) == []


@pytest.mark.parametrize(
    ("mode", "layout", "loads"),
    [
        ("hidden", "table", False),
        ("hidden", "grid", False),
        ("blurred", "table", False),
        ("blurred", "grid", True),
        ("shown", "table", True),
        ("shown", "grid", True),
    ],
)
def test_media_modes(viewer: Browser, sandbox: Sandbox, mode: str, layout: str, loads: bool) -> None:
    """What is not loaded has no link on the page either: nothing may load it by mistake."""
    viewer.post("/preferences/", {"media": mode})
    viewer.post("/preferences/", {"layout": layout})
    page = text(viewer.get(HERE))
    assert f'data-media="{mode}"' in page
    assert ("<img" in page) is loads
    assert (f"{sandbox.url}/v2/" in page) is loads
    assert ("data-shown=" in page) is ("data-reveal" in page) is (mode != "shown")
    assert sandbox.media_calls == []


def test_only_the_thumbs_link_is_on_the_list(viewer: Browser, sandbox: Sandbox) -> None:
    page = text(viewer.get(HERE))
    assert 'src="javascript' not in page
    assert "evil.example" not in page
    assert all(src.startswith(sandbox.url) for src in re.findall(r'<img src="([^"]+)"', page))
    assert EMPTY_ID not in page


@pytest.mark.parametrize("typed", ["12,5", " 12,5 ", "12.50", "12,50"])
def test_a_length_with_a_comma_is_written_back_with_a_point(
    viewer: Browser, sandbox: Sandbox, typed: str
) -> None:
    asked = f"{HERE}?{urlencode({'durationMin': typed})}"
    assert "durationMin=12.5" in viewer.fragment(asked).headers["HX-Push-Url"]
    page = viewer.get(asked)
    assert page.status_code == 200
    assert re.search(r'name="durationMin"[^>]*value="12\.5"', text(page))
    assert not re.search(r'href="[^"]*12%2C5', text(page))


def test_a_list_asks_the_database_one_question(operator: Browser, sandbox: Sandbox) -> None:
    """However many connections there are, and until something is selected."""
    for number in range(30):
        make.connection(f"more-{number}")
    for asked in ("", "?limit=25", "?status=stored"):
        operator.get(HERE + asked)
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(HERE + asked).status_code == 200
        # The name of a saved view stands above a list with filters.
        assert len(queries) == (2 if "status" in asked else 1)
    operator.post("/c/small/tray/change/", {"item": ["11 1 1"]})
    assert "1 selected" in text(operator.get(HERE))
