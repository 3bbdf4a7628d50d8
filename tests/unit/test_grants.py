"""What the rights of the database's role are of, on any database."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db.migrations.recorder import MigrationRecorder

from dashboard import grants


def test_every_table_has_its_rights_named() -> None:
    """A new table is written down in dashboard/grants.py, by what the code does with its rows."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert grants.RIGHTS.keys() == tables | {MigrationRecorder.Migration._meta.db_table}


def test_what_is_to_stay_can_be_deleted_by_nobody() -> None:
    for table in ("event", "removal", "job", "connection", "account"):
        assert "DELETE" not in grants.RIGHTS[f"dashboard_{table}"]
    assert "UPDATE" not in grants.RIGHTS["dashboard_event"]


@pytest.mark.skipif(database.vendor != "sqlite", reason="SQLite has no roles")
@pytest.mark.parametrize("apply", [True, False])
def test_sqlite_is_a_sentence(db: None, apply: bool) -> None:
    with pytest.raises(CommandError, match="SQLite has no roles"):
        call_command("grants", "dashboard", apply=apply)
