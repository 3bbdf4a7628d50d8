"""`/c/<slug>/expiring/`: the links that end soonest, as the last scan met them."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.utils import timezone

from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from dashboard.scans import scan
from dashboard.scans.scan import ScanProgress
from dashboard.scans.statistics import MAX_NAMED_LINKS, ScanStatistics
from tests.answers import rows_of, text
from tests.make import OMAR, Browser, item, job, operations, variant

HERE = "/c/small/expiring/"
MINUTE_MS = 60_000


def scanned(slug: str = "small", minutes_ago: int = 12, **ends: int) -> Job:
    """A scan that ended some minutes ago, one item for each of `ends`: minutes from now to its link's end."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    now_ms = int(timezone.now().timestamp() * 1000)
    stats = ScanStatistics(now_ms=now_ms - minutes_ago * MINUTE_MS)
    stats.add(
        item(media_id.replace("_", "-"), full=variant(expires_ms=now_ms + minutes * MINUTE_MS + 5000))
        for media_id, minutes in ends.items()
    )
    kept = {"tally": msgspec.to_builtins(stats)}
    small = Connection.objects.get(slug=slug)
    return job(small, kind=Job.Kind.SCAN, state=JobState.DONE, progress=kept, finished_at=at)


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    scanned(late=600, over=-5, soon=40)
    answer = viewer.get(HERE)
    assert rows_of(answer) == [
        "over full 4 min ago End date passed",
        "soon full in 40 min",
        "late full in 10 h",
    ]
    assert "12 min ago" in text(answer)
    assert 'href="/c/small/media/soon/"' in text(answer)
    assert "fresh links" in text(answer)
    assert operations(sandbox) == []


def test_what_a_scan_of_the_service_met(viewer: Browser) -> None:
    connection = Connection.objects.get(slug="small")
    begun = scan.begin(connection, OMAR)
    scan.run(begun.pk)
    begun.refresh_from_db()
    progress = scan.load_progress(begun)
    assert isinstance(progress, ScanProgress)
    ids = {media_id for _, media_id, _ in progress.statistics.soonest}
    answer = viewer.get(HERE)
    assert {row.split()[0] for row in rows_of(answer)} == ids
    assert len(ids) > 10
    assert ("The 100 links" in text(answer)) is (len(progress.statistics.soonest) == MAX_NAMED_LINKS)


def test_the_links_of_one_item_stand_in_one_row(viewer: Browser) -> None:
    done = scanned(one=30)
    done.progress["tally"]["soonest"].append([done.progress["tally"]["soonest"][0][0] - 1, "one", "thumb"])
    done.save()
    (row,) = rows_of(viewer.get(HERE))
    assert row == "one full thumb in 30 min"


def test_empty(viewer: Browser) -> None:
    assert "has never been scanned" in text(viewer.get(HERE))
    scanned()
    assert "No link ends" in text(viewer.get(HERE))


def test_a_scan_that_is_not_over_is_named(viewer: Browser) -> None:
    job(Connection.objects.get(slug="small"), kind=Job.Kind.SCAN)
    assert "is being scanned" in text(viewer.get(HERE))
    scanned(soon=40)
    assert len(rows_of(viewer.get(HERE))) == 1


def test_a_press_scans(viewer: Browser) -> None:
    for words in ("Scan Studio A", "Scan again"):
        page = text(viewer.get(HERE))
        assert words in page
        assert '<form action="/c/small/scan/" method="post">' in page
        scanned(soon=40)
    assert viewer.post("/c/small/scan/", {"act": "begin"}).status_code == 303
    assert "See the scan" in text(viewer.get(HERE))


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(HERE)
    assert text(answer).lstrip().startswith('<section id="expiring"')
    assert "<html" not in text(answer)


def test_bad_input(viewer: Browser) -> None:
    assert viewer.get("/c/nowhere/expiring/").status_code == 404
    assert viewer.get(f"{HERE}?limit=x").status_code == 200


def test_upstream_error(viewer: Browser, sandbox: Sandbox) -> None:
    """It asks the service nothing."""
    sandbox.faults.add(status=500, times=None)
    scanned(soon=40)
    assert viewer.get(HERE).status_code == 200


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
