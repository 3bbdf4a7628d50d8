"""The role of the README can do all that the server does, and can change no event."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import ProgrammingError, transaction
from django.db import connection as database

from dashboard import audit
from dashboard.models import Connection, Event
from tests import make
from tests.make import OMAR

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture
def as_dashboard(small: Connection) -> Iterator[None]:
    """This connection with the rights of the README's role."""
    found = re.search(r"```sql\n(.*?)```", README.read_text(), re.DOTALL)
    assert found
    with database.cursor() as cursor:
        cursor.execute(found[1])
        cursor.execute("SET ROLE dashboard")
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("DROP OWNED BY dashboard; DROP ROLE dashboard")


def test_it_removes_and_records(as_dashboard: None, small: Connection, media_id: str) -> None:
    record = make.remove(small, media_id)
    assert record.state == "deleted"
    assert Event.objects.count() == 2
    assert audit.verify().broken is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE dashboard_event SET ticket = ''",
        "DELETE FROM dashboard_event",
        "TRUNCATE dashboard_event",
        "DROP TRIGGER dashboard_event_no_change ON dashboard_event",
        "ALTER TABLE dashboard_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_it_changes_no_event(as_dashboard: None, sql: str) -> None:
    audit.record("media.revealed", OMAR)
    with pytest.raises(ProgrammingError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql)
    assert Event.objects.count() == 1
