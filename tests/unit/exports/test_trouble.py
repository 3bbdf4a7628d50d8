"""An export while the service or the disk is in trouble: it waits, pauses or ends in words."""

from __future__ import annotations

import errno
import os
import resource
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dashboard import service
from dashboard.exports import files as export_files
from dashboard.exports import job as export
from dashboard.jobs import lifecycle, retry_policy, walker
from dashboard.models import Connection, JobState
from dashboard.sandbox import Sandbox
from dashboard.vault import breaker
from tests import make
from tests.exports import after, begun, left_lying, streamed, written
from tests.scans import ITEMS

pytestmark = pytest.mark.usefixtures("folder")


def fail(upstream: Sandbox, page: int, times: int | None = None, **fault: Any) -> None:
    """The service misbehaves once it has answered so many pages."""
    if page:
        upstream.faults.add(times=page)
    upstream.faults.add(times=times, **fault)


@pytest.mark.parametrize(
    ("fault", "words", "least"),
    [
        ({"status": 429, "headers": {"Retry-After": "90"}}, "asks us to wait", 85),
        ({"status": 401, "body": {"error": "Unauthorized"}}, "refused our key", 55),
    ],
)
def test_what_lasts_is_a_pause(
    some: Connection, upstream: Sandbox, fault: dict[str, Any], words: str, least: int
) -> None:
    whole, job = streamed(some), begun(some)
    upstream.calls.clear()
    fail(upstream, 3, **fault)
    asked_at = timezone.now()
    after(job)
    assert (job.state, job.seen) == (JobState.PAUSED, 300)
    assert words in job.why
    assert job.next_try_at is not None
    assert job.next_try_at - asked_at > timedelta(seconds=least)
    assert left_lying() == [".part"]
    upstream.faults.clear()
    service.get_client().close()
    service.get_client.cache_clear()  # as another process, which remembers no limit
    assert lifecycle.resume(job, make.OMAR.person)
    after(job)
    assert (job.state, job.seen, job.why, written(job) == whole) == (JobState.DONE, ITEMS, "", True)


@pytest.mark.parametrize("fault", [{"status": 200, "body": "<html>maintenance</html>"}, {"cut": True}])
def test_what_passes_costs_a_wait_and_nothing_else(
    some: Connection, upstream: Sandbox, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_policy, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 0.01)
    whole, job = streamed(some), begun(some)
    fail(upstream, 2, times=5, **fault)  # more often than the client tries; the breaker opens
    after(job)
    assert (job.state, job.why, written(job) == whole) == (JobState.DONE, "", True)


def test_gives_up_in_words(some: Connection, upstream: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_policy, "FIRST_WAIT_SECONDS", 0.0)
    job = begun(some)
    fail(upstream, 2, status=302, headers={"Location": "/elsewhere"})
    after(job)
    assert (job.state, job.seen) == (JobState.FAILED, 200)
    assert job.why.startswith("Given up after 10 tries. The service sent something we cannot use.")
    assert left_lying() == []


def test_a_place_that_the_service_forgot_is_written_once_more_from_the_start(
    some: Connection, upstream: Sandbox
) -> None:
    whole, job = streamed(some), begun(some)
    fail(upstream, 3, times=1, status=400, body={"error": "Invalid cursor"})
    after(job)
    assert (job.state, job.seen, written(job) == whole) == (JobState.DONE, ITEMS, True)
    again = begun(some)
    fail(upstream, 3, times=1, status=400, body={"error": "Invalid cursor"})
    fail(upstream, 4, status=400, body={"error": "Invalid cursor"})
    after(again)
    assert (again.state, "Invalid cursor" in again.why) == (JobState.FAILED, True)


@pytest.mark.parametrize(
    "pages", [[("1", "a"), ("2", "b"), ("3", "a")], [("1", "a"), ("1", "b")]], ids=["cursors", "pages"]
)
def test_a_list_without_an_end_gives_no_file(
    some: Connection, upstream: Sandbox, pages: list[tuple[str, str]]
) -> None:
    for media_id, leads_to in pages:
        one: dict[str, Any] = {"id": media_id, "type": "image", "duration": None, "media": {}}
        upstream.faults.add(body={"items": [one], "nextCursor": leads_to})
    job = after(begun(some))
    assert (job.state, job.why) == (JobState.FAILED, export.ENDLESS_LIST_MESSAGE)
    assert left_lying() == []


@pytest.mark.parametrize("kind", ["link", "dangling link", "second name", "pipe", "folder"])
def test_what_lies_in_the_files_place_is_not_written_through(
    some: Connection, folder: Path, tmp_path: Path, kind: str
) -> None:
    there, job = after(begun(some)), begun(some)
    before, part, other = written(there), export_files.get_partial_path(job), tmp_path / "other"
    other.write_text("somebody else's")
    match kind:
        case "link":
            part.symlink_to(other)
        case "dangling link":
            part.symlink_to(tmp_path / "made through it")
        case "second name":
            part.hardlink_to(other)
        case "pipe":
            os.mkfifo(part)
        case "folder":
            part.mkdir()
    after(job)
    assert (job.state, job.seen) == (JobState.FAILED, 0)
    assert job.why.startswith("The file cannot be written (")
    assert other.read_text() == "somebody else's"
    assert not (tmp_path / "made through it").exists()
    assert written(there) == before
    assert after(begun(some)).state == JobState.DONE


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
def test_a_folder_that_others_may_write_to_takes_no_file(some: Connection, folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    job = after(begun(some))
    assert (job.state, "DASHBOARD_FILES" in job.why) == (JobState.FAILED, True)
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_said() -> None:
    said = export_files.describe_error(OSError(errno.ENOSPC, "no matter"))
    assert said.startswith("There is no room for the file (No space left on device)")


def test_a_file_that_may_not_grow_is_said(some: Connection) -> None:
    """In the middle of it, as a disk fills up: by a limit of this process, which Python survives."""
    job, limits = begun(some), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(walker, "CHECKPOINT_SECONDS", 1000.0)
            export.run(job.pk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.why.startswith("There is no room for the file (File too large)")
    assert left_lying() == []


def test_a_folder_that_cannot_be_is_said(some: Connection, folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    job = after(begun(some))
    assert job.state == JobState.FAILED
    assert job.why.startswith("The file cannot be written (")
    assert "DASHBOARD_FILES" in job.why


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_is_closed_is_said(some: Connection, folder: Path) -> None:
    folder.mkdir(mode=0o500)
    job = after(begun(some))
    assert (job.state, "Permission denied" in job.why) == (JobState.FAILED, True)


def test_what_is_said_of_a_disk_has_room_in_its_job() -> None:
    longest = max(len(export_files.describe_error(OSError(number, ""))) for number in range(1, 134))
    assert longest <= 300
