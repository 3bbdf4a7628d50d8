"""`/lookup/<number>/export/`: the whole result as a table that acts as no formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from dashboard.models import Connection, Event, Lookup
from dashboard.sandbox import Sandbox
from tests.answers import text, words_in
from tests.make import SMALL_ID, Browser, lookup, operations, removal


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def taken(browser: Browser, row: Lookup) -> Any:
    return browser.get(f"{row.get_absolute_url()}export/")


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox, media_id: str) -> None:
    removal(small, media_id="222", ticket="=ZD")
    viewer.post("/lookup/", {"ids": f"111 {media_id} 222 {media_id} 4.49E+09", "connection": "small"})
    sandbox.calls.clear()
    row = Lookup.objects.get()
    answer = taken(viewer, row)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="look-up-20')
    rows = table(answer)
    assert [(one["media_id"], one["outcome"], one["times_pasted"]) for one in rows] == [
        ("111", "not cached", "1"),
        (media_id, "found", "2"),
        ("222", "not cached", "1"),
        ("4.49E+09", "malformed", "1"),
    ]
    found, gone = rows[1], rows[2]
    assert int(found["variants"]) == len(found["states"].split("; ")) > 0
    assert int(found["bytes"]) > 0
    assert (found["connection"], found["as_of"][:2]) == ("Studio A", "20")
    assert (gone["removed_by"], gone["removed_for"]) == ("Omar Haddad", "'=ZD")
    assert "lost digits" in rows[3]["why"]
    assert operations(sandbox) == []
    assert not Event.objects.exists()


def test_neither_links_nor_raw_ids_go_along(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    viewer.post("/lookup/", {"ids": f"odd-many {SMALL_ID}", "connection": "small"})
    told = taken(viewer, Lookup.objects.get()).content.decode()
    assert SMALL_ID not in told
    assert sandbox.url not in told
    assert "/v2/" not in told


def test_no_cell_acts_as_a_formula(viewer: Browser, small: Connection) -> None:
    told = {"type": "=1+1", "duration": 1.5, "variants": {"@a": ["x", None]}}
    row = lookup([small], ids=["-1", "2", "3"], malformed=[["+4", "-why", 1]], asked_at=timezone.now())
    row.answers = {str(small.pk): {"-1": told, "2": {"unreadable": "=odd"}}}
    row.trouble = {str(small.pk): {"3": "@why"}}
    row.save()
    rows = table(taken(viewer, row))
    assert [one["media_id"] for one in rows] == ["'-1", "2", "3", "'+4"]
    assert (rows[0]["type"], rows[0]["states"], rows[0]["length_s"]) == ("'=1+1", "'@a x", "1.5")
    assert [one["why"] for one in rows] == ["", "'=odd", "'@why", "'-why"]
    assert rows[2]["outcome"] == "failed"


def test_empty(viewer: Browser, small: Connection) -> None:
    (row,) = table(taken(viewer, lookup([small], ids=["1"])))
    assert (row["outcome"], row["why"], row["as_of"]) == ("failed", "Not asked yet", "")


def test_fragment(viewer: Browser, small: Connection) -> None:
    address = f"{lookup([small], ids=['1']).get_absolute_url()}export/"
    assert viewer.fragment(address).headers["Content-Type"].startswith("text/csv")


def test_bad_input(viewer: Browser) -> None:
    assert viewer.get("/lookup/x/export/").status_code == 404


def test_upstream_error(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=500, times=None)
    assert table(taken(viewer, lookup([small], ids=["1"])))


def test_wrong_role(nobody: Browser, small: Connection) -> None:
    assert taken(nobody, lookup([small], ids=["1"])).status_code == 302


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_wrong_method(viewer: Browser, small: Connection, method: str) -> None:
    address = f"{lookup([small], ids=['1']).get_absolute_url()}export/"
    assert getattr(viewer, method)(address).status_code == 405


def test_the_page_says_how_ids_survive_a_spreadsheet(viewer: Browser, small: Connection) -> None:
    viewer.post("/lookup/", {"ids": "000449\n1582917533873852417", "connection": "small"})
    row = Lookup.objects.get()
    assert "set the column media_id to text" in words_in(text(viewer.get(row.get_absolute_url())))
    assert [one["media_id"] for one in table(taken(viewer, row))] == ["000449", "1582917533873852417"]
