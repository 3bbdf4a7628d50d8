"""`/c/<slug>/`: what there is to say of a connection."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from dashboard import service
from dashboard.models import Connection, Job, JobState, Removal
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import SMALL_ID, UPSTREAM_TROUBLE, Browser, operations, removal, rewrite
from tests.scans import after, begun

HERE = "/c/small/"


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.get(HERE)
    assert answer.status_code == 200
    assert "Studio A" in text(answer)
    assert SMALL_ID[-4:] in text(answer)
    assert operations(sandbox) == ["query"]


def test_the_last_purge_is_told(viewer: Browser) -> None:
    small = Connection.objects.get(slug="small")
    removal(small, media_id="", verb=Removal.Verb.PURGE, purged_variants=41, person="Ada Brandt")
    assert "41 variants" in text(viewer.get(HERE))


def test_empty(viewer: Browser) -> None:
    answer = viewer.get("/c/empty/")
    assert "0 items" in text(answer)


def test_a_scan_tells_what_a_look_cannot(viewer: Browser, sandbox: Sandbox) -> None:
    assert "at least 100 items" in text(viewer.get("/c/big/"))
    job = begun(Connection.objects.get(slug="big"))
    sandbox.faults.add(times=3)
    sandbox.faults.add(status=401, times=None)
    after(job)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, finished_at=timezone.now())
    sandbox.faults.clear()
    service.get_client.cache_clear()  # as if another process had run it
    page = text(viewer.get("/c/big/"))
    assert "300 items" in page
    assert "counted by a scan" in page


def test_fragment_is_the_page(viewer: Browser) -> None:
    """Nothing swaps this page in parts, so htmx gets what everybody gets."""
    assert viewer.fragment(HERE).status_code == 200


@pytest.mark.parametrize("slug", ["nowhere", "SMALL"])
def test_bad_input(viewer: Browser, sandbox: Sandbox, slug: str) -> None:
    answer = viewer.get(f"/c/{slug}/")
    assert answer.status_code == 404
    assert operations(sandbox) == []


def test_an_archived_connection_is_answered_as_one_that_never_was(viewer: Browser, sandbox: Sandbox) -> None:
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    archived, unknown = text(viewer.get(HERE)), text(viewer.get("/c/other/"))
    title = archived[archived.index("<h1") : archived.index("</h1>")]
    assert title in unknown
    assert operations(sandbox) == []


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error(
    viewer: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(**fault, times=None)
    answer = viewer.get(HERE)
    assert answer.status_code == status
    assert word in text(answer)


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser, admin: Browser) -> None:
    assert nobody.get(HERE).status_code == 302
    for person in (viewer, operator):
        assert "/c/small/purge/" not in text(person.get(HERE))
    assert "/c/small/purge/" in text(admin.get(HERE))


@pytest.mark.parametrize("method", ["post", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
    assert operations(sandbox) == []
