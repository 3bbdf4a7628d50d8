"""Triggers that let events be added and nothing else, whoever holds the connection to the database.

A new event has the next number. Another would leave no room for those to come, or replace one that is there:
SQLite's `INSERT OR REPLACE` deletes without firing a delete trigger. PostgreSQL's TRUNCATE fires no row
trigger, so it has one of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

_TABLE: Final = "dashboard_event"
_MESSAGE: Final = "events of the audit are written once"

_SQLITE: Final = {
    f"{_TABLE}_no_update": f"BEFORE UPDATE ON {_TABLE} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END",
    f"{_TABLE}_no_delete": f"BEFORE DELETE ON {_TABLE} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END",
    f"{_TABLE}_in_order": (
        f"BEFORE INSERT ON {_TABLE} "  # noqa: S608 - ours
        f"WHEN NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM {_TABLE}) "
        f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}, with the next number'); END"
    ),
}
_REFUSE: Final = f"EXECUTE FUNCTION {_TABLE}_refuse()"
_POSTGRESQL: Final = {
    f"{_TABLE}_no_change": f"BEFORE UPDATE OR DELETE ON {_TABLE} FOR EACH ROW {_REFUSE}",
    f"{_TABLE}_no_truncate": f"BEFORE TRUNCATE ON {_TABLE} FOR EACH STATEMENT {_REFUSE}",
    f"{_TABLE}_in_order": f"BEFORE INSERT ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_TABLE}_follow()",
}
_TYPES: Final = {f"{_TABLE}_no_change": 27, f"{_TABLE}_no_truncate": 34, f"{_TABLE}_in_order": 7}
"""When each fires, by pg_trigger: row 1, before 2, insert 4, delete 8, update 16, truncate 32."""

_RAISE: Final = "USING ERRCODE = 'integrity_constraint_violation'"
_BODIES: Final = {
    f"{_TABLE}_refuse": f"BEGIN RAISE EXCEPTION '{_MESSAGE}' {_RAISE}; END",
    # By schema and name: a temporary table of the same name would be found before it.
    f"{_TABLE}_follow": (
        "DECLARE last bigint; BEGIN EXECUTE 'SELECT max(sequence) FROM ' "  # noqa: S608 - ours
        "|| quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME) INTO last; "
        "IF NEW.sequence IS DISTINCT FROM coalesce(last, 0) + 1 THEN "
        f"RAISE EXCEPTION '{_MESSAGE}, with the next number' {_RAISE}; END IF; RETURN NEW; END"
    ),
}
"""What the triggers of PostgreSQL execute, by function."""

_CATALOGUE: Final = {
    "sqlite": f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{_TABLE}'",  # noqa: S608 - ours
    "postgresql": (
        "SELECT tgname, CASE WHEN tgqual IS NULL AND tgattr::text = '' THEN tgtype || prosrc ELSE '' END "  # noqa: S608 - ours
        "FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
        f"WHERE tgrelid = '{_TABLE}'::regclass AND tgenabled IN ('O', 'A') AND NOT tgisinternal "
        f"UNION ALL SELECT rulename, '' FROM pg_rewrite WHERE ev_class = '{_TABLE}'::regclass"
    ),
}
"""Which triggers work for everybody who writes to the table, and when each does what; rules count, too."""


def install(editor: Any) -> None:
    """Create the triggers through a schema editor. A migration that rebuilds the table calls this again."""
    for name, body in _BODIES.items() if editor.connection.vendor == "postgresql" else ():
        editor.execute(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    for name, body in _list_triggers(editor.connection.vendor).items():
        editor.execute(f"CREATE TRIGGER {name} {body}")


def remove(editor: Any) -> None:
    """Drop the triggers through a schema editor."""
    for name in _list_triggers(editor.connection.vendor):
        suffix = f" ON {_TABLE}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")


@contextmanager
def suspend() -> Iterator[None]:
    """Open a transaction in which the table's owner may change events: for retention and migrations."""
    with transaction.atomic(), database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {_TABLE} IN ACCESS EXCLUSIVE MODE")
        editor = SimpleNamespace(connection=database, execute=cursor.execute)  # as much of one as is needed
        remove(editor)
        yield
        install(editor)


def find_missing() -> list[str]:
    """Return the names of the triggers that are missing or were changed."""
    there = _read_triggers()
    if database.vendor == "postgresql":
        return [
            name
            for name, made in _POSTGRESQL.items()
            if there.get(name) != str(_TYPES[name]) + _BODIES[made.rpartition(" ")[2].removesuffix("()")]
        ]
    return [name for name, body in _SQLITE.items() if there.get(name) != f"CREATE TRIGGER {name} {body}"]


def find_foreign() -> list[str]:
    """Return the names of triggers and rules on the table not ours: one could keep events out unseen."""
    return sorted(_read_triggers().keys() - _list_triggers(database.vendor).keys())


def _read_triggers() -> dict[str, str]:
    with database.cursor() as cursor:
        cursor.execute(_CATALOGUE[database.vendor])
        return dict(cursor.fetchall())


def _list_triggers(vendor: str) -> dict[str, str]:
    return _POSTGRESQL if vendor == "postgresql" else _SQLITE
