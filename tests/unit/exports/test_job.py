"""An export in the worker: whatever comes in between, the file is the one an undisturbed run writes."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard import audit
from dashboard.exports import files as export_files
from dashboard.exports import job as export
from dashboard.identity import Caller, Person, Role
from dashboard.jobs import lifecycle, walker
from dashboard.models import Connection, Event, Job, JobState
from dashboard.removals.errors import KeyReused
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import make
from tests.exports import HEAD, after, begun, left_lying, streamed, written
from tests.killed import run_and_kill
from tests.make import SMALL_ID, facts_of
from tests.scans import ITEMS, SOME_ID

VERA = Caller(Person("Vera Lind", "", Role.VIEWER, issuer="demo", subject="vera"))
pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def every_page_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker, "CHECKPOINT_SECONDS", 0.0)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_writes_what_a_download_would_be(some: Connection, folder: Path, form: str) -> None:
    job = after(begun(some, form))
    assert (job.state, job.seen, job.cursor, job.why) == (JobState.DONE, ITEMS, "", "")
    assert written(job) == streamed(some, form)
    assert job.size_bytes == len(written(job))
    assert left_lying() == [f".{form}"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert export_files.get_path(job).stat().st_mode & 0o777 == 0o600


def test_writes_what_the_filters_leave(some: Connection, upstream: Sandbox) -> None:
    query = MediaQuery(status="stored", type="video", sort="createdAt_asc")
    job = after(begun(some, "jsonl", query))
    assert 0 < job.seen < ITEMS
    assert {json.loads(line)["type"] for line in written(job).splitlines()} == {"video"}
    assert upstream.calls[0].query == "status=stored&type=video&sort=createdAt_asc&limit=100"


def test_a_row_and_an_object_for_each_item_once(some: Connection) -> None:
    ids = [json.loads(line)["media_id"] for line in written(after(begun(some, "jsonl"))).splitlines()]
    assert len(set(ids)) == len(ids) == ITEMS


@pytest.mark.parametrize(("form", "empty"), [("csv", HEAD), ("jsonl", b"")])
def test_an_empty_connection(connections: None, form: str, empty: bytes) -> None:
    job = after(begun(Connection.objects.get(slug="empty"), form))
    assert (job.state, job.seen, written(job)) == (JobState.DONE, 0, empty)


def test_neither_links_nor_connection_ids_are_written(connections: None, sandbox: Sandbox) -> None:
    job = after(begun(Connection.objects.get(slug="small")))
    assert SMALL_ID.encode() not in written(job)
    assert b"http" not in written(job)


def test_it_is_recorded_with_its_filters(some: Connection) -> None:
    job = begun(some, "csv", MediaQuery(status="stored"))
    facts = facts_of("media.export.planned")
    assert facts["result"] == {"job": str(job.pk), "format": "csv", "filters": {"status": "stored"}}
    assert (job.query, job.form, job.person) == ("status=stored", "csv", "Omar Haddad")


def test_what_cannot_be_recorded_is_not_begun(some: Connection) -> None:
    with database.execute_wrapper(make.no_events), pytest.raises(audit.NotRecorded):
        begun(some)
    assert not Job.objects.exists()


def test_a_form_sent_twice_begins_one(some: Connection) -> None:
    token = uuid.uuid4()
    first, second = (export.begin(make.OMAR, some, MediaQuery(), "csv", token) for _ in range(2))
    assert first == second
    assert Event.objects.count() == 1
    with pytest.raises(KeyReused):
        export.begin(
            Caller(Person("Vera", "", Role.VIEWER, issuer="demo", subject="vera")),
            some,
            MediaQuery(),
            "csv",
            token,
        )


@pytest.mark.parametrize("change", ["groups", "archived", "role"])
def test_nothing_is_written_for_whom_it_is_no_longer(
    some: Connection, upstream: Sandbox, change: str
) -> None:
    job = begun(some)
    if change == "groups":
        make.rewrite(Connection.objects, groups=["vault-admins"])
    elif change == "archived":
        make.rewrite(Connection.objects, archived_at=timezone.now())
    else:
        Job.objects.update(subject="somebody who left")
    after(job)
    assert (job.state, job.why) == (JobState.FAILED, "Omar Haddad may not see Some any more.")
    assert upstream.calls == []
    assert left_lying() == []


@pytest.mark.no_cover  # it only repeats
@pytest.mark.usefixtures("every_page_is_kept")
@pytest.mark.parametrize(("form", "committed"), [("csv", True), ("jsonl", False)])
def test_killed_at_any_point_the_file_is_the_same(some: Connection, form: str, committed: bool) -> None:
    whole, died = streamed(some, form), 0
    for point in range(1, 30):
        job = begun(some, form)
        was_killed = run_and_kill(export.run, job, point, committed=committed)
        died += was_killed
        after(job)
        assert (job.state, job.seen, written(job) == whole) == (JobState.DONE, ITEMS, True)
        assert job.size_bytes == len(whole)
        if not was_killed:
            break  # it came to its end before this point
    assert died > 7


@pytest.mark.usefixtures("every_page_is_kept")
@pytest.mark.parametrize("lost", ["gone", "shorter", "longer"])
def test_a_part_that_is_not_the_one_it_was(some: Connection, upstream: Sandbox, lost: str) -> None:
    """Another machine, another disk, or bytes that were not kept in time."""
    whole, job = streamed(some), begun(some)
    upstream.faults.add(times=3)
    upstream.faults.add(status=403, times=None)
    assert after(job).state == JobState.PAUSED
    part = export_files.get_partial_path(job)
    assert part.stat().st_size == job.progress["bytes"] > len(HEAD)
    match lost:
        case "gone":
            part.unlink()
        case "shorter":
            os.truncate(part, 100)
        case "longer":
            part.write_bytes(part.read_bytes() + b"what was written and not kept")
    upstream.faults.clear()
    upstream.calls.clear()
    assert lifecycle.resume(job, make.OMAR.person)
    after(job)
    assert (job.state, job.seen, written(job) == whole) == (JobState.DONE, ITEMS, True)
    assert len(upstream.calls) == (5 if lost == "longer" else 8)


@pytest.mark.usefixtures("every_page_is_kept")
def test_stop_ends_it_and_leaves_nothing_lying(some: Connection) -> None:
    job = begun(some)
    writes = [0]

    def pressing(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "dashboard_job"'):
            writes[0] += 1
            if writes[0] == 5:
                lifecycle.stop(Job.objects.get(pk=job.pk), "Stopped by Omar Haddad.")
        return execute(sql, *rest)

    with database.execute_wrapper(pressing):
        export.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.why) == (JobState.STOPPED, "Stopped by Omar Haddad.")
    assert 0 < job.seen < ITEMS
    assert left_lying() == []


def test_a_process_that_ends_gives_it_back(some: Connection) -> None:
    whole, job = streamed(some), begun(some)
    lifecycle.stopping.set()
    try:
        assert after(job).state == JobState.WAITING
    finally:
        lifecycle.stopping.clear()
    assert job.runner is None
    assert 0 < job.seen < ITEMS
    assert left_lying() == [".part"]
    assert (after(job).state, written(job) == whole) == (JobState.DONE, True)


def test_of_two_runners_one_writes(some: Connection, upstream: Sandbox) -> None:
    job = begun(some)
    held = lifecycle.acquire(job.pk, uuid.uuid4())
    assert held is not None
    assert after(job).runner == held.runner
    assert upstream.calls == []


@pytest.mark.usefixtures("every_page_is_kept")
def test_a_runner_that_lost_its_lease_spoils_nothing(some: Connection) -> None:
    """It hung, and wakes while somebody else is at the same file: that one waits until it has let go."""
    whole, job = streamed(some), begun(some)
    writes = [0]

    def hanging(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "dashboard_job"'):
            writes[0] += 1
            if writes[0] == 6:
                Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
                export.run(job.pk)
        return execute(sql, *rest)

    with database.execute_wrapper(hanging):
        export.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.why) == (JobState.PAUSED, "Another worker is about to let go of the file.")
    assert job.next_try_at is not None
    assert job.next_try_at - timezone.now() < timedelta(seconds=export.LOCKED_PAUSE_SECONDS)
    Job.objects.filter(pk=job.pk).update(next_try_at=timezone.now())
    time.sleep(0.001)
    assert (after(job).state, written(job) == whole) == (JobState.DONE, True)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_write_one_file(upstream: Sandbox) -> None:
    some = make.connection("some", connection_id=SOME_ID)
    whole, job = streamed(some), begun(some)
    together = threading.Barrier(4)

    def run() -> None:
        together.wait(10)
        export.run(job.pk)
        database.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    job.refresh_from_db()
    assert (job.state, written(job) == whole) == (JobState.DONE, True)


def test_files_lie_for_a_day(some: Connection, folder: Path) -> None:
    early, late, failed, running = (begun(some) for _ in range(4))
    for job in (early, late):
        after(job)
    Job.objects.filter(pk=early.pk).update(finished_at=timezone.now() - timedelta(hours=25))
    Job.objects.filter(pk=failed.pk).update(state=JobState.FAILED, finished_at=timezone.now())
    strange, new = folder / f"{uuid.uuid4()}.csv", folder / f"{uuid.uuid4()}.part"
    for path in (export_files.get_partial_path(failed), export_files.get_partial_path(running), strange, new):
        path.write_bytes(b"x")
    os.utime(strange, (0, 0))
    ours = folder / "notes.txt"
    ours.write_text("of somebody else")
    assert export.delete_old_files() == 3
    left = {export_files.get_path(late), export_files.get_partial_path(running), new, ours}
    assert set(folder.iterdir()) == left
    assert export.delete_old_files() == 0


def test_without_a_folder_there_is_nothing_to_tidy(db: None, folder: Path) -> None:
    assert not folder.exists()
    assert export.delete_old_files() == 0
