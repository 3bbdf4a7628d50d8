"""`/c/<slug>/scan/`: begin a scan, watch it, stop it, have it go on."""

from __future__ import annotations

from uuid import uuid4

import pytest

from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from tests.answers import text, words_in
from tests.make import REFERRED, Browser, operations, signed_in
from tests.scans import after, begun

HERE = "/c/small/scan/"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.mark.parametrize("place", ["overview", "purge"])
def test_works(viewer: Browser, sandbox: Sandbox, place: str) -> None:
    answer = viewer.post(HERE, {"act": "begin", "at": place})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/c/small/{place}/")
    job = Job.objects.get()
    assert (job.kind, job.state, job.person, job.role) == ("scan", JobState.WAITING, "Vera Lind", "viewer")
    assert operations(sandbox) == []  # the worker asks, not this page


def test_a_press_alone_begins_one(viewer: Browser) -> None:
    assert viewer.post(HERE).headers["Location"] == "/c/small/overview/"
    assert Job.objects.count() == 1


def test_pressed_again_it_is_the_same_one(viewer: Browser, operator: Browser) -> None:
    for person in (viewer, operator, viewer):
        person.post(HERE)
    assert Job.objects.count() == 1


def test_looking_leads_to_the_page_that_shows_it(viewer: Browser) -> None:
    assert viewer.get(HERE).headers["Location"] == "/c/small/overview/"
    assert not Job.objects.exists()


def test_fragment(viewer: Browser, small: Connection) -> None:
    answer = viewer.fragment(HERE, {"act": "begin"}, method="post")
    assert text(answer).lstrip().startswith('<section id="scan"')
    assert 'hx-trigger="every 2s"' in text(answer)
    assert '<p id="announcement" hx-swap-oob="innerHTML">' in text(answer)  # that it has begun is said
    job = Job.objects.get()
    watching = text(viewer.fragment(f"{HERE}?at=overview&watched={job.pk}"))
    assert "so far" in watching
    assert 'id="announcement"' not in watching  # and not again every two seconds
    after(job)
    over = text(viewer.fragment(f"{HERE}?at=overview&watched={job.pk}"))
    assert 'hx-get="/c/small/overview/" hx-trigger="load" hx-sync="#scan:abort" hx-target="#overview"' in over
    assert "every 2s" not in over
    assert "Scan: Done" in words_in(over)


def test_in_the_dialog_of_a_purge_what_it_would_take_is_brought_up_to_date(
    viewer: Browser, small: Connection
) -> None:
    job = after(begun(small))
    over = text(viewer.fragment(f"{HERE}?at=purge&watched={job.pk}"))
    assert 'hx-get="/c/small/purge/" hx-trigger="load" hx-sync="#scan:abort" hx-target="#impact"' in over
    assert 'hx-select="#impact"' in over
    assert '<p id="dialog-status" hx-swap-oob="innerHTML">' in over


def test_stop_and_go_on(viewer: Browser, sandbox: Sandbox, small: Connection) -> None:
    viewer.post(HERE)
    job = Job.objects.get()
    sandbox.faults.add(status=401, times=None)
    assert after(job).state == JobState.PAUSED
    paused = text(viewer.fragment(HERE))
    assert "refused our key" in paused
    assert "Resume" in paused
    viewer.post(HERE, {"act": "resume"})
    job.refresh_from_db()
    assert job.state == JobState.WAITING
    viewer.post(HERE, {"act": "stop"})
    job.refresh_from_db()
    assert (job.state, job.why) == (JobState.STOPPED, "Stopped by Vera Lind.")
    assert "was stopped" in text(viewer.fragment(HERE))


@pytest.mark.parametrize("act", ["stop", "resume"])
def test_empty(viewer: Browser, small: Connection, act: str) -> None:
    """What is over, or never was, stays so."""
    assert viewer.post(HERE, {"act": act}).status_code == 303
    assert not Job.objects.exists()
    job = after(begun(small))
    viewer.post(HERE, {"act": act})
    job.refresh_from_db()
    assert job.state == JobState.DONE


@pytest.mark.parametrize("said", [{"act": "purge"}, {"at": "https://elsewhere.example"}])
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(viewer: Browser, said: dict[str, str], htmx: bool) -> None:
    answer = viewer.fragment(HERE, said, method="post") if htmx else viewer.post(HERE, said)
    assert answer.status_code == 422
    assert "is none of" in text(answer)
    assert not Job.objects.exists()


def test_a_scan_that_nobody_knows_is_over(viewer: Browser) -> None:
    assert viewer.fragment(f"{HERE}?watched=x").status_code == 422
    assert "Never scanned" in text(viewer.fragment(f"{HERE}?watched={uuid4()}"))


@pytest.mark.parametrize("slug", ["nowhere", "SMALL"])
def test_no_connection(viewer: Browser, slug: str) -> None:
    assert viewer.post(f"/c/{slug}/scan/").status_code == 404
    assert not Job.objects.exists()


def test_upstream_error(viewer: Browser, sandbox: Sandbox) -> None:
    """Nothing is asked of the service here; the worker pauses."""
    sandbox.faults.add(status=500, times=None)
    assert viewer.post(HERE).status_code == 303


def test_one_who_may_not_see_the_connection_begins_nothing(viewer: Browser, small: Connection) -> None:
    small.groups = ["nobody"]
    small.save()
    assert viewer.post(HERE).status_code == 404
    assert lifecycle.find_open(small, Job.Kind.SCAN) is None


def test_a_viewer_ends_nobody_elses_scan(viewer: Browser, operator: Browser, small: Connection) -> None:
    job = begun(small)
    for act in ("stop", "resume"):
        assert viewer.post(HERE, {"act": act}).status_code == 403
    assert "Stop</button>" not in text(viewer.fragment(HERE))
    assert "Stop</button>" in text(operator.fragment(HERE))
    operator.post(HERE, {"act": "stop"})
    job.refresh_from_db()
    assert job.state == JobState.STOPPED


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.post(HERE).status_code == 302
    assert nobody.fragment(HERE, method="post").status_code == 401
    assert not Job.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405


def test_forged_form(connections: None) -> None:
    browser = signed_in("viewer", enforce_csrf_checks=True)
    assert browser.post(HERE, headers=REFERRED).status_code == 403
    assert not Job.objects.exists()
