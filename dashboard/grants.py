"""The rights of the PostgreSQL role that web processes and workers connect as: no more than they need."""

from collections.abc import Iterator
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

INSERT_RIGHTS: Final = ("SELECT", "INSERT")
"""For tables whose rows never change."""

UPDATE_RIGHTS: Final = (*INSERT_RIGHTS, "UPDATE")
"""For tables whose rows change state and are never deleted."""

DELETE_RIGHTS: Final = (*UPDATE_RIGHTS, "DELETE")
"""For tables whose rows are deleted by people or after a day."""

RIGHTS: Final[dict[str, tuple[str, ...]]] = {
    "dashboard_account": UPDATE_RIGHTS,
    "dashboard_budget": DELETE_RIGHTS,
    "dashboard_connection": UPDATE_RIGHTS,
    "dashboard_event": INSERT_RIGHTS,
    "dashboard_job": UPDATE_RIGHTS,
    "dashboard_lookup": DELETE_RIGHTS,
    "dashboard_lookup_connections": (*INSERT_RIGHTS, "DELETE"),
    "dashboard_policyreport": DELETE_RIGHTS,
    "dashboard_removal": UPDATE_RIGHTS,
    "dashboard_savedview": (*INSERT_RIGHTS, "DELETE"),
    "dashboard_trayitem": DELETE_RIGHTS,
    "dashboard_worker": DELETE_RIGHTS,
    "django_migrations": ("SELECT",),
    "django_tasks_database_dbtaskresult": DELETE_RIGHTS,
}
"""The rights to each table. A test fails for a table that is missing here."""

ALL_RIGHTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

COLUMN_RIGHTS: Final = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
"""The rights that may be given for a single column."""


class GrantError(Exception):
    """The rights cannot be given; the text says why and what to do."""


def build_statements(role: str) -> list[str]:
    """Return the SQL that gives `role` its rights and takes away all others. Raises GrantError."""
    if database.vendor != "postgresql":
        raise GrantError("SQLite has no roles: whoever may write to its file may do everything.")
    with database.cursor() as cursor:
        _check_role(cursor, role)
        owner = _find_owner(cursor)
        if _ask(cursor, "SELECT pg_has_role(%s, %s, 'MEMBER')", role, owner):
            raise GrantError(
                f"{role} is a superuser, or owns the tables or belongs to {owner}, who does: no right can be "
                "kept from it. Let the server connect as a role of its own."
            )
        return list(_write_statements(cursor, quote_name(role), quote_name(owner)))


def apply_grants(role: str) -> None:
    """Give `role` its rights and take away all others. Raises GrantError; then nothing is changed."""
    with transaction.atomic(), database.cursor() as cursor:
        for statement in build_statements(role):
            cursor.execute(statement)
        if not _ask(cursor, "SELECT has_schema_privilege(%s, current_schema(), 'USAGE')", role):
            raise GrantError(f"Nothing was changed: only the schema's owner can give {role} USAGE on it.")
        if excess := list(_find_excess(cursor, role)):
            raise GrantError(
                f"Nothing was changed: {role} would still have {', '.join(excess)}, by PUBLIC, by a role "
                "that it belongs to, or from somebody else than the owner. Take that away first."
            )


def quote_name(name: str) -> str:
    """Return a name quoted for PostgreSQL, whatever letters it has."""
    return '"{}"'.format(name.replace('"', '""'))


def _check_role(cursor: Any, role: str) -> None:
    if "\0" in role or not _ask(cursor, "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", role):
        raise GrantError(f"There is no role {role!r}. Make it first, with CREATE ROLE … LOGIN.")


def _find_owner(cursor: Any) -> str:
    """Return the role that owns every table. The connected role has to be able to act for it."""
    cursor.execute(
        "SELECT relname, rolname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner "
        "WHERE relname = ANY(%s) AND relkind = 'r' AND pg_table_is_visible(pg_class.oid)",
        [list(RIGHTS)],
    )
    owners = dict(cursor.fetchall())
    if missing := sorted(RIGHTS.keys() - owners.keys()):
        raise GrantError(f"Run manage.py migrate first: there is no table {', '.join(missing)}.")
    owner = owners["dashboard_event"]
    if strange := sorted(table for table, other in owners.items() if other != owner):
        raise GrantError(f"{owner} does not own {', '.join(strange)}. One role has to own all tables.")
    if not _ask(cursor, "SELECT pg_has_role(%s, 'USAGE')", owner):
        raise GrantError(f"Connect as {owner}, who owns the tables: DATABASE_URL names somebody else.")
    return str(owner)


def _write_statements(cursor: Any, role: str, owner: str) -> Iterator[str]:
    schema = quote_name(_ask(cursor, "SELECT current_schema()"))
    yield f"REVOKE ALL ON SCHEMA {schema} FROM {role}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role}"
    for table, rights in RIGHTS.items():
        name = f"{schema}.{quote_name(table)}"
        yield f"REVOKE ALL ON TABLE {name} FROM {role}"
        yield f"GRANT {', '.join(rights)} ON TABLE {name} TO {role}"
        for sequence in database.introspection.get_sequences(cursor, table):
            name = f"{schema}.{quote_name(sequence['name'])}"
            yield f"REVOKE ALL ON SEQUENCE {name} FROM {role}"
            if "INSERT" in rights:
                yield f"GRANT USAGE ON SEQUENCE {name} TO {role}"
    # A table that a later migration makes works at once; what is too much of it goes when this is run again.
    coming = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
    for kind, rights in (("TABLES", DELETE_RIGHTS), ("SEQUENCES", ("USAGE",))):
        yield f"{coming} REVOKE ALL ON {kind} FROM {role}"
        yield f"{coming} GRANT {', '.join(rights)} ON {kind} TO {role}"


def _find_excess(cursor: Any, role: str) -> Iterator[str]:
    for table, rights in RIGHTS.items():
        for right in ALL_RIGHTS:
            asks = "has_any_column_privilege" if right in COLUMN_RIGHTS else "has_table_privilege"
            if right not in rights and _ask(cursor, f"SELECT {asks}(%s, %s, %s)", role, table, right):
                yield f"{right} on {table}"


def _ask(cursor: Any, sql: str, *values: str) -> Any:
    cursor.execute(sql, values)
    return cursor.fetchone()[0]
