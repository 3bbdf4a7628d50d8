"""The rights of the PostgreSQL role under which web processes and workers connect: what they need, no more.

The tables' owner migrates, trims the audit and hands out these rights; the role cannot change an event, nor
take away a removal, a job, a connection or an account.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

ADDED: Final = ("SELECT", "INSERT")
"""For what is written once."""

KEPT: Final = (*ADDED, "UPDATE")
"""For rows that move on from state to state, and stay."""

FORGOTTEN: Final = (*KEPT, "DELETE")
"""For what people clear away, or is kept for a day."""

RIGHTS: Final[dict[str, tuple[str, ...]]] = {
    "dashboard_account": KEPT,
    "dashboard_connection": KEPT,
    "dashboard_event": ADDED,
    "dashboard_job": KEPT,
    "dashboard_lookup": FORGOTTEN,
    "dashboard_lookup_connections": (*ADDED, "DELETE"),
    "dashboard_removal": KEPT,
    "dashboard_savedview": (*ADDED, "DELETE"),
    "dashboard_trayitem": FORGOTTEN,
    "dashboard_worker": FORGOTTEN,
    "django_migrations": ("SELECT",),
    "django_tasks_database_dbtaskresult": FORGOTTEN,
}
"""What the role may do with each table. A test fails for a table that is not here."""

EVERY_RIGHT: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

OF_COLUMNS: Final = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
"""Those of them that may be given for a single column."""


class CannotGrant(Exception):
    """The rights cannot be given; the text says why and what to do."""


def statements(role: str) -> list[str]:
    """The SQL that gives `role` its rights and takes away any other, for the database that is connected.

    Raises CannotGrant.
    """
    if database.vendor != "postgresql":
        raise CannotGrant("SQLite has no roles: whoever may write to its file may do everything.")
    with database.cursor() as cursor:
        _check_role(cursor, role)
        owner = _find_owner(cursor)
        if _ask(cursor, "SELECT pg_has_role(%s, %s, 'MEMBER')", role, owner):
            raise CannotGrant(
                f"{role} is a superuser, or owns the tables or belongs to {owner}, who does: no right can be "
                "kept from it. Let the server connect as a role of its own."
            )
        return list(_write_statements(cursor, quoted(role), quoted(owner)))


def apply(role: str) -> None:
    """Give `role` its rights and take away any other. Raises CannotGrant; then nothing is changed."""
    with transaction.atomic(), database.cursor() as cursor:
        for statement in statements(role):
            cursor.execute(statement)
        if not _ask(cursor, "SELECT has_schema_privilege(%s, current_schema(), 'USAGE')", role):
            raise CannotGrant(f"Nothing was changed: only the schema's owner can give {role} USAGE on it.")
        if excess := list(_find_excess(cursor, role)):
            raise CannotGrant(
                f"Nothing was changed: {role} would still have {', '.join(excess)}, by PUBLIC, by a role "
                "that it belongs to, or from somebody else than the owner. Take that away first."
            )


def quoted(name: str) -> str:
    """A name as PostgreSQL's SQL takes it, whatever letters it has."""
    return '"{}"'.format(name.replace('"', '""'))


def _check_role(cursor: Any, role: str) -> None:
    if "\0" in role or not _ask(cursor, "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", role):
        raise CannotGrant(f"There is no role {role!r}. Make it first, with CREATE ROLE … LOGIN.")


def _find_owner(cursor: Any) -> str:
    """The one role that owns every table; the connected one has to be able to act for it."""
    cursor.execute(
        "SELECT relname, rolname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner "
        "WHERE relname = ANY(%s) AND relkind = 'r' AND pg_table_is_visible(pg_class.oid)",
        [list(RIGHTS)],
    )
    owners = dict(cursor.fetchall())
    if missing := sorted(RIGHTS.keys() - owners.keys()):
        raise CannotGrant(f"Run manage.py migrate first: there is no table {', '.join(missing)}.")
    owner = owners["dashboard_event"]
    if strange := sorted(table for table, other in owners.items() if other != owner):
        raise CannotGrant(f"{owner} does not own {', '.join(strange)}. One role has to own all tables.")
    if not _ask(cursor, "SELECT pg_has_role(%s, 'USAGE')", owner):
        raise CannotGrant(f"Connect as {owner}, who owns the tables: DATABASE_URL names somebody else.")
    return str(owner)


def _write_statements(cursor: Any, role: str, owner: str) -> Iterator[str]:
    schema = quoted(_ask(cursor, "SELECT current_schema()"))
    yield f"REVOKE ALL ON SCHEMA {schema} FROM {role}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role}"
    for table, rights in RIGHTS.items():
        name = f"{schema}.{quoted(table)}"
        yield f"REVOKE ALL ON TABLE {name} FROM {role}"
        yield f"GRANT {', '.join(rights)} ON TABLE {name} TO {role}"
        for sequence in database.introspection.get_sequences(cursor, table):
            name = f"{schema}.{quoted(sequence['name'])}"
            yield f"REVOKE ALL ON SEQUENCE {name} FROM {role}"
            if "INSERT" in rights:
                yield f"GRANT USAGE ON SEQUENCE {name} TO {role}"
    # A table that a later migration makes works at once; what is too much of it goes when this is run again.
    coming = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
    for kind, rights in (("TABLES", FORGOTTEN), ("SEQUENCES", ("USAGE",))):
        yield f"{coming} REVOKE ALL ON {kind} FROM {role}"
        yield f"{coming} GRANT {', '.join(rights)} ON {kind} TO {role}"


def _find_excess(cursor: Any, role: str) -> Iterator[str]:
    """Rights beyond the wanted ones that the role has by whatever way: `DELETE on dashboard_event`."""
    for table, rights in RIGHTS.items():
        for right in EVERY_RIGHT:
            asks = "has_any_column_privilege" if right in OF_COLUMNS else "has_table_privilege"
            if right not in rights and _ask(cursor, f"SELECT {asks}(%s, %s, %s)", role, table, right):
                yield f"{right} on {table}"


def _ask(cursor: Any, sql: str, *values: str) -> Any:
    cursor.execute(sql, values)
    return cursor.fetchone()[0]
