"""`/audit/export/`: all that fits the filters, taken away as it is read, and recorded before it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import BIG_ID, SMALL_ID, Browser, event, rewrite

HERE = "/audit/export/"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def test_a_link_from_elsewhere_takes_nothing_away(admin: Browser, small: Connection) -> None:
    for site in ("cross-site", "same-site"):
        answer = admin.get(f"{HERE}?format=csv&ticket=ZD-1", headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/audit/?ticket=ZD-1")
    assert not Event.objects.filter(code="audit.exported").exists()


def body(answer: Any) -> str:
    assert answer.status_code == 200
    assert answer.streaming
    return bytes(answer.getvalue()).decode("utf-8-sig")


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(answer), newline="")))


def sequences(answer: Any) -> list[int]:
    return [json.loads(line)["sequence"] for line in body(answer).splitlines()]


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    sent, done = event("media.delete.sent", small), event(of=small, reason="=1+1")
    answer = viewer.get(f"{HERE}?format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-20')
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    rows = table(answer)
    assert [int(row["sequence"]) for row in rows] == [done.sequence, sent.sequence]
    assert rows[0]["reason"] == "'=1+1"
    assert sandbox.calls == []


def test_json_lines_are_the_sealed_ones(operator: Browser, small: Connection) -> None:
    made = event(of=small)
    answer = operator.get(f"{HERE}?format=jsonl")  # it is their own
    assert answer.headers["Content-Disposition"].endswith('.jsonl"')
    assert body(answer) == f'{made.line[:-1]},"hash":"{made.hash}"}}\n'


def test_it_is_recorded_first_and_not_part_of_itself(admin: Browser, small: Connection) -> None:
    made = event(of=small, ticket="ZD-9")
    answer = admin.get(f"{HERE}?format=jsonl&ticket=ZD-9&from=2026-01-01&before=0-1&limit=1")
    recorded = json.loads(Event.objects.get(code="audit.exported").line)
    asked = {"ticket": "ZD-9", "from": "2026-01-01T00:00:00Z", "steps": "all"}
    assert recorded["result"] == {"format": "jsonl", "filters": asked}
    assert recorded["actor_name"] == "Ada Brandt"
    assert sequences(answer) == [made.sequence]


def test_every_event_that_fits_goes_along_whatever_a_page_shows(viewer: Browser, small: Connection) -> None:
    made = [event(of=small).sequence for _ in range(7)]
    event(of=small, ticket="ZD-2")
    assert sequences(viewer.get(f"{HERE}?format=jsonl&limit=2&ticket=ZD-1")) == made[::-1]


def test_the_list_offers_what_is_filtered(viewer: Browser, small: Connection) -> None:
    event(of=small)
    page = text(viewer.get("/audit/?ticket=ZD-1&limit=25&before=9000000000000000-1"))
    assert f'href="{HERE}?format=csv&amp;ticket=ZD-1"' in page
    assert f'href="{HERE}?format=jsonl&amp;ticket=ZD-1"' in page


def test_empty(viewer: Browser) -> None:
    assert table(viewer.get(f"{HERE}?format=csv")) == []


def test_fragment(viewer: Browser) -> None:
    assert viewer.fragment(f"{HERE}?format=csv").streaming


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "Choose csv or jsonl"),
        ("format=xls", "none of: csv, jsonl"),
        ("format=csv&verb=x", "none of: delete"),
        ("format=csv&tickt=ZD-1", "tickt"),
        (f"format=csv&connection={BIG_ID}", "no connection"),
    ],
)
def test_bad_input(viewer: Browser, query: str, word: str) -> None:
    answer = viewer.get(f"{HERE}?{query}")
    assert answer.status_code == 422
    assert word in text(answer)
    assert not Event.objects.exists()


def test_what_cannot_be_recorded_is_not_taken(viewer: Browser, small: Connection) -> None:
    def refuse_writes(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT"):
            raise OperationalError("database or disk is full")
        return execute(sql, *rest)

    event(of=small, reason="precious")
    with database.execute_wrapper(refuse_writes):
        answer = viewer.get(f"{HERE}?format=csv")
    assert answer.status_code == 503
    assert not answer.streaming
    assert "could not be written" in text(answer)
    assert "precious" not in text(answer)


def test_nobody_takes_what_they_may_not_read(viewer: Browser, admin: Browser, small: Connection) -> None:
    rewrite(Connection.objects.filter(slug="big"), groups=["vault-admins"])
    theirs = event(of=Connection.objects.get(slug="big"))
    alone, ours = event("access.refused"), event(of=small)
    assert sequences(viewer.get(f"{HERE}?format=jsonl")) == [ours.sequence]
    everything = sequences(admin.get(f"{HERE}?format=jsonl"))
    assert everything == [ours.sequence + 1, ours.sequence, alone.sequence, theirs.sequence]


def test_no_raw_connection_id_goes_along(viewer: Browser, small: Connection) -> None:
    event(of=small, reason=f"for {SMALL_ID}")
    for kind in ("csv", "jsonl"):
        assert SMALL_ID not in body(viewer.get(f"{HERE}?format={kind}"))


def test_it_is_not_packed_in_memory(viewer: Browser, small: Connection) -> None:
    event(of=small)
    answer = viewer.get(f"{HERE}?format=csv", headers={"Accept-Encoding": "gzip"})
    assert answer.streaming
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(f"{HERE}?format=csv").status_code == 405
    assert not Event.objects.exists()


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(f"{HERE}?format=csv").status_code == 302
    assert not Event.objects.filter(code="audit.exported").exists()
