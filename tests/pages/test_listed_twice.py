"""An item that the service lists twice, on one page or pages apart, counts once, or is said to come again."""

from __future__ import annotations

import csv
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from dashboard import service
from dashboard.exports import files
from dashboard.exports import job as prepared
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from dashboard.scans import scan
from dashboard.vault import MediaQuery
from tests import make
from tests.answers import rows_of, text, words_in
from tests.make import Browser

ALONE = {"one page": [["dup", "other", "dup"]], "two pages": [["dup", "other"], ["dup"]]}
"""Two items, listed as three."""


@pytest.fixture(params=ALONE)
def twice(request: pytest.FixtureRequest, sandbox: Sandbox, connections: None) -> Connection:
    """The connection whose service lists `dup` twice."""
    pages = ALONE[request.param]
    for number, ids in enumerate(pages, 1):
        more = {"nextCursor": str(number)} if number < len(pages) else {}
        sandbox.faults.add(method="GET", body={"items": [an_item(media_id) for media_id in ids], **more})
    return Connection.objects.get(slug="small")


def an_item(media_id: str) -> dict[str, Any]:
    variant = {
        **{"status": "stored", "quality": "full", "sizeBytes": 1000, "contentType": "image/png"},
        **{"accessCount": 0, "createdAt": 1715800000000, "expiresAt": 1715886400000, "storedAt": None},
        **{"lastAccessedAt": 0, "url": ""},
    }
    return {"id": media_id, "type": "image", "duration": None, "media": {"full": variant}}


def test_the_purge_question_says_two(twice: Connection, admin: Browser) -> None:
    words = words_in(text(admin.get("/c/small/purge/")))
    assert "2 items" in words
    assert "2.0 kB" in words
    assert "3 items" not in words


def test_the_list_says_that_it_comes_again(sandbox: Sandbox, viewer: Browser) -> None:
    sandbox.faults.add(method="GET", body={"items": [an_item(one) for one in ALONE["one page"][0]]})
    page = text(viewer.get("/c/small/media/"))
    assert page.count(">dup</a>") == 1
    assert "dup is on this page already" in page


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_has_it_once(twice: Connection, viewer: Browser, form: str) -> None:
    answer: Any = viewer.get(f"/c/small/export/now/?format={form}")
    assert ids_of(b"".join(answer.streaming_content), form) == ["dup", "other"]


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.DASHBOARD_FILES = str(tmp_path)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_prepared_export_has_it_once(twice: Connection, form: str) -> None:
    job = prepared.begin(make.OMAR, twice, MediaQuery(), form, uuid.uuid4())
    make.work_off()
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert ids_of(files.get_path(job).read_bytes(), form) == ["dup", "other"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_whoever_goes_on_with_an_export_knows_what_is_in_the_file(
    sandbox: Sandbox, connections: None, form: str
) -> None:
    """The service fails after the first page, so that another run writes the second."""
    small = Connection.objects.get(slug="small")
    first = {"items": [an_item("dup"), an_item("-other")], "nextCursor": "1"}
    sandbox.faults.add(method="GET", body=first)
    sandbox.faults.add(method="GET", status=401)
    job = prepared.begin(make.OMAR, small, MediaQuery(), form, uuid.uuid4())
    make.work_off()
    job.refresh_from_db()
    assert (job.state, job.cursor) == (JobState.PAUSED, "1")
    service.get_client.cache_clear()  # another process, to which no key was refused
    sandbox.faults.add(method="GET", body={"items": [an_item("-other"), an_item("dup"), an_item("new")]})
    Job.objects.filter(pk=job.pk).update(state=JobState.WAITING, next_try_at=None)
    prepared.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert ids_of(files.get_path(job).read_bytes(), form) == ["dup", "-other", "new"]


def test_a_scan_counts_it_once(twice: Connection) -> None:
    scan.begin(twice, make.OMAR)
    make.work_off()
    found = scan.load_last_result(twice)
    assert found
    stats = found.progress.statistics
    assert (stats.items, stats.repeats, stats.variants, stats.size_bytes) == (
        2,
        1,
        2,
        2000,
    )


def test_a_look_up_finds_it_once(sandbox: Sandbox, viewer: Browser) -> None:
    sandbox.faults.add(method="POST", body={"items": [an_item(one) for one in ALONE["one page"][0]]})
    begun = viewer.post("/lookup/", {"ids": "dup other dup", "connection": "small"})
    found = viewer.get(begun.headers["Location"])
    assert [row.split()[0] for row in rows_of(found)] == ["dup", "other"]
    assert "2 found 0 not cached" in words_in(text(found))


def ids_of(content: bytes, form: str) -> list[str]:
    """The ids in a file, as often as they stand there."""
    written = content.decode("utf-8-sig")
    if form == "csv":
        return [row["media_id"].lstrip("'") for row in csv.DictReader(io.StringIO(written))]
    return [json.loads(line)["media_id"] for line in written.splitlines()]
