"""The guards of the events' table: one that guards less is named, and so is what keeps events out of it."""

from __future__ import annotations

from typing import Final

import pytest
from django.core.management import CommandError
from django.db import connection as database

from dashboard import audit
from tests.make import OMAR
from tests.unit.audit.hands import verified

TABLE: Final = "dashboard_event"
REFUSES: Final = f"EXECUTE FUNCTION {TABLE}_refuse()"
FOLLOWS: Final = f"EXECUTE FUNCTION {TABLE}_follow()"

LESS: Final = {
    "sqlite": [
        ("no_update", f"BEFORE UPDATE OF ticket ON {TABLE} BEGIN SELECT RAISE(ABORT, 'no'); END"),
        ("no_delete", f"AFTER DELETE ON {TABLE} BEGIN SELECT 1; END"),
        ("in_order", f"BEFORE INSERT ON {TABLE} WHEN 0 BEGIN SELECT RAISE(ABORT, 'no'); END"),
    ],
    "postgresql": [
        ("no_change", f"BEFORE DELETE ON {TABLE} FOR EACH ROW {REFUSES}"),
        ("no_change", f"BEFORE UPDATE OF ticket OR DELETE ON {TABLE} FOR EACH ROW {REFUSES}"),
        ("no_change", f"BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW WHEN (OLD.sequence > 9) {REFUSES}"),
        ("no_truncate", f"AFTER TRUNCATE ON {TABLE} FOR EACH STATEMENT {REFUSES}"),
        ("in_order", f"AFTER INSERT ON {TABLE} FOR EACH ROW {FOLLOWS}"),
    ],
}[database.vendor]
"""For a guard another of its name that guards less, by the same function."""

HUSHES: Final = {
    "sqlite": [
        f"CREATE TRIGGER hush BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(IGNORE); END"
        for verb in ("INSERT", "UPDATE", "DELETE")
    ],
    "postgresql": [
        f"CREATE RULE hush AS ON {verb} TO {TABLE} DO INSTEAD NOTHING"
        for verb in ("INSERT", "UPDATE", "DELETE")
    ],
}[database.vendor]
"""Has what is written to the table come to nothing, without an error."""


@pytest.fixture(autouse=True)
def _some(owner: None) -> None:
    for _ in range(3):
        audit.record("media.revealed", OMAR)
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(("name", "instead"), LESS)
def test_a_guard_that_guards_less_is_named(name: str, instead: str) -> None:
    table = f" ON {TABLE}" if database.vendor == "postgresql" else ""
    with database.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {TABLE}_{name}{table}")
        cursor.execute(f"CREATE TRIGGER {TABLE}_{name} {instead}")
    with pytest.raises(CommandError, match=f"a guard of the table is gone: {TABLE}_{name}"):
        verified()


@pytest.mark.parametrize("statement", HUSHES)
def test_what_keeps_events_out_is_named(statement: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement)
    audit.record("media.revealed", OMAR)  # nothing tells that it was not written
    with pytest.raises(CommandError, match="triggers or rules hang on its table: hush"):
        verified()
