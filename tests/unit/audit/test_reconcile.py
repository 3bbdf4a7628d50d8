"""The ledger beside its events: a row that was changed, added or taken away is named."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import Any, Final

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone

from dashboard.audit.columns import BESIDE, UNTOLD, WITHIN
from dashboard.models import Connection, Event, Removal, RemovalState
from dashboard.removals import ledger
from dashboard.sandbox import Sandbox
from tests import make
from tests.make import OMAR
from tests.rights import as_owner


@pytest.fixture
def small(sandbox: Sandbox) -> Connection:
    return make.connection(connection_id=make.SMALL_ID)


@pytest.fixture
def record(small: Connection) -> Removal:
    """An item that was deleted."""
    return make.remove(small, "odd-many", reason="asked for by its owner")


def verified() -> str:
    out = io.StringIO()
    call_command("audit_verify", stdout=out)
    return out.getvalue()


def named(removal: Removal, what: str) -> None:
    with pytest.raises(CommandError, match=f"the ledger does not: removal {removal.pk} {what}"):
        verified()


CHANGES: dict[str, Any] = {
    "state": RemovalState.NOT_REMOVED,
    "person": "Ada Brandt",
    "email": "ada@example.com",
    "issuer": "elsewhere",
    "subject": "ada",
    "role": "admin",
    "media_id": "another",
    "ticket": "ZD-2",
    "reason": "none",
    "verb": "purge",
    "attempt": 2,
    "before": {},
    "freed_bytes": 0,
    "purged_variants": 7,
    "connection_label": "Other",
    "request_id": "another",
    "token": uuid.UUID(int=7),
    "position": 7,
    "sent_at": timezone.now() - timedelta(seconds=1),
    "settled_at": None,
    "answer_status": 404,
    "service_text": "It was not there.",
}
OTHERWISE: Final = ("connection", "job", "retry_of", "closed_at", "closed_by", "closing_note")
"""Columns that tests of their own change, in this file and those of bulk removals."""


def test_every_column_is_changed_or_is_known_to_tell_nothing() -> None:
    columns = {field.name for field in Removal._meta.concrete_fields}
    told = {name.removesuffix("_id") if name == "retry_of_id" else name for name in (*BESIDE, *WITHIN)}
    assert columns == told | set(UNTOLD)
    assert told == {*CHANGES, *OTHERWISE}


@pytest.mark.django_db
@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_row_is_named(record: Removal, column: str) -> None:
    assert "holds" in verified()
    Removal.objects.filter(pk=record.pk).update(**{column: CHANGES[column]})
    named(record, "is not_removed" if column == "state" else f"has another {column} than its events")


@pytest.mark.django_db
def test_a_row_that_was_given_to_another_connection_is_named(record: Removal) -> None:
    Removal.objects.filter(pk=record.pk).update(connection=make.connection("other"))
    named(record, "has another connection than its events")


@pytest.mark.django_db
def test_a_row_that_is_gone_is_named(record: Removal) -> None:
    with as_owner(), database.constraint_checks_disabled(), database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM dashboard_removal")
        named(record, "is gone, or its connection is, but its events are there")
        bring_back(record)


@pytest.mark.django_db
def test_a_row_that_no_event_tells_of_is_named(small: Connection, record: Removal) -> None:
    ago = timezone.now() - timedelta(days=1)
    make.removal(small, issuer="", media_id="before-there-were-events", sent_at=ago)
    assert "holds" in verified()
    for columns in ({}, {"issuer": ""}, {"sent_at": ago}):
        made = make.removal(small, **columns)
        named(made, "has no event")
        with as_owner():
            made.delete()


@pytest.mark.django_db
def test_a_record_without_any_event_does_not_hold(small: Connection) -> None:
    made = make.removal(small)
    assert not Event.objects.exists()
    named(made, "has no event")


@pytest.mark.django_db
def test_a_closing_is_an_event_too(small: Connection, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="DELETE", close=True)
    sandbox.faults.add(method="GET", status=401, times=None)
    record = make.remove(small, "odd-many")
    ledger.move(record, RemovalState.UNRESOLVED, OMAR)
    rows = Removal.objects.filter(pk=record.pk)
    rows.update(closed_at=timezone.now())
    named(record, "is closed, and no event says so")
    rows.update(closed_at=None)
    assert ledger.close(record, OMAR, "looked at the vendor's own list")
    assert "holds" in verified()
    for column, value in {"closing_note": "-", "closed_by": "-", "closed_at": timezone.now()}.items():
        before = getattr(rows[0], column)
        rows.update(**{column: value})
        named(record, f"has another {column} than its events")
        rows.update(**{column: before})


@pytest.mark.django_db
def test_a_retry_of_another_is_named(small: Connection, record: Removal, sandbox: Sandbox) -> None:
    other = make.remove(small, "odd-bytes")
    Removal.objects.filter(pk=record.pk).update(retry_of=other)
    named(record, "has another retry_of_id than its events")


def bring_back(record: Removal) -> None:
    """The transaction of the test ends with no reference to nothing."""
    Removal(**{field.attname: getattr(record, field.attname) for field in Removal._meta.fields}).save(
        force_insert=True
    )
