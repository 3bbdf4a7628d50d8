"""`/c/<slug>/export/`: as what all that fits the list's filters is wanted, and in which way."""

from __future__ import annotations

from html import unescape
from urllib.parse import quote

import pytest
from django.db import connection as database

from dashboard.exports import job as export
from dashboard.models import Connection, Event, Job, Worker
from dashboard.sandbox import Sandbox
from tests.answers import form_token, text, words_in
from tests.make import SMALL_ID, Browser, facts_of, no_events, rewrite

HERE = "/c/small/export/"
BAD = ["status=x", "durationMin=x", "createdAtFrom=x", "sort=x", "status=stored&status=pending"]


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.get(f"{HERE}?status=stored&createdAtFrom=2026-01-01&sort=createdAt_asc")
    page = unescape(text(answer))
    assert answer.status_code == 200
    for words in ("Studio A", "Status: Stored", "First seen since 2026-01-01", "Oldest first seen", "scan"):
        assert words in page
    asked = f"status=stored&createdAtFrom={quote('2026-01-01T00:00:00.000Z')}&sort=createdAt_asc"
    for form in ("csv", "jsonl"):
        assert f'href="{HERE}now/?{asked}&format={form}"' in page
    assert f'href="/c/small/media/?{asked}" data-close' in page
    assert sandbox.calls == []


def test_the_list_leads_here_with_its_filters_and_without_its_place(viewer: Browser) -> None:
    page = unescape(text(viewer.get("/c/small/media/?status=stored&limit=10&sort=createdAt_asc")))
    assert f'href="{HERE}?status=stored&sort=createdAt_asc" hx-get=' in page
    assert HERE not in text(viewer.get("/c/small/media/?type=audio&contentType=image/none"))


def test_whatever_page_of_the_list_one_looks_at_all_that_fits_is_meant(viewer: Browser) -> None:
    page = text(viewer.get(f"{HERE}?limit=10&cursor=abc&trail=x&ticket=ZD-1"))
    assert f'href="{HERE}now/?format=csv"' in page
    assert "everything that is cached" in page
    assert "ignored" not in page


def test_a_misspelt_filter_is_said_to_be_none(viewer: Browser) -> None:
    page = text(viewer.get(f"{HERE}?stauts=stored"))
    assert "Not a filter, ignored: stauts" in page
    assert "everything that is cached" in page


def test_empty(viewer: Browser) -> None:
    assert viewer.get("/c/empty/export/").status_code == 200


def test_fragment(viewer: Browser) -> None:
    answer = viewer.fragment(f"{HERE}?status=stored")
    assert text(answer).lstrip().startswith('<section id="export"')
    assert "Status: Stored" in text(answer)


@pytest.mark.parametrize("query", BAD)
def test_bad_input(viewer: Browser, sandbox: Sandbox, query: str) -> None:
    answer = viewer.get(f"{HERE}?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0] in words_in(text(answer))
    assert "now/" not in text(answer)
    assert sandbox.calls == []


def test_a_connection_of_others_is_none(viewer: Browser) -> None:
    rewrite(Connection.objects.filter(slug="big"), groups=["vault-admins"])
    theirs, none = (viewer.get(f"/c/{slug}/export/") for slug in ("big", "nowhere"))
    assert (theirs.status_code, none.status_code) == (404, 404)


def test_no_raw_connection_id_is_on_the_page(viewer: Browser) -> None:
    assert SMALL_ID not in text(viewer.get(HERE))


@pytest.mark.parametrize("method", ["put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302
    assert not Event.objects.filter(code="media.exported").exists()


def test_prepare_begins_a_job_and_leads_to_it(viewer: Browser, sandbox: Sandbox) -> None:
    page = viewer.get(f"{HERE}?status=stored&type=video")
    given = {"token": form_token(page), "status": "stored", "type": "video", "format": "jsonl"}
    for name, value in given.items():
        assert f'name="{name}" value="{value}"' in text(page)
    answer = viewer.post(HERE, given)
    job = Job.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, job.get_absolute_url())
    assert (job.kind, job.form, job.query, job.person) == (
        "export",
        "jsonl",
        "status=stored&type=video",
        "Vera Lind",
    )
    assert facts_of("media.export.planned")["result"]["job"] == str(job.pk)
    assert viewer.post(HERE, given).headers["Location"] == job.get_absolute_url()
    assert Job.objects.count() == 1
    assert sandbox.calls == []


def test_by_htmx_the_whole_page_goes_there(viewer: Browser) -> None:
    answer = viewer.fragment(HERE, {"format": "csv"}, method="post")
    assert answer.headers["HX-Redirect"] == Job.objects.get().get_absolute_url()


def test_somebody_elses_form_begins_nothing(viewer: Browser, operator: Browser) -> None:
    given = {"token": form_token(viewer.get(HERE)), "format": "csv"}
    viewer.post(HERE, given)
    answer = operator.post(HERE, given)
    assert answer.status_code == 409
    assert "used already" in text(answer)
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "Choose CSV or JSON Lines"),
        ({"format": "xls"}, "none of: csv, jsonl"),
        ({"format": "csv", "status": "x"}, "none of: edge_only"),
        ({"format": "csv", "stauts": "stored"}, "Not a filter: “stauts”"),
    ],
)
def test_bad_input_begins_nothing(viewer: Browser, given: dict[str, str], word: str) -> None:
    answer = viewer.post(HERE, given)
    assert answer.status_code == 422
    assert word in text(answer)
    assert not Job.objects.exists()


def test_what_cannot_be_recorded_is_not_begun(viewer: Browser) -> None:
    with database.execute_wrapper(no_events):
        answer = viewer.post(HERE, {"format": "csv"})
    assert answer.status_code == 503
    assert "Nothing was done" in text(answer)
    assert not Job.objects.exists()


def test_it_says_whether_a_worker_runs(viewer: Browser) -> None:
    assert "No worker is running" in text(viewer.get(HERE))
    Worker.objects.create(host="here")
    assert "No worker is running" not in text(viewer.get(HERE))


def test_nobody_begins_it_who_is_not_signed_in(nobody: Browser) -> None:
    assert nobody.post(HERE, {"format": "csv"}).status_code == 302
    assert not Job.objects.exists()


def test_one_person_does_not_fill_the_worker_and_its_disk(
    viewer: Browser, operator: Browser, connections: None
) -> None:
    for _ in range(export.MAX_OPEN_EXPORTS):
        assert viewer.post(HERE, {"format": "csv"}).status_code == 303
    refused = viewer.post(HERE, {"format": "csv"})
    assert refused.status_code == 409
    assert "10 of your exports are still being prepared" in text(refused)
    assert Job.objects.count() == export.MAX_OPEN_EXPORTS
    assert operator.post(HERE, {"format": "csv"}).status_code == 303, "others are others"
    assert f'href="{Job.objects.exclude(person="Omar Haddad")[0].get_absolute_url()}"' in text(refused)
    Job.objects.update(state="done")
    assert viewer.post(HERE, {"format": "csv"}).status_code == 303


def test_it_says_how_ids_survive_a_spreadsheet(viewer: Browser) -> None:
    assert "set the column media_id to text" in words_in(text(viewer.get(HERE)))
