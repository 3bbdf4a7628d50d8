"""`/c/<slug>/overview/`: what the last scan counted, drawn, with the numbers beside it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job, Removal, RemovalState, Worker
from dashboard.sandbox import Sandbox
from dashboard.scans import scan
from tests.answers import text, words_in
from tests.make import Browser, operations, removal
from tests.scans import after, begun, statistics_of

HERE = "/c/small/overview/"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def scanned(small: Connection, sandbox: Sandbox) -> Job:
    job = after(begun(small))
    sandbox.calls.clear()
    return job


def pictures(page: str) -> list[str]:
    return re.findall(r'<svg class="chart".*?</svg>', page, re.S)


def table(page: str, title: str) -> list[list[str]]:
    """The cells of the rows of the table under this heading."""
    part = page.partition(f">{title}</h2>")[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.S)
    return [[words_in(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def test_works(viewer: Browser, scanned: Job, sandbox: Sandbox) -> None:
    page = text(viewer.get(HERE))
    stats = statistics_of(scanned)
    assert f"Of {stats.items} items, scanned just now" in words_in(page)
    by_state = {row[0]: row[1:] for row in table(page, "By state")[1:]}
    assert by_state["Stored"][0] == f"{stats.states.rows['stored'][0]:,}"
    assert by_state["All"][0] == f"{stats.variants:,}"
    assert (
        sum(int(row[0].replace(",", "")) for word, row in by_state.items() if word != "All") == stats.variants
    )
    assert sum(int(row[1]) for row in table(page, "First seen")[1:]) == stats.items - stats.unreadable
    assert operations(sandbox) == []  # a page about the past asks nothing of the service


def test_every_picture_is_told_in_words_too(viewer: Browser, scanned: Job) -> None:
    found = pictures(text(viewer.get(HERE)))
    assert len(found) == 6
    for picture in found:
        assert 'role="img"' in picture
        assert re.search(r"<title id=\S+>[^<]+</title>", picture)
        assert re.search(r"<desc id=\S+>Of \d+ items, scanned [^<]+ %", picture)
        assert "style=" not in picture
        widths = [float(width) for width in re.findall(r'class="fill[^>]*? width="([\d.]+)"', picture)]
        assert widths
        assert all(0 < width <= 152 for width in widths)


def test_items_lead_to_their_pages(viewer: Browser, scanned: Job) -> None:
    rows = table(text(viewer.get(HERE)), "Largest items")[1:]
    assert len(rows) == 10
    assert viewer.get(f"/c/small/media/{rows[0][0]}/").status_code == 200


def test_what_was_odd_is_said(viewer: Browser, scanned: Job) -> None:
    said = words_in(text(viewer.get(HERE)))
    assert "could not be read" in said
    assert "more than once" not in said
    scanned.progress["tally"]["repeats"] = 12
    scanned.progress |= {"taken_up": 1, "circle": True}
    scanned.why = scan.CURSOR_LOOP_MESSAGE
    scanned.save()
    said = words_in(text(viewer.get(HERE)))
    assert "12 items more than once" in said
    assert "was resumed 1 time" in said
    assert "lead in a circle" in said
    assert "at least" in said


def test_hostile_names_are_texts(viewer: Browser, scanned: Job) -> None:
    scanned.progress["tally"]["labels"]["rows"] = {"<script>alert(1)</script>": [1, 2], "": [1, 1]}
    scanned.progress["tally"]["states"]["rows"]['"><u>'] = [1, 1]
    scanned.save()
    page = text(viewer.get(HERE))
    assert "<script>alert" not in page
    assert "no label" in page
    assert '"><u>' not in page


def test_never_scanned(viewer: Browser) -> None:
    said = words_in(text(viewer.get(HERE)))
    assert "Never scanned" in said
    assert "Nothing has been counted yet" in said
    assert "Scan Studio A" in said


def test_empty(viewer: Browser) -> None:
    after(begun(Connection.objects.get(slug="empty")))
    page = text(viewer.get("/c/empty/overview/"))
    assert "Nothing is cached" in page
    assert pictures(page) == []


def test_while_one_runs_the_old_numbers_stay(viewer: Browser, scanned: Job, small: Connection) -> None:
    begun(small)
    page = text(viewer.get(HERE))
    assert len(pictures(page)) == 6
    assert 'class="scan running"' in page  # by which the style dims what is old
    running = lifecycle.find_open(small, Job.Kind.SCAN)
    assert running
    assert f'hx-get="/c/small/scan/?at=overview&amp;watched={running.pk}"' in page


@pytest.mark.parametrize("alive", [False, True])
def test_without_a_worker_it_says_so(viewer: Browser, small: Connection, alive: bool) -> None:
    if alive:
        Worker.objects.create(host="here", beat_at=timezone.now())
    begun(small)
    assert ("No worker is running" in text(viewer.get(HERE))) is not alive


def test_a_scan_that_ended_early_is_told_beside_the_last_whole_one(
    viewer: Browser, scanned: Job, small: Connection
) -> None:
    lifecycle.stop(begun(small), "Stopped by Omar Haddad.")
    said = words_in(text(viewer.get(HERE)))
    assert "was stopped after 0 items. Stopped by Omar Haddad." in said
    assert "scanned just now" in said


def test_a_purge_since_is_told(viewer: Browser, scanned: Job, small: Connection) -> None:
    removal(small, media_id="", verb=Removal.Verb.PURGE, state=RemovalState.DELETED)
    assert "from before the last purge" in text(viewer.get(HERE))


def test_its_age_is_told(viewer: Browser, scanned: Job) -> None:
    Job.objects.update(finished_at=timezone.now() - timedelta(minutes=12, seconds=5))
    assert "scanned 12 min ago" in words_in(text(viewer.get(HERE)))


def test_fragment(viewer: Browser, scanned: Job) -> None:
    assert text(viewer.fragment(HERE)).lstrip().startswith('<section id="overview"')


@pytest.mark.parametrize("slug", ["nowhere", "SMALL"])
def test_bad_input(viewer: Browser, slug: str) -> None:
    assert viewer.get(f"/c/{slug}/overview/").status_code == 404


def test_upstream_error(viewer: Browser, scanned: Job, sandbox: Sandbox) -> None:
    """Nothing is asked of the service, so its trouble is none of this page's."""
    sandbox.faults.add(status=500, times=None)
    assert viewer.get(HERE).status_code == 200


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302
    assert nobody.fragment(HERE).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
