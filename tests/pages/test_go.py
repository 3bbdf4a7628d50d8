"""`/go`: where tickets link to. The item, the page that asks each connection, or why it leads nowhere."""

from __future__ import annotations

import io
import logging
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from dashboard.logs import JsonFormatter
from dashboard.models import Connection, Removal
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import BIG_ID, SMALL_ID, Browser, connection, operations, removal, rewrite, signed_in

RAW = "conn_of_nobody_000000000000f00d"


def leads_to(browser: Browser, **asked: Any) -> str:
    answer = browser.get(f"/go?{urlencode(asked, doseq=True)}")
    assert answer.status_code == 302, text(answer)
    return str(answer.headers["Location"])


@pytest.mark.parametrize("named", ["big", BIG_ID])
def test_works(viewer: Browser, sandbox: Sandbox, named: str) -> None:
    item = "/c/big/media/4492994399/"
    assert leads_to(viewer, media="4492994399", connection=named) == item
    assert leads_to(viewer, media="4492994399", connection=named, ticket="ZD-1") == f"{item}?ticket=ZD-1"
    assert operations(sandbox) == []


def test_a_link_may_stand_for_the_item(viewer: Browser) -> None:
    here = "https://vault.example.com"
    assert leads_to(viewer, media=f"{here}/c/big/media/449/") == "/c/big/media/449/"
    assert leads_to(viewer, media=f"{here}/go?media=449&connection=small&ticket=ZD-7") == (
        "/c/small/media/449/?ticket=ZD-7"
    )


def test_a_ticket_is_quoted_and_in_one_line(viewer: Browser) -> None:
    given = {"media": "449", "connection": "big", "ticket": " ZD  #7\t& <b>?=\n"}
    assert leads_to(viewer, **given) == "/c/big/media/449/?ticket=ZD+%237+%26+%3Cb%3E%3F%3D"


def test_the_only_connection_is_asked_straight(viewer: Browser) -> None:
    rewrite(Connection.objects.exclude(slug="big"), archived_at=timezone.now())
    assert leads_to(viewer, media="449", ticket="ZD-1") == "/c/big/media/449/?ticket=ZD-1"


def test_without_a_connection_each_is_asked(viewer: Browser, sandbox: Sandbox) -> None:
    page = text(viewer.get("/go?media=449&ticket=ZD-1"))
    assert "0 of 3 connections asked" in page
    following = "/go/answers?media=449&amp;ticket=ZD-1"
    assert f'href="{following}" hx-get="{following}" hx-trigger="load, click"' in page
    assert "From <b>" in page
    assert operations(sandbox) == []


def test_what_was_removed_is_known_at_once(viewer: Browser) -> None:
    small, big = Connection.objects.get(slug="small"), Connection.objects.get(slug="big")
    removal(small, media_id="449", ticket="ZD-7")
    removal(small, media_id="", verb=Removal.Verb.PURGE, ticket="ZD-8")
    removal(big, media_id="", verb=Removal.Verb.PURGE, ticket="ZD-9")
    removal(big, media_id="450", ticket="ZD-10")
    page = text(viewer.get("/go?media=449"))
    assert "This item of Studio A" in page
    assert "Everything of Creator B" in page
    assert "ZD-7" in page
    assert "ZD-9" in page
    assert "ZD-8" not in page
    assert "ZD-10" not in page


def test_empty(db: None, sandbox: Sandbox) -> None:
    assert "no connection that you may see" in text(signed_in("viewer").get("/go?media=449"))


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment("/go?media=449")
    assert text(answer).lstrip().startswith('<section id="answers"')
    assert "<html" not in text(answer)


@pytest.mark.parametrize(
    "media",
    ["", " ", "..", "a/b", "a b", "4.49E+09", "<script>alert(1)</script>", "x" * 3000, "\x00", "conn_x"],
)
def test_bad_input(viewer: Browser, sandbox: Sandbox, media: str) -> None:
    answer = viewer.get("/go", {"media": media, "connection": "small", "ticket": "ZD-1"})
    assert answer.status_code == 422
    assert "does not name an item" in text(answer)
    assert "<script>alert" not in text(answer)
    assert operations(sandbox) == []


def test_what_was_given_stands_in_the_search_box(viewer: Browser) -> None:
    assert 'value="a b"' in text(viewer.get("/go", {"media": "a b"}))
    assert viewer.get("/go").status_code == 422


@pytest.mark.parametrize(
    ("ticket", "word"),
    [("x" * 101, "100 characters"), ("ZD\x001", "seen"), ("ZD\x1b[1m", "seen"), ("ZD\u202e1", "seen")],
)
def test_a_ticket_that_cannot_be_kept(viewer: Browser, ticket: str, word: str) -> None:
    answer = viewer.get("/go", {"media": "449", "connection": "small", "ticket": ticket})
    assert answer.status_code == 422
    assert word in text(answer)
    assert 'href="/go?media=449&amp;connection=small"' in text(answer)


def test_a_ticket_may_be_any_text(viewer: Browser) -> None:
    hostile = "<script>alert(1)</script>"
    answer = viewer.get("/go", {"media": "449", "ticket": hostile})
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)" in text(answer)
    assert hostile not in text(answer)


@pytest.mark.parametrize("name", ["media", "connection", "ticket"])
def test_doubled_parameters(viewer: Browser, sandbox: Sandbox, name: str) -> None:
    usual = {"media": "449", "connection": "small", "ticket": "ZD-1"}
    answer = viewer.get(f"/go?{urlencode(usual)}&{name}=other")
    assert answer.status_code == 422
    assert f"“{name}” more than once" in text(answer)
    same = viewer.get(f"/go?{urlencode(usual)}&{name}={usual[name]}")
    assert same.headers["Location"] == "/c/small/media/449/?ticket=ZD-1"
    assert operations(sandbox) == []


@pytest.mark.parametrize(
    "named",
    [
        "nowhere",
        RAW,
        "//evil.example",
        "<script>",
        "archived",
        "conn_archived_0001",
        "foreign",
        "conn_foreign_0001",
    ],
)
def test_a_connection_that_is_not_theirs_to_see(viewer: Browser, sandbox: Sandbox, named: str) -> None:
    connection("archived", label="Gone", connection_id="conn_archived_0001", archived_at=timezone.now())
    connection("foreign", label="Foreign", connection_id="conn_foreign_0001", groups=["others"])
    answer = viewer.get("/go", {"media": "449", "connection": named, "ticket": "ZD-1"})
    assert answer.status_code == 404
    assert "no connection of this name that you may see" in text(answer)
    assert 'href="/go?media=449&amp;ticket=ZD-1"' in text(answer)
    assert named not in text(answer)
    assert operations(sandbox) == []


def test_a_raw_id_is_told_nowhere(viewer: Browser, caplog: pytest.LogCaptureFixture) -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    caplog.set_level(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    try:
        for raw in (SMALL_ID, RAW):
            for rest in ("media=449", "media=a+b", "media=449&ticket=%00", "media=449&connection=small"):
                answer = viewer.get(f"/go?connection={raw}&{rest}")
                assert raw not in str(answer.headers) + answer.content.decode()
                assert raw not in caplog.text + lines.getvalue()
    finally:
        logging.getLogger().removeHandler(handler)


def test_upstream_error(viewer: Browser, sandbox: Sandbox) -> None:
    """It asks nobody by itself, so that a service in trouble leaves it as it is."""
    sandbox.faults.add(status=500, times=None)
    assert viewer.get("/go?media=449").status_code == 200
    assert leads_to(viewer, media="449", connection="small") == "/c/small/media/449/"
    assert operations(sandbox) == []


def test_wrong_role(nobody: Browser, sandbox: Sandbox) -> None:
    assert nobody.get("/go?media=449").headers["Location"] == "/sign-in/?next=%2Fgo%3Fmedia%3D449"
    assert nobody.fragment("/go?media=449").status_code == 401
    assert operations(sandbox) == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, method: str) -> None:
    assert getattr(admin, method)("/go?media=449").status_code == 405
    assert operations(sandbox) == []


@pytest.mark.parametrize(
    "media",
    [
        "4492994401\u200b",
        "\ufeff4492994401",
        "449299\u00ad4401",
        "4492994401.",
        "#4492994401",
        "\u201c4492994401\u201d",
        "(4492994401)",
        "`4492994401`",
        "ID: 4492994401",
        "https://v.example/go?media=4492994401%E2%80%8B.",
    ],
)
def test_what_pastes_along_is_no_part_of_an_id(viewer: Browser, media: str) -> None:
    assert leads_to(viewer, media=media, connection="big") == "/c/big/media/4492994401/"


def test_a_link_to_several_leads_on_to_the_look_up(viewer: Browser) -> None:
    answer = viewer.get("/go", {"media": "449 450", "connection": "small", "ticket": "ZD-1"})
    assert answer.status_code == 422
    assert "These are 2 media IDs" in text(answer)
    assert 'href="/lookup/?ids=449+450"' in text(answer)


@pytest.mark.parametrize("media", ["4,492,994,399", "4\u00a0492\u00a0994\u00a0399", "449299\u200b4401"])
def test_a_link_to_what_is_no_id_says_why(viewer: Browser, sandbox: Sandbox, media: str) -> None:
    answer = viewer.get("/go", {"media": media, "connection": "small"})
    assert answer.status_code == 422
    assert "thousands separators" in text(answer) or "a zero-width space (U+200B)" in text(answer)
    assert operations(sandbox) == []
