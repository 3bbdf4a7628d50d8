"""The ledger beside its events, for bulk removals: items that have no event yet are vouched for by the one
that begins them, and whatever was changed past the program is named."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone

from dashboard.audit import reconcile, retention
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Event, Job, Removal, RemovalState
from dashboard.removals import bulk, claims, ledger
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import make
from tests.rights import as_owner


@pytest.fixture
def ids(small: Connection) -> list[str]:
    return make.plain_ids(small, MediaQuery(limit=20))


def begin(of: Connection, ids: list[str]) -> Job:
    return bulk.begin(of, Intent(make.OMAR, uuid.uuid4(), "ZD-1", "asked for"), ids).job


@pytest.fixture
def planned(small: Connection, ids: list[str]) -> Job:
    """Four items that no worker has touched yet."""
    return begin(small, ids[:4])


@pytest.fixture
def stopped(small: Connection, ids: list[str], planned: Job) -> Job:
    """Of four items one was deleted, one was put off, and three were cancelled."""
    number = uuid.uuid4()
    first, second = claims.acquire(planned, number, 2)
    for row in (first, second):
        assert claims.send(row, number, make.OMAR, {"type": "image"})
    assert ledger.move(first, RemovalState.DELETED, make.OMAR, result={"freed_bytes": 7}, freed_bytes=7)
    assert ledger.move(second, RemovalState.PLANNED, make.OMAR, result={"status": 429}, claim=None)
    assert bulk.stop(planned, make.OMAR)
    return planned


def verified() -> str:
    out = io.StringIO()
    call_command("audit_verify", stdout=out)
    return out.getvalue()


def named(what: str) -> None:
    with pytest.raises(CommandError, match=f"the ledger does not: {what}"):
        verified()


def first_of(job: Job, state: RemovalState) -> Any:
    return Removal.objects.filter(pk=job.removals.filter(state=state).order_by("position")[0].pk)


def copied(row: Removal, **changes: Any) -> None:
    facts = {field.attname: getattr(row, field.attname) for field in Removal._meta.fields}
    Removal.objects.bulk_create([Removal(**{**facts, "id": uuid.uuid4(), "token": uuid.uuid4(), **changes})])


def test_at_every_point_of_its_way_it_holds(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    job = begin(small, ids[:4])
    assert "holds" in verified()
    sandbox.faults.add(method="DELETE", status=429, headers={"Retry-After": "0"})
    make.work_off()
    claims.acquire(job, uuid.uuid4(), 1)
    assert "holds" in verified()
    Job.objects.update(state="waiting", next_try_at=None)
    Removal.objects.filter(state="claimed").update(lease_until=timezone.now() - timedelta(seconds=1))
    lifecycle.queue(job)
    make.work_off()
    assert set(job.removals.values_list("state", flat=True)) == {"deleted"}
    assert "holds" in verified()


def test_a_stopped_one_holds(stopped: Job) -> None:
    assert sorted(stopped.removals.values_list("state", flat=True)) == ["cancelled"] * 3 + ["deleted"]
    assert "holds" in verified()


def test_an_item_that_was_sent_again_after_it_was_put_off_holds(small: Connection, planned: Job) -> None:
    for before in ({"type": "image"}, {"type": "video"}):
        number = uuid.uuid4()
        (row,) = claims.acquire(planned, number, 1)
        assert claims.send(row, number, make.OMAR, before)
        if before["type"] == "image":
            assert ledger.move(row, RemovalState.PLANNED, make.OMAR, result={"status": 429}, claim=None)
    assert "holds" in verified()
    Removal.objects.filter(pk=row.pk).update(before={"type": "image"})
    named(f"removal {row.pk} has another before than its events")


def test_an_item_that_was_added_is_named(planned: Job) -> None:
    copied(planned.removals.order_by("position")[0], media_id="another", position=4)
    named(f"bulk removal {planned.pk} has 5 items, and its event says 4")


def test_an_item_that_is_gone_is_named(planned: Job) -> None:
    with as_owner():
        first_of(planned, RemovalState.PLANNED).delete()
    named(f"bulk removal {planned.pk} has 3 items, and its event says 4")


def test_all_items_gone_are_named(planned: Job) -> None:
    with as_owner():
        planned.removals.all().delete()
    named(f"bulk removal {planned.pk} has 0 items")


def test_a_deleted_item_that_is_called_cancelled_is_named(stopped: Job) -> None:
    row = first_of(stopped, RemovalState.DELETED)
    row.update(state=RemovalState.CANCELLED)
    named(f"removal {row[0].pk} is cancelled, and its last event says deleted")


@pytest.mark.parametrize("state", [RemovalState.CANCELLED, RemovalState.CLAIMED])
def test_a_planned_item_that_is_called_cancelled_is_named(planned: Job, state: RemovalState) -> None:
    first_of(planned, RemovalState.PLANNED).update(state=state)
    if state == RemovalState.CLAIMED:
        assert "holds" in verified()
    else:
        named(f"bulk removal {planned.pk} has 1 cancelled items, and its events say 0")


def test_a_planned_item_that_is_called_deleted_is_named(planned: Job) -> None:
    row = first_of(planned, RemovalState.PLANNED)
    row.update(state=RemovalState.DELETED)
    named(f"removal {row[0].pk} has no event")


def test_a_cancelled_item_that_is_to_be_sent_after_all_is_named(stopped: Job) -> None:
    first_of(stopped, RemovalState.CANCELLED).update(state=RemovalState.PLANNED)
    named(f"bulk removal {stopped.pk} has 2 cancelled items, and its events say 3")


def test_an_item_left_in_a_finished_one_is_named(small: Connection, ids: list[str]) -> None:
    job = begin(small, ids[:2])
    make.work_off()
    row = job.removals.order_by("position")[0]
    copied(row, media_id="another", state=RemovalState.PLANNED)
    named(f"bulk removal {job.pk} has 3 items")


CHANGES: dict[str, Any] = {
    "token": uuid.UUID(int=7),
    "request_id": "another",
    "connection_label": "Other",
    "service_text": "Gone.",
    "answer_status": 200,
    "freed_bytes": 7,
    "purged_variants": 7,
    "before": {"type": "image"},
    "closed_at": timezone.now(),
    "closed_by": "Ada",
    "closing_note": "-",
    "sent_at": timezone.now() - timedelta(hours=1),
    "settled_at": timezone.now(),
    "person": "Ada Brandt",
    "email": "ada@example.com",
    "issuer": "elsewhere",
    "subject": "ada",
    "role": "admin",
    "ticket": "ZD-2",
    "reason": "none",
    "verb": "purge",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_item_without_an_event_is_named(planned: Job, column: str) -> None:
    row = first_of(planned, RemovalState.PLANNED)
    row.update(**{column: CHANGES[column]})
    named(f"bulk removal {planned.pk} has an item with another {column} than its event: removal {row[0].pk}")


def test_an_item_that_became_another_is_named(planned: Job) -> None:
    first_of(planned, RemovalState.PLANNED).update(media_id="another")
    named(f"bulk removal {planned.pk} is of other items than its event says")


def test_two_items_that_changed_places_are_named(planned: Job) -> None:
    first_of(planned, RemovalState.PLANNED).update(position=9)
    named(f"bulk removal {planned.pk} is of other items than its event says")


JOB_CHANGES: dict[str, Any] = {
    **{name: CHANGES[name] for name in ("person", "issuer", "subject", "role", "email", "ticket", "reason")},
    "connection_label": "Other",
    "groups": ["vault-admins"],
    "mode": "header",
    "address": "192.0.2.8",
    "agent": "curl",
    "request_id": "another",
    "typed": "4",
    "token": uuid.UUID(int=7),
}


@pytest.mark.parametrize("column", JOB_CHANGES)
def test_a_job_that_is_anothers_now_is_named(planned: Job, column: str) -> None:
    Job.objects.filter(pk=planned.pk).update(**{column: JOB_CHANGES[column]})
    named(f"bulk removal {planned.pk} has another {column} than its event")


def test_what_a_stop_changes_between_two_reads_is_no_difference(planned: Job) -> None:
    stopped: list[bool] = []

    def stop_before_the_items_are_counted(execute: Any, sql: str, *rest: Any) -> Any:
        if "GROUP BY" in sql and not stopped:
            stopped.append(True)
            stopped.append(bulk.stop(planned, make.OMAR))
        return execute(sql, *rest)

    with database.execute_wrapper(stop_before_the_items_are_counted):
        assert reconcile.find_difference() is None
    assert stopped == [True, True]


def test_an_item_that_was_given_to_another_connection_is_named(planned: Job) -> None:
    first_of(planned, RemovalState.PLANNED).update(connection=make.connection("other"))
    named(f"bulk removal {planned.pk} has an item with another connection")


def test_an_item_that_was_given_to_another_run_is_named(
    small: Connection, ids: list[str], stopped: Job
) -> None:
    other = begin(small, ids[4:6])
    row = first_of(stopped, RemovalState.DELETED)
    row.update(job=other)
    named(f"removal {row[0].pk} has another job than its events")
    row.update(job=stopped)
    assert "holds" in verified()
    untold = stopped.removals.filter(events=None)
    Removal.objects.filter(pk=untold[0].pk).update(job=other)
    named("bulk removal")


def test_an_item_that_was_taken_out_of_its_run_is_named(planned: Job) -> None:
    row = first_of(planned, RemovalState.PLANNED)
    row.update(job=None)
    named(f"removal {row[0].pk} has no event")


def test_a_single_removal_that_was_put_into_a_run_is_named(
    small: Connection, ids: list[str], planned: Job
) -> None:
    record = make.remove(small, ids[10])
    Removal.objects.filter(pk=record.pk).update(job=planned)
    named(f"removal {record.pk} has another job than its events")


def test_items_of_a_run_that_no_event_begins_are_named(small: Connection) -> None:
    job = make.job(small, total=1)
    make.removal(small, job=job, state=RemovalState.PLANNED, settled_at=None)
    named(f"bulk removal {job.pk} has items, and no event begins it")


def test_what_retention_took_is_not_missed(
    small: Connection, ids: list[str], stopped: Job, tmp_path: Path
) -> None:
    begin(small, ids[4:6])
    with (tmp_path / "old.jsonl").open("w") as file:
        for event in list(Event.objects.order_by("sequence")):
            with as_owner():
                retention.trim(event.at, file, make.OMAR)
            assert "holds" in verified()
    begun = begin(small, ids[6:8])
    copied(begun.removals.order_by("position")[0], media_id="another")
    named(f"bulk removal {begun.pk} has 3 items, and its event says 2")


def test_a_long_one_is_read_by_a_few_queries(
    small: Connection, ids: list[str], django_assert_max_num_queries: Any
) -> None:
    for start in range(0, 12, 4):
        begin(small, ids[start : start + 4])
    with django_assert_max_num_queries(16):
        assert reconcile.find_difference() is None
