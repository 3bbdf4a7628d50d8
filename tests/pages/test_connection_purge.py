"""`/c/<slug>/purge/`: GET asks, POST removes everything once the label is typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard import service
from dashboard.models import Connection, Job, JobState, Removal, RemovalState
from dashboard.sandbox import Sandbox
from tests.answers import csrf_token, hidden_fields, ids_on, text, words_in
from tests.make import REFERRED, UPSTREAM_TROUBLE, Browser, deletes, operations, removal, signed_in
from tests.scans import after, begun, statistics_of

HERE = "/c/small/purge/"
TYPED = {"typed": "Studio A", "ticket": "ZD-3", "reason": "contract ended"}


def press(admin: Browser, path: str = HERE, **said: str) -> Any:
    """Read the question as a person does, then press."""
    return admin.post(path, {**TYPED, **hidden_fields(admin.get(path)), **said})


def test_works(admin: Browser, sandbox: Sandbox) -> None:
    asks = admin.get(HERE)
    assert asks.status_code == 200
    assert "variants" in text(asks)
    assert 'value="Studio A"' not in text(asks)
    assert not Removal.objects.exists()
    answer = admin.post(HERE, {**TYPED, **hidden_fields(asks)})
    assert answer.status_code == 200
    assert "Purged Studio A" in text(answer)
    record = Removal.objects.get()
    assert (record.verb, record.state, record.ticket) == ("purge", RemovalState.DELETED, "ZD-3")
    assert f"{record.purged_variants}" in text(answer)
    assert operations(sandbox).count("purge") == 1
    assert ids_on(admin.get("/c/small/media/")) == []


def test_filters_do_not_apply(admin: Browser, sandbox: Sandbox) -> None:
    press(admin, f"{HERE}?status=stored")
    assert [call.query for call in sandbox.calls if call.operation == "purge"] == [""]


def test_empty_connection(admin: Browser, sandbox: Sandbox) -> None:
    assert admin.get("/c/empty/purge/").status_code == 200
    answer = press(admin, "/c/empty/purge/", typed="Archive C")
    assert answer.status_code == 200
    assert "0 variants" in text(answer)


def test_a_connection_of_a_million_says_at_least(admin: Browser) -> None:
    assert "at least" in text(admin.get("/c/big/purge/"))


def test_fragment(admin: Browser) -> None:
    asks = admin.fragment(HERE)
    assert text(asks).lstrip().startswith('<section id="purge"')
    answer = admin.fragment(HERE, {**TYPED, **hidden_fields(asks)}, method="post")
    assert text(answer).lstrip().startswith('<section id="purged"')


@pytest.mark.parametrize("typed", ["", "studio a", "Studio", "small", "Studio  A", "x" * 201])
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(admin: Browser, sandbox: Sandbox, typed: str, htmx: bool) -> None:
    given = {**TYPED, "typed": typed}
    answer = admin.fragment(HERE, given, method="post") if htmx else admin.post(HERE, given)
    assert answer.status_code == 422
    assert 'id="error-typed"' in text(answer)
    for kept in (typed, "ZD-3", "contract ended"):
        assert kept in text(answer)
    assert deletes(sandbox) == []
    assert not Removal.objects.exists()


def test_nothing_posted_is_not_a_purge(admin: Browser, sandbox: Sandbox) -> None:
    assert admin.post(HERE, {}).status_code == 422
    assert deletes(sandbox) == []


def test_what_was_not_shown_is_not_purged(admin: Browser, sandbox: Sandbox) -> None:
    answer = admin.post(HERE, TYPED)
    assert answer.status_code == 422
    assert "You have not seen in the last" in text(answer)
    assert "contract ended" in text(answer)
    assert deletes(sandbox) == []
    assert admin.post(HERE, {**TYPED, **hidden_fields(answer)}).status_code == 200


def test_the_impact_is_looked_through_up_to_a_thousand_items(admin: Browser, sandbox: Sandbox) -> None:
    answer = admin.get("/c/big/purge/")
    assert "at least 1,000 items" in text(answer)
    assert operations(sandbox) == ["query"] * 10


def test_a_scan_tells_what_a_look_cannot(admin: Browser, sandbox: Sandbox) -> None:
    """Of a large connection the newest scan's numbers are shown, signed, kept and printed, with their age."""
    big = Connection.objects.get(slug="big")
    before = text(admin.get("/c/big/purge/"))
    assert "Never scanned" in before
    job = begun(big)
    sandbox.faults.add(times=19)
    sandbox.faults.add(status=401, times=None)
    after(job)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.DONE, finished_at=timezone.now() - timedelta(minutes=12)
    )
    sandbox.faults.clear()
    service.get_client.cache_clear()  # as if another process had run it
    asks = admin.get("/c/big/purge/")
    said = words_in(text(asks))
    assert "1,900 items" in said
    assert "at least" not in said
    assert "As of 12 min ago" in said
    assert "Scan again" in said
    sandbox.faults.add(method="DELETE", body={"success": True, "purgedCount": 5700, "freedBytes": 9})
    done = admin.post("/c/big/purge/", {**TYPED, "typed": "Creator B", **hidden_fields(asks)})
    record = Removal.objects.get()
    stats = statistics_of(job)
    assert record.before["items_seen"] == 1900
    assert record.before["variants_by_state"] == {name: row[0] for name, row in stats.states.rows.items()}
    assert (record.before["scanned"], record.before["at_least"]) == (True, False)
    assert "by the scan of" in words_in(text(done))
    told = words_in(text(admin.get(record.get_absolute_url())))
    assert "As of" in told
    assert "Scanned yes" in told


def test_a_scan_that_runs_is_watched_beside_the_question(admin: Browser) -> None:
    begun(Connection.objects.get(slug="big"))
    page = text(admin.fragment("/c/big/purge/"))
    impact = page[page.index('<div id="impact">') : page.index("<p class=")]
    assert "at=purge" in page
    assert 'form="purge-form"' in page
    assert "at least 1,000 items" in impact


def test_what_was_seen_whole_needs_no_scan(admin: Browser) -> None:
    assert 'id="scan"' not in text(admin.get(HERE))


def test_the_receipt_shows_the_impact_beside_what_went(admin: Browser) -> None:
    press(admin)
    record = Removal.objects.get()
    assert record.before["items_seen"] > 60
    assert 0 < record.before["variants_seen"] <= record.purged_variants  # an odd item cannot be read
    assert record.before["at_least"] is False


def test_a_doubled_press_is_one_call(admin: Browser, sandbox: Sandbox) -> None:
    said = {**TYPED, **hidden_fields(admin.get(HERE))}
    assert [admin.post(HERE, said).status_code for _ in range(3)] == [200, 200, 200]
    assert len(deletes(sandbox)) == 1


def test_one_purge_of_a_connection_at_a_time(admin: Browser, sandbox: Sandbox) -> None:
    small = Connection.objects.get(slug="small")
    removal(small, media_id="", verb=Removal.Verb.PURGE, state=RemovalState.SENT, settled_at=None)
    assert press(admin).status_code == 409
    assert deletes(sandbox) == []


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error_while_asking(
    admin: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(**fault, times=None)
    for answer in (admin.get(HERE), admin.post(HERE, TYPED)):
        assert answer.status_code == status
        assert word in text(answer)
    assert deletes(sandbox) == []


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        ({"status": 401}, 502, RemovalState.REJECTED),
        ({"status": 500}, 409, RemovalState.VERIFIED_PRESENT),
        ({"close": True, "act": True}, 200, RemovalState.VERIFIED_GONE),
        ({"close": True}, 409, RemovalState.VERIFIED_PRESENT),
    ],
)
def test_upstream_error(
    admin: Browser, sandbox: Sandbox, fault: dict[str, Any], status: int, state: RemovalState
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    assert press(admin).status_code == status
    assert Removal.objects.get().state == state
    assert len(deletes(sandbox)) == 1


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_wrong_role(connections: None, nobody: Browser, sandbox: Sandbox, role: str) -> None:
    person = signed_in(role)
    for method in ("get", "post"):
        answer = getattr(person, method)(HERE, TYPED)
        assert answer.status_code == 403
        assert "admin" in text(answer)
        assert nobody.fragment(HERE, TYPED, method=method).status_code == 401
    assert operations(sandbox) == []


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
    assert operations(sandbox) == []


def test_forged_form(connections: None, sandbox: Sandbox) -> None:
    browser = signed_in("admin", enforce_csrf_checks=True)
    assert browser.post(HERE, TYPED, headers=REFERRED).status_code == 403
    assert deletes(sandbox) == []
    asks = browser.get(HERE)
    said = {**TYPED, **hidden_fields(asks), "csrfmiddlewaretoken": csrf_token(asks)}
    assert browser.post(HERE, said, headers=REFERRED).status_code == 200


def test_another_site_is_refused(admin: Browser, sandbox: Sandbox) -> None:
    assert admin.post(HERE, TYPED, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert operations(sandbox) == []


def test_what_cannot_be_read_is_counted_aloud(admin: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(method="GET", status=200, body={"items": [{"id": 1}, {"type": "image"}]})
    assert "2 items could not be read" in text(admin.get(HERE))
