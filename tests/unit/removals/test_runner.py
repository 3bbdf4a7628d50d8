"""A bulk removal as the worker carries it out: every outcome, who may have it done, and when it lets go."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard import audit
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Event, Job, Removal, RemovalState
from dashboard.removals import bulk, claims, errors, recovery, runner
from dashboard.removals.ledger import RETRYABLE_STATES, Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import make


@pytest.fixture(autouse=True)
def _this_process_goes_on() -> Iterator[None]:
    yield
    lifecycle.stopping.clear()


@pytest.fixture
def ids(small: Connection, sandbox: Sandbox) -> list[str]:
    """Ordinary items of the connection, in the order of its list."""
    return make.plain_ids(small, MediaQuery(limit=60))


def begin(of: Connection, ids: list[str]) -> Job:
    return bulk.begin(of, Intent(make.OMAR, uuid.uuid4(), "ZD-1", "asked for"), ids).job


def states(job: Job) -> list[str]:
    return list(job.removals.order_by("position").values_list("state", flat=True))


def retryable_ids(job: Job) -> list[str]:
    failed = job.removals.filter(state__in=RETRYABLE_STATES).order_by("position")
    return list(failed.values_list("media_id", flat=True))


def codes(job: Job) -> list[str]:
    """The codes of the job's own events, first to last."""
    events = Event.objects.filter(code__startswith="media.bulk").order_by("sequence")
    return [one.code.rpartition(".")[2] for one in events if str(job.pk) in one.line]


def deleted_ids(sandbox: Sandbox) -> list[str]:
    return [path.rpartition("/")[2] for path in make.deletes(sandbox)]


def test_every_item_is_removed_once_and_recorded(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    job = begin(small, ids)
    assert (job.state, job.total, states(job)) == ("waiting", len(ids), ["planned"] * len(ids))
    sandbox.calls.clear()
    assert make.work_off() == 1
    job.refresh_from_db()
    assert job.state == "done"
    assert states(job) == ["deleted"] * len(ids)
    assert sorted(deleted_ids(sandbox)) == sorted(ids)
    batches = -(-len(ids) // runner.ITEMS_PER_CLAIM)
    assert make.operations(sandbox).count("batch") == batches, "read again, a claim at a time"
    assert codes(job) == ["planned", "finished"]
    counts = bulk.summarize([job.pk])[job.pk].counts
    assert (counts.total, counts.deleted, counts.left, counts.done) == (len(ids), len(ids), 0, len(ids))
    record = job.removals.get(position=0)
    assert record.variants_before
    assert record.freed_bytes
    steps = list(record.events.order_by("sequence").values_list("code", "job"))
    assert steps == [("media.delete.sent", job.pk), ("media.delete.deleted", job.pk)]
    assert audit.verify().broken is None
    assert audit.find_difference() is None


def test_each_outcome_is_its_own(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    gone, kept, bad, lost, plain = ids[:5]
    path = "/v2/vault-plus/media/{}$"
    make.remove(small, gone)
    sandbox.faults.add(
        method="DELETE", path=path.format(kept), body={"success": False, "mediaId": kept, "freedBytes": 0}
    )
    sandbox.faults.add(method="DELETE", path=path.format(bad), status=400, body={"error": "no"})
    sandbox.faults.add(method="DELETE", path=path.format(lost), close=True, act=True)
    job = begin(small, [gone, kept, bad, lost, plain])
    make.work_off()
    assert states(job) == ["already_gone", "not_removed", "rejected", "unknown", "deleted"]
    counts = bulk.summarize([job.pk])[job.pk].counts
    assert (counts.deleted, counts.already_gone, counts.failed, counts.unknown) == (1, 1, 2, 1)
    assert retryable_ids(job) == [kept, bad]
    settle_all(job)
    assert states(job)[3] == "verified_gone"
    assert deleted_ids(sandbox).count(lost) == 1, "no second call on a guess"


def settle_all(job: Job) -> None:
    job.removals.filter(state=RemovalState.UNKNOWN).update(next_look_at=timezone.now() - timedelta(seconds=1))
    recovery.reconcile_due()


def test_another_attempt_is_linked_to_the_one_before(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="DELETE", status=400, body={"error": "no"})
    first = begin(small, ids[:1])
    make.work_off()
    intent = Intent(make.OMAR, uuid.uuid4())
    again = bulk.begin(small, intent, retryable_ids(first), retry_of=first).job
    make.work_off()
    [record] = again.removals.all()
    assert (record.state, record.attempt) == ("deleted", 2)
    assert record.retry_of == first.removals.get()


def test_what_another_removal_holds_is_left_out_and_named(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    first = begin(small, ids[:2])
    begun = bulk.begin(small, Intent(make.OMAR, uuid.uuid4()), ids[1:3])
    assert [row.media_id for row in begun.locked] == [ids[1]]
    assert begun.locked[0].job == first
    assert begun.job.total == 1
    with pytest.raises(errors.ItemsLocked) as nothing:
        bulk.begin(small, Intent(make.OMAR, uuid.uuid4()), ids[:3])
    assert [row.media_id for row in nothing.value.locked] == ids[:3]
    assert Job.objects.count() == 2
    with pytest.raises(errors.RemovalInFlight):
        make.remove(small, ids[0])
    make.work_off()
    assert sorted(deleted_ids(sandbox)) == sorted(ids[:3])


def test_one_press_is_one_job(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    intent = Intent(make.OMAR, uuid.uuid4())
    first = bulk.begin(small, intent, ids[:2]).job
    with pytest.raises(lifecycle.JobExists) as there:
        bulk.begin(small, intent, ids[2:4])
    assert there.value.job == first
    assert Removal.objects.count() == 2


def test_without_its_event_nothing_is_begun(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    with database.execute_wrapper(make.no_events), pytest.raises(lifecycle.JobNotOpened):
        begin(small, ids[:2])
    assert not Job.objects.exists()
    assert not Removal.objects.exists()
    assert make.work_off() == 0


def test_without_its_events_nothing_is_sent(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    job = begin(small, ids[:2])
    with database.execute_wrapper(make.no_events), pytest.raises(errors.IntentNotRecorded):
        runner.run(job.pk)
    assert make.deletes(sandbox) == []
    assert states(job) == ["planned"] * 2, "given back"


def test_stop_cancels_what_was_not_sent(small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    job = begin(small, ids[:5])
    held = claims.acquire(job, uuid.uuid4(), 2)
    assert bulk.stop(job, make.OMAR)
    assert states(job) == ["cancelled"] * 5
    assert not claims.send(held[0], uuid.uuid4(), make.OMAR, {}), "its claim is no longer good"
    make.work_off()
    assert make.deletes(sandbox) == []
    assert (codes(job), job.state) == (["planned", "stopped"], "stopped")
    assert not bulk.stop(job, make.OMAR), "it is over"
    assert audit.find_difference() is None


def test_a_claim_that_ended_is_taken_over_and_sends_nothing(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    job = begin(small, ids[:2])
    slow = uuid.uuid4()
    rows = claims.acquire(job, slow, 2)
    assert claims.acquire(job, uuid.uuid4(), 2) == [], "nobody else gets them while the lease lasts"
    Removal.objects.filter(claim=slow).update(lease_until=timezone.now() - timedelta(seconds=1))
    make.work_off()
    assert states(job) == ["deleted"] * 2
    assert not claims.send(rows[0], slow, make.OMAR, {})
    assert len(make.deletes(sandbox)) == 2


def test_a_process_that_ends_gives_everything_back(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    job = begin(small, ids[:3])
    lifecycle.stopping.set()
    runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, states(job)) == ("waiting", ["planned"] * 3)
    lifecycle.stopping.clear()
    make.work_off()
    assert states(job) == ["deleted"] * 3


@pytest.mark.parametrize("archived", [True, False], ids=["archived", "closed to their groups"])
def test_whoever_may_not_any_more_has_nothing_done(
    small: Connection, ids: list[str], sandbox: Sandbox, archived: bool
) -> None:
    job = begin(small, ids[:3])
    if archived:
        small.archived_at = timezone.now()
    else:
        small.groups = ["somebody-else"]
    small.save()
    make.work_off()
    job.refresh_from_db()
    assert make.deletes(sandbox) == []
    assert (job.state, states(job), codes(job)) == ("stopped", ["cancelled"] * 3, ["planned", "stopped"])
    assert ("archived" if archived else "may not delete in Studio A any more") in job.why


def test_a_row_that_a_dead_worker_sent_is_looked_at_and_not_sent_again(
    small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    job = begin(small, ids[:2])
    number = uuid.uuid4()
    [row] = claims.acquire(job, number, 1)
    assert claims.send(row, number, make.OMAR, {})
    make.work_off()
    job.refresh_from_db()
    assert (job.state, states(job)) == ("running", ["sent", "deleted"]), "its call may still be out"
    Removal.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert lifecycle.queue_due_jobs() == 1
    make.work_off()
    job.refresh_from_db()
    assert (job.state, states(job)) == ("done", ["verified_present", "deleted"])
    assert len(make.deletes(sandbox)) == 1
