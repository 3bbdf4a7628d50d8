"""The rights with which a test works on the database: those of the server's role, or of the tables' owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO

from django.core.management import call_command
from django.db import DatabaseError
from django.db import connection as database

from tests.postgresql import ROLE


@contextmanager
def as_owner() -> Iterator[None]:
    """Within the block this connection has the rights of the tables' owner; SQLite has nobody else."""
    if database.vendor != "postgresql":
        yield
        return
    with database.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        try:
            yield
        finally:
            with suppress(DatabaseError):  # a transaction that is given up takes the role back with it
                cursor.execute("RESET ROLE")


def refuse(verb: str, table: str) -> None:
    """From here to the end of the transaction the database refuses DELETE, say, on the table."""
    with as_owner(), database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(f"REVOKE {verb} ON {table} FROM {ROLE}")
        else:
            stuck = "SELECT RAISE(ABORT, 'permission denied')"
            cursor.execute(f"CREATE TRIGGER {table}_stuck BEFORE {verb} ON {table} BEGIN {stuck}; END")


def migrate() -> None:
    """Make the tables as their owner, and give the server's role its rights."""
    with as_owner():
        call_command("migrate", verbosity=0)
        if database.vendor == "postgresql":
            call_command("grants", ROLE, apply=True, stdout=StringIO())
