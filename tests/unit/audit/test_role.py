"""The role of web processes and workers on PostgreSQL: what `manage.py grants` gives it, and what it keeps
from it. That these rights are enough is what all other tests show: they run as that role."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction
from django.db import connection as database

from dashboard import audit, grants
from dashboard.models import Connection, Event
from tests import make
from tests.make import OMAR
from tests.postgresql import ROLE
from tests.rights import as_owner

DEPLOY = Path(__file__).resolve().parents[3] / "docs" / "deploy.md"
NAMES = ["dashboard", 'it"s; DROP TABLE dashboard_job; --', "Größe 100%"]


@pytest.fixture
def role(request: pytest.FixtureRequest, db: None) -> Iterator[str]:
    """A role that may do nothing yet, and that the owner is connected to give rights to."""
    name = getattr(request, "param", "dashboard")
    with as_owner(), database.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {grants.quote_name(name)}")
        yield name
        cursor.execute(f"DROP OWNED BY {grants.quote_name(name)}")
        cursor.execute(f"DROP ROLE {grants.quote_name(name)}")


def granted(role: str, *, apply: bool = True) -> str:
    out = io.StringIO()
    call_command("grants", role, apply=apply, stdout=out)
    return out.getvalue()


def execute(sql: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(sql)


def rights_of(role: str) -> dict[str, set[str]]:
    """What the role may do with each table of the schema."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT relname, privilege FROM pg_class, unnest(%s::text[]) privilege WHERE relkind = 'r' "
            "AND relnamespace = current_schema()::regnamespace AND has_table_privilege(%s, oid, privilege)",
            [list(grants.ALL_RIGHTS), role],
        )
        found: dict[str, set[str]] = {}
        for table, right in cursor.fetchall():
            found.setdefault(table, set()).add(right)
    return found


EXACTLY = {table: set(rights) for table, rights in grants.RIGHTS.items()}


def test_every_test_runs_as_that_role(db: None) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (ROLE,)
    assert rights_of(ROLE) == EXACTLY


@pytest.mark.parametrize("role", NAMES, indirect=True)
def test_it_gives_exactly_what_is_needed_however_often(role: str) -> None:
    assert rights_of(role) == {}
    for _ in range(2):
        assert "has the rights" in granted(role)
        assert rights_of(role) == EXACTLY


@pytest.mark.parametrize("role", NAMES, indirect=True)
def test_what_it_prints_is_what_it_does(role: str) -> None:
    printed = granted(role, apply=False)
    assert rights_of(role) == {}
    begin, *statements, commit = printed.splitlines()
    assert (begin, commit) == ("BEGIN;", "COMMIT;")
    execute("\n".join(statements))
    assert rights_of(role) == EXACTLY


def test_what_is_too_much_is_taken_away(role: str) -> None:
    execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    execute(f"GRANT UPDATE (line) ON dashboard_event TO {role}")
    execute(f"GRANT ALL ON SCHEMA public TO {role}")
    granted(role)
    assert rights_of(role) == EXACTLY
    execute(f"SET LOCAL ROLE {role}")
    with pytest.raises(ProgrammingError), transaction.atomic():
        execute("CREATE TABLE mine ()")
    execute("SET LOCAL ROLE NONE")


@pytest.mark.parametrize(
    "sql",
    [
        "GRANT DELETE ON dashboard_event TO PUBLIC",
        "GRANT UPDATE (line) ON dashboard_event TO PUBLIC",
        "CREATE ROLE readers; GRANT TRUNCATE ON dashboard_removal TO readers; GRANT readers TO dashboard",
    ],
)
def test_what_it_cannot_take_away_is_said_and_nothing_is_given(role: str, sql: str) -> None:
    execute(sql)
    with pytest.raises(CommandError, match=r"would still have \w+ on dashboard_(event|removal)"):
        granted(role)
    assert "dashboard_trayitem" not in rights_of(role)


def test_a_table_to_come_can_be_used_at_once(role: str) -> None:
    granted(role)
    execute("CREATE TABLE dashboard_to_come (id bigserial PRIMARY KEY, of text)")
    execute(f"SET LOCAL ROLE {role}")
    execute("INSERT INTO dashboard_to_come (of) VALUES ('a')")
    execute("UPDATE dashboard_to_come SET of = 'b'")
    execute("DELETE FROM dashboard_to_come")
    execute("SET LOCAL ROLE NONE")


@pytest.mark.parametrize("apply", [True, False])
@pytest.mark.parametrize(
    ("name", "sql", "words"),
    [
        ("nobody here", "", "There is no role 'nobody here'"),
        ("nul\0", "", "There is no role"),
        ("dashboard", "ALTER ROLE dashboard SUPERUSER", "is a superuser, or owns the tables"),
        ("dashboard", "GRANT {owner} TO dashboard", "belongs to"),
        ("{owner}", "", "owns the tables"),
        ("dashboard", "ALTER TABLE django_migrations RENAME TO gone", "Run manage.py migrate first"),
        ("dashboard", "ALTER TABLE dashboard_job OWNER TO dashboard", "does not own dashboard_job"),
        ("dashboard", f"SET LOCAL ROLE {ROLE}", "Connect as"),
    ],
)
def test_a_role_that_cannot_be_given_them_is_a_sentence(
    role: str, name: str, sql: str, words: str, apply: bool
) -> None:
    owner = grants.quote_name(database.settings_dict["USER"])
    with transaction.atomic():
        if sql:
            execute(sql.format(owner=owner))
        with pytest.raises(CommandError, match=words):
            granted(name.format(owner=database.settings_dict["USER"]), apply=apply)
        transaction.set_rollback(True)


@pytest.fixture
def as_dashboard(role: str) -> Iterator[None]:
    """This connection with the rights that the command in docs/deploy.md gives."""
    [command] = re.findall(r"^manage\.py (grants .+ --apply)$", DEPLOY.read_text(), re.MULTILINE)
    call_command(*shlex.split(command), stdout=io.StringIO())
    execute("SET LOCAL ROLE dashboard")
    yield
    execute("SET LOCAL ROLE NONE")


def test_it_removes_and_records(as_dashboard: None, small: Connection, media_id: str) -> None:
    record = make.remove(small, media_id)
    assert record.state == "deleted"
    assert Event.objects.count() == 2
    assert audit.verify().broken is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE dashboard_event SET ticket = ''",
        "UPDATE django_migrations SET name = ''",
        "DELETE FROM dashboard_event",
        "DELETE FROM dashboard_removal",
        "DELETE FROM dashboard_job",
        "DELETE FROM dashboard_connection",
        "DELETE FROM dashboard_account",
        "TRUNCATE dashboard_event",
        "TRUNCATE dashboard_trayitem",
        "DROP TRIGGER dashboard_event_no_change ON dashboard_event",
        "ALTER TABLE dashboard_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_it_changes_no_event(as_dashboard: None, sql: str) -> None:
    audit.record("media.revealed", OMAR)
    with pytest.raises(ProgrammingError), transaction.atomic():
        execute(sql)
    assert Event.objects.count() == 1
