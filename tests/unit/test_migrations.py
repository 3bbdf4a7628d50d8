"""A database from before connection ids were encrypted comes through whole."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from dashboard.audit import triggers
from dashboard.models import Connection, Removal
from tests import make
from tests.rights import as_owner


def migrate(name: str | None) -> None:
    with as_owner():
        MigrationExecutor(database).migrate([("dashboard", name)])


@pytest.mark.django_db(transaction=True)
def test_ids_are_sealed_and_old_unknowns_left_to_a_person() -> None:
    newest = MigrationExecutor(database).loader.graph.leaf_nodes("dashboard")[0][1]
    migrate(None)
    migrate("0001_initial")
    old = MigrationExecutor(database).loader.project_state(("dashboard", "0001_initial")).apps
    try:
        studio = old.get_model("dashboard", "Connection").objects.create(
            slug="studio-a", label="Studio A", connection_id=make.SMALL_ID
        )
        for days, state in ((3, "unknown"), (2, "unknown"), (1, "deleted")):
            old.get_model("dashboard", "Removal").objects.create(
                verb="delete",
                state=state,
                connection=studio,
                connection_label="Studio A",
                media_id="449",
                person="Omar",
                role="operator",
                request_id="r",
                token=uuid.uuid4(),
                sent_at=timezone.now() - timedelta(days=days),
            )
    finally:
        migrate(newest)
    after = Connection.objects.get()
    assert (after.connection_id, after.tail) == (make.SMALL_ID, make.SMALL_ID[-4:])
    assert Connection.objects.by_raw_id(make.SMALL_ID) == after
    states = Removal.objects.order_by("sent_at").values_list("state", flat=True)
    assert list(states) == ["unresolved", "unknown", "deleted"]
    assert triggers.missing() == []
    columns = [
        c.name
        for c in database.introspection.get_table_description(database.cursor(), "dashboard_connection")
    ]
    assert "connection_id" not in columns
