"""`/`: the connection chosen last, the chooser, and the search box."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

import pytest
from django.utils import timezone

from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import BIG_ID, Browser, operations, rewrite, signed_in


def test_works(viewer: Browser) -> None:
    answer = viewer.get("/")
    assert answer.status_code == 200
    for slug in ("small", "big", "empty"):
        assert f'href="/c/{slug}/media/"' in text(answer)


def test_the_connection_chosen_last_is_gone_back_to(viewer: Browser) -> None:
    viewer.get("/c/big/media/")
    answer = viewer.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/c/big/media/")
    assert viewer.get("/?choose=1").status_code == 200
    rewrite(Connection.objects.filter(slug="big"), archived_at=timezone.now())
    assert viewer.get("/").status_code == 200


def test_empty(db: None, sandbox: Sandbox) -> None:
    assert "No connection" in text(signed_in("viewer").get("/"))


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ("q=4492994399&connection=small", "/c/small/media/4492994399/"),
        ("q=https://v.example/c/big/media/449/&connection=small", "/c/big/media/449/"),
        ("q=https://v.example/go?media=449%26connection=big", "/c/big/media/449/"),
    ],
)
def test_search_leads_to_the_item(viewer: Browser, query: str, leads_to: str) -> None:
    answer = viewer.get(f"/?{query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)


def test_search_without_a_connection_asks_each_of_them(viewer: Browser) -> None:
    answer = viewer.get("/?q=449")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/go?media=449")


def test_a_pasted_link_brings_its_ticket_and_loses_the_raw_id(viewer: Browser) -> None:
    answer = viewer.get("/", {"q": f"https://v.example/go?media=449&connection={BIG_ID}&ticket=ZD-1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/c/big/media/449/?ticket=ZD-1")


@pytest.mark.parametrize(
    "pasted",
    ["", " ", "..", "a b", "4.49E+09", "https://media.ofauth.com/v2/abc", "<script> x", "x" * 3000, "\x00"],
)
def test_bad_input(viewer: Browser, sandbox: Sandbox, pasted: str) -> None:
    answer = viewer.get("/", {"q": pasted})
    assert answer.status_code == 422
    assert "<script>" not in text(answer).replace('<script type="module"', "").replace("<script src", "")
    assert operations(sandbox) == []


def test_what_was_pasted_comes_back(viewer: Browser) -> None:
    assert 'value="a b"' in text(viewer.get("/", {"q": "a b"}))


def test_an_unknown_connection_in_the_search(viewer: Browser, sandbox: Sandbox) -> None:
    for query in ("q=449&connection=nowhere", "q=449&connection=//evil.example", "q=/c/nowhere/media/449/"):
        assert viewer.get(f"/?{query}").status_code == 404
    assert operations(sandbox) == []


def test_wrong_role(nobody: Browser) -> None:
    answer = nobody.get("/?q=449")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=%2F%3Fq%3D449")


def test_wrong_method(viewer: Browser) -> None:
    answer = viewer.post("/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert "Not done this way" in text(answer)


PASTED_ALONG: Final = [
    "4492994401\u200b",
    "\ufeff4492994401",
    "449299\u00ad4401",
    "4492994401.",
    "4492994401,",
    "#4492994401",
    "\u201c4492994401\u201d",
    "(4492994401)",
    "`4492994401`",
    "ID: 4492994401",
    "Media ID = 4492994401",
    "**Media ID:** 4492994401",
    "[4492994401](https://v.example/go?media=4492994401)",
]


@pytest.mark.parametrize("pasted", PASTED_ALONG)
def test_what_pastes_along_is_no_part_of_an_id(viewer: Browser, pasted: str) -> None:
    answer = viewer.get("/", {"q": pasted, "connection": "small"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/c/small/media/4492994401/")


@pytest.mark.parametrize("pasted", ["4492994401 4492994402", "4492994401, a@b", "ID: 449, 450"])
def test_several_lead_on_to_the_look_up_filled_in(viewer: Browser, pasted: str) -> None:
    answer = viewer.get("/", {"q": pasted, "connection": "small"})
    assert answer.status_code == 422
    assert f'value="{pasted}"' in text(answer)
    found = re.search(r'href="(/lookup/\?[^"]+)">.*?Look them up together', text(answer))
    assert found
    page = text(viewer.get(unescape(found[1])))
    assert f">\n{pasted}</textarea>" in page
    assert 'value="small" checked' in page
    assert "<b>2 IDs</b>" in page or "1 malformed" in page


def test_a_connections_id_among_several_is_not_led_on(viewer: Browser) -> None:
    page = text(viewer.get("/", {"q": f"449 450 {BIG_ID}"}))
    assert "Look them up together" in page
    assert BIG_ID not in "".join(re.findall(r'href="[^"]*"', page))


@pytest.mark.parametrize("parting", [",", ".", "'", "\u2019", " ", "\u00a0", "\u2009", "\u202f"])
def test_a_number_with_thousands_separators_is_refused_in_words(viewer: Browser, parting: str) -> None:
    answer = viewer.get("/", {"q": f"4{parting}492{parting}994{parting}399"})
    assert answer.status_code == 422
    assert "a number with thousands separators" in text(answer)
    assert "4492994399" in text(answer)


def test_what_cannot_be_seen_is_named(viewer: Browser) -> None:
    assert "contains a zero-width space (U+200B)" in text(viewer.get("/", {"q": "449299\u200b4401"}))
