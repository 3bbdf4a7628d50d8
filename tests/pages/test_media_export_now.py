"""`/c/<slug>/export/now/`: all that fits the filters, as it is read, and recorded before it is given out."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection as database

from dashboard.exports.downloads import DownloadAborted
from dashboard.jobs.paging import CursorLoop
from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from dashboard.vault import Unreachable, VaultError
from tests.answers import ids_on, leave, text
from tests.make import SMALL_ID, UPSTREAM_TROUBLE, Browser, facts_of, no_events, operations, rewrite

HERE = "/c/small/export/now/"
BIG = "/c/big/export/now/?format=jsonl"


def body(answer: Any) -> str:
    assert answer.status_code == 200
    assert answer.streaming
    return bytes(answer.getvalue()).decode("utf-8-sig")


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(answer), newline="")))


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.get(f"{HERE}?format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="media-small-20')
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    assert answer.headers["Cache-Control"] == "no-store"
    rows = table(answer)
    listed = ids_on(viewer.get("/c/small/media/?limit=100"))
    assert list(dict.fromkeys(row["media_id"] for row in rows if row["media_id"])) == listed
    assert {row["connection"] for row in rows} == {"small"}


def test_what_cannot_be_read_goes_along_with_its_reason(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(body={"items": [{"type": "image"}, {}], "nextCursor": None})
    rows = table(viewer.get(f"{HERE}?format=csv"))
    assert [(row["media_id"], bool(row["unreadable"])) for row in rows] == [("", True), ("", True)]


def test_json_lines(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.get(f"{HERE}?format=jsonl&status=stored&type=video")
    assert answer.headers["Content-Type"] == "application/jsonl"
    items = [json.loads(line) for line in body(answer).splitlines()]
    assert {item["type"] for item in items} == {"video"}
    assert sandbox.calls[0].query == "status=stored&type=video&limit=100"


def test_every_page_goes_along_one_call_ahead_of_what_is_sent(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.get(BIG)
    pages = iter(answer)
    ids = [json.loads(line)["media_id"] for _ in range(3) for line in next(pages).splitlines()]
    leave(answer)
    assert len(set(ids)) == len(ids) == 300
    assert 3 <= len(sandbox.calls) <= 4
    assert set(operations(sandbox)) == {"query"}


def test_it_is_recorded_first(viewer: Browser) -> None:
    leave(viewer.get(f"{BIG}&status=stored&limit=7&cursor="))
    facts = facts_of("media.exported")
    assert facts["result"] == {"format": "jsonl", "filters": {"status": "stored"}}
    assert (facts["connection"], facts["actor_name"]) == ("big", "Vera Lind")


def test_what_cannot_be_recorded_is_not_taken(viewer: Browser, sandbox: Sandbox) -> None:
    with database.execute_wrapper(no_events):
        answer = viewer.get(f"{HERE}?format=csv")
    assert answer.status_code == 503
    assert not answer.streaming
    assert "could not be written" in text(answer)
    assert "odd-" not in text(answer)


def test_a_link_from_elsewhere_takes_nothing_away(viewer: Browser, sandbox: Sandbox) -> None:
    for site in ("cross-site", "same-site"):
        answer = viewer.get(f"{HERE}?format=csv&status=stored", headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/c/small/export/?status=stored")
    assert not Event.objects.exists()
    assert sandbox.calls == []


def test_where_an_end_cannot_be_told_nothing_is_streamed(viewer: Browser, sandbox: Sandbox) -> None:
    """By HTTP/1.0 a file that broke off looks whole."""
    answer = viewer.get(f"{HERE}?format=csv&status=stored", SERVER_PROTOCOL="HTTP/1.0")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/c/small/export/?status=stored")
    asked = text(viewer.get(answer.headers["Location"], SERVER_PROTOCOL="HTTP/1.0"))
    assert "HTTP/1.0" in asked
    assert HERE not in asked
    assert sandbox.calls == []


def test_empty(viewer: Browser) -> None:
    assert table(viewer.get("/c/empty/export/now/?format=csv")) == []
    assert body(viewer.get("/c/empty/export/now/?format=jsonl")) == ""


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(f"{HERE}?format=csv")
    assert answer.streaming
    leave(answer)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "Choose CSV or JSON Lines"),
        ("format=xls", "none of: csv, jsonl"),
        ("format=csv&format=jsonl", "twice"),
        ("format=csv&status=x", "none of: edge_only"),
        ("format=csv&stauts=stored", "Not a filter: “stauts”"),
    ],
)
def test_bad_input(viewer: Browser, sandbox: Sandbox, query: str, word: str) -> None:
    answer = viewer.get(f"{HERE}?{query}")
    assert answer.status_code == 422
    assert word in text(answer)
    assert not Event.objects.exists()
    assert sandbox.calls == []


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error(
    viewer: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(times=None, **fault)
    answer = viewer.get(f"{HERE}?format=csv")
    assert answer.status_code == status
    assert word in text(answer)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [({"status": 500}, VaultError), ({"close": True}, Unreachable), ({"status": 404}, VaultError)],
)
def test_trouble_later_breaks_the_transfer_off(
    viewer: Browser, sandbox: Sandbox, caplog: Any, fault: dict[str, Any], kind: type[Exception]
) -> None:
    """What is raised here is what makes the server close the connection without an end."""
    answer = viewer.get(BIG)
    pages = iter(answer)
    assert next(pages)
    sandbox.faults.add(times=None, **fault)
    with pytest.raises(DownloadAborted) as cut:
        list(pages)
    assert isinstance(cut.value.__cause__, kind)
    leave(answer)
    assert "an export was broken off" in caplog.text


@pytest.mark.parametrize("cursors", [["a", "b", "a"], ["a", "a"]])
def test_a_circle_breaks_the_transfer_off(viewer: Browser, sandbox: Sandbox, cursors: list[str]) -> None:
    for cursor in cursors:
        sandbox.faults.add(body={"items": [], "nextCursor": cursor})
    answer = viewer.get(f"{HERE}?format=csv")
    with pytest.raises(DownloadAborted) as cut:
        list(answer)
    assert isinstance(cut.value.__cause__, CursorLoop)
    leave(answer)
    assert len(sandbox.calls) == len(cursors)


def test_nobody_takes_what_they_may_not_see(viewer: Browser, sandbox: Sandbox) -> None:
    rewrite(Connection.objects.filter(slug="big"), groups=["vault-admins"])
    assert viewer.get(BIG).status_code == 404
    assert not Event.objects.exists()


def test_neither_links_nor_connection_ids_go_along(viewer: Browser, sandbox: Sandbox) -> None:
    for form in ("csv", "jsonl"):
        taken = body(viewer.get(f"{HERE}?format={form}"))
        assert SMALL_ID not in taken
        assert sandbox.url not in taken
        assert "http" not in taken


def test_it_is_not_packed_in_memory(viewer: Browser) -> None:
    answer = viewer.get(BIG, headers={"Accept-Encoding": "gzip"})
    assert answer.streaming
    assert "Content-Encoding" not in answer.headers
    leave(answer)


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(f"{HERE}?format=csv").status_code == 405
    assert not Event.objects.exists()


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(f"{HERE}?format=csv").status_code == 302
    assert not Event.objects.filter(code="media.exported").exists()
