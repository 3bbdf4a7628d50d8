"""What is taken away of the record: a table that no spreadsheet acts on, and the lines as they are sealed."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.audit import chain
from dashboard.audit.export import as_csv, lines, packets, safe
from dashboard.audit.queries import AuditReader
from dashboard.identity import Person, Role
from dashboard.models import Event
from tests import make

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    '=HYPERLINK("http://x","y")',
    "-",
]


def admins() -> AuditReader:
    return AuditReader(Person("Ada", "", Role.ADMIN))


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_begins_a_formula(db: None, text: str) -> None:
    event = make.event(ticket=text, reason=text, typed=text, media_id=text, result={"error": text})
    (row,) = csv.DictReader(
        io.StringIO("".join(as_csv(admins(), [event])).removeprefix("\ufeff"), newline="")
    )
    for name in ("ticket", "reason", "typed", "media_id", "error"):
        assert row[name] == f"'{text}"
    assert not any(cell.startswith(tuple("=+-@\t\r\n\uff1d")) for cell in row.values())


@given(st.text(max_size=40))
def test_any_text_comes_back_whole_but_for_its_apostrophe(text: str) -> None:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([safe(text)])
    ((cell,),) = csv.reader(io.StringIO(line.getvalue(), newline=""))
    assert cell in (text, f"'{text}")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (-3, "-3"),
        (["a", "b"], "a, b"),
        ({}, ""),
        ({"b": 1}, '{"b":1}'),
    ],
)
def test_values_as_cells(value: Any, cell: str) -> None:
    assert safe(value) == cell


def test_the_table_has_a_row_an_event_and_a_mark_for_spreadsheets(db: None) -> None:
    text = "".join(
        as_csv(admins(), [make.event(reason='say "ä"; then,\nmore', result={"freed_bytes": 5}), make.event()])
    )
    assert text.startswith('\ufeff"sequence",')
    first, second = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert first["reason"] == 'say "ä"; then,\nmore'
    assert (first["freed_bytes"], second["freed_bytes"]) == ("5", "")
    assert (first["actor_name"], first["role"], first["code"]) == (
        "Omar Haddad",
        "operator",
        "media.delete.deleted",
    )
    assert second["hash"] == Event.objects.get(sequence=2).hash


def test_the_lines_can_be_verified_by_whoever_has_the_key(db: None) -> None:
    made = [make.event(), make.event("access.refused", reason="x")]
    for line, event in zip(lines(admins(), made, "jsonl"), made, strict=True):
        facts = json.loads(line)
        assert facts.pop("hash") == chain.sign(chain.write_canonical(facts)) == event.hash


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_memory_does_not_grow_with_the_record(db: None, kind: str) -> None:
    event, history = make.event(reason="x" * 500), admins()

    def peak(count: int) -> int:
        def events() -> Iterator[Event]:
            for _ in range(count):
                yield Event(sequence=1, line=event.line, hash=event.hash)

        tracemalloc.start()
        assert sum(packet.count(b"\n") for packet in packets(lines(history, events(), kind))) >= count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(5000) < 2 * peak(500)
