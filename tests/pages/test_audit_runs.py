"""`/audit/` with bulk removals: a row for each that opens to its items, and how it stands now."""

from __future__ import annotations

import csv
import io
import re
import uuid
from html import unescape
from typing import Any

import pytest

from dashboard.exports import job as export
from dashboard.models import Connection, Event, Job, JobState, RemovalState
from dashboard.removals import bulk, claims, ledger
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests.answers import rows_of, text
from tests.make import OMAR, Browser, job, plain_ids, removal, rewrite, work_off

HERE = "/audit/"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def ids(small: Connection) -> list[str]:
    return plain_ids(small, MediaQuery(limit=20))


def begin(of: Connection, ids: list[str]) -> Job:
    return bulk.begin(of, Intent(OMAR, uuid.uuid4(), "ZD-1", "asked for"), ids).job


@pytest.fixture
def run(small: Connection, ids: list[str], sandbox: Sandbox) -> Job:
    """Four items of which three were deleted and one was not."""
    path = f"/v2/vault-plus/media/{ids[3]}$"
    sandbox.faults.add(
        method="DELETE", path=path, body={"success": False, "mediaId": ids[3], "freedBytes": 0}
    )
    made = begin(small, ids[:4])
    work_off()
    made.refresh_from_db()
    return made


def items_href(run: Job) -> str:
    return f"{HERE}?job={run.pk}"


def test_works(viewer: Browser, run: Job) -> None:
    answer = viewer.get(HERE)
    (row,) = rows_of(answer)
    for shown in (
        "Bulk removal of 4 items",
        "3 deleted, 1 failed",
        "Done, but for 1",
        "Studio A",
        "Omar Haddad",
        "ZD-1",
    ):
        assert shown in row
    assert re.search(r"\d (kB|MB)", row), "what it freed"
    assert f'href="/jobs/{run.pk}/"' in text(answer)
    assert f'href="{items_href(run)}"' in text(answer)


def test_while_it_goes_on_the_row_says_how_far_it_is(
    viewer: Browser, small: Connection, ids: list[str]
) -> None:
    made = begin(small, ids[:4])
    assert "Waiting for a worker" in rows_of(viewer.get(HERE))[0]
    claim = uuid.uuid4()
    (row,) = claims.acquire(made, claim, 1)
    assert claims.send(row, claim, OMAR, {})
    assert ledger.move(row, RemovalState.DELETED, OMAR)
    assert "Waiting for a worker, 1 of 4" in rows_of(viewer.get(HERE))[0]
    assert bulk.stop(made, OMAR)
    shown = rows_of(viewer.get(HERE))[0]
    assert "Stopped" in shown
    assert "1 deleted, 3 cancelled" in shown


def test_it_opens_to_its_items(viewer: Browser, run: Job, ids: list[str]) -> None:
    answer = viewer.get(items_href(run))
    rows = rows_of(answer)
    assert len(rows) == 6
    assert "Bulk removal" in rows[0]
    assert "Finished" in rows[0]
    assert "Bulk removal of 4 items" in rows[-1]
    assert {media_id for row in rows for media_id in ids[:4] if media_id in row} == set(ids[:4])
    page = text(answer)
    assert re.findall(r'class="chip" href="([^"]+)".*?</span>(.*?)<i ', page) == [(HERE, "Run of 4 items")]
    assert "in a bulk removal" not in page, "one knows"
    assert f'value="{run.pk}"' in page, "another filter is within it"


def test_an_item_names_its_run(viewer: Browser, run: Job, ids: list[str]) -> None:
    page = text(viewer.get(f"{HERE}?media={ids[0]}"))
    assert f'<a href="{items_href(run)}">in a bulk removal</a>' in page


def test_the_page_of_its_beginning(viewer: Browser, run: Job) -> None:
    event = Event.objects.get(code="media.bulk.planned")
    page = unescape(text(viewer.get(event.get_absolute_url())))
    for shown in (
        "Bulk removal of 4 items",
        "3 deleted, 1 failed",
        "Items",
        "Left out, held by others",
        "asked for",
    ):
        assert shown in page
    assert f'href="/jobs/{run.pk}/"' in page
    assert f'href="{items_href(run)}"' in page


def test_the_page_of_its_end_and_of_an_item(viewer: Browser, run: Job) -> None:
    ended = Event.objects.get(code="media.bulk.finished")
    page = text(viewer.get(ended.get_absolute_url()))
    for shown in ("Bulk removal", "Finished", "Deleted", "Not removed", f'href="/jobs/{run.pk}/"'):
        assert shown in page
    item = Event.objects.filter(code="media.delete.deleted")[0]
    page = text(viewer.get(item.get_absolute_url()))
    assert "Part of" in page
    assert f'href="/jobs/{run.pk}/"' in page


def test_the_page_of_an_item_names_its_run(viewer: Browser, run: Job) -> None:
    page = text(viewer.get(run.removals.all()[0].get_absolute_url()))
    assert re.search(rf'<dt>Part of</dt>\s*<dd><a href="/jobs/{run.pk}/">Bulk removal of 4 items</a>', page)
    assert "<dt>Sent</dt>" in page


@pytest.mark.parametrize(
    ("state", "word"),
    [("planned", "is to be removed"), ("claimed", "is to be removed"), ("cancelled", "was not removed")],
)
def test_what_was_never_sent_was_asked_for(
    viewer: Browser, small: Connection, ids: list[str], state: str, word: str
) -> None:
    made = begin(small, ids[:1])
    if state == "claimed":
        claims.acquire(made, uuid.uuid4(), 1)
    if state == "cancelled":
        assert bulk.stop(made, OMAR)
    page = text(viewer.get(made.removals.get().get_absolute_url()))
    assert f"{ids[0]} {word}" in page
    assert "<dt>Requested</dt>" in page
    assert "<dt>Sent</dt>" not in page
    assert ("In progress" in page) == (state != "cancelled")


@pytest.mark.parametrize("state", [RemovalState.ALREADY_GONE, RemovalState.REFUSED])
def test_what_was_found_gone_was_not_sent_either(
    viewer: Browser, small: Connection, ids: list[str], state: RemovalState
) -> None:
    made, claim = begin(small, ids[:1]), uuid.uuid4()
    (row,) = claims.acquire(made, claim, 1)
    assert claims.close(row, claim, OMAR, state, result={})
    assert "<dt>Requested</dt>" in text(viewer.get(row.get_absolute_url()))


def test_another_removal_of_a_waiting_item_is_told_of_the_run(
    operator: Browser, small: Connection, ids: list[str], sandbox: Sandbox
) -> None:
    made = begin(small, ids[:3])
    answer = operator.post(f"/c/small/media/{ids[0]}/delete/", {})
    assert answer.status_code == 409
    page = text(answer)
    assert "Omar Haddad asked at" in page
    assert "to delete 3 items, this among them" in page
    assert f'href="/jobs/{made.pk}/"' in page
    assert [call for call in sandbox.calls if call.method == "DELETE"] == []


@pytest.mark.parametrize("number", ["1", "x", "5e771ed0-0000-4000-8000"])
def test_bad_input(viewer: Browser, run: Job, number: str) -> None:
    answer = viewer.get(f"{HERE}?job={number}")
    assert answer.status_code == 422
    assert 'id="error-job"' in text(answer)
    assert rows_of(answer) == []


def test_one_of_anothers_and_one_that_never_was_are_the_same(viewer: Browser, run: Job) -> None:
    rewrite(Connection.objects.filter(slug="small"), groups=["vault-admins"])
    answers = [viewer.get(f"{HERE}?job={number}") for number in (run.pk, uuid.uuid4())]
    assert [answer.status_code for answer in answers] == [200, 200]
    own = r"[0-9a-f-]{36}|[0-9a-f]{32}|Run \w{8}|[\w-]{64}|(under )?\d+ (s|min) ago"  # a second may pass
    plain = [re.sub(own, "", text(one)) for one in answers]
    assert plain[0] == plain[1]


def test_what_waits_for_somebody_stands_first(viewer: Browser, small: Connection) -> None:
    why = "The service refused our key."
    made = job(small, state=JobState.PAUSED, total=60, why=why)
    page = text(viewer.get(HERE))
    looks = page[page.index("Needs a look") : page.index("</section>", page.index("Needs a look"))]
    for shown in (
        "Paused",
        "Bulk removal of 60 items",
        f'href="/jobs/{made.pk}/"',
        why,
        "Omar Haddad",
        "ZD-1",
    ):
        assert shown in looks
    assert "Needs a look" not in text(viewer.get(f"{HERE}?connection=big"))


@pytest.mark.parametrize("runs", [1, 8])
def test_many_of_them_need_no_more_queries(
    viewer: Browser, small: Connection, ids: list[str], django_assert_max_num_queries: Any, runs: int
) -> None:
    for start in range(runs):
        begin(small, ids[start : start + 1])
    viewer.get(HERE)
    with django_assert_max_num_queries(9):
        assert len(rows_of(viewer.get(HERE))) == runs


def test_an_export_leads_to_its_job(viewer: Browser, small: Connection) -> None:
    made = export.begin(OMAR, small, MediaQuery(), "csv", uuid.uuid4())
    assert f'<a href="/jobs/{made.pk}/">Export of media</a>' in text(viewer.get(HERE))
    page = text(viewer.get(Event.objects.get(code="media.export.planned").get_absolute_url()))
    assert f'href="/jobs/{made.pk}/">See the export</a>' in page
    assert "bulk removal" not in page


def test_it_can_be_taken_away_with_the_number_of_the_run(viewer: Browser, run: Job) -> None:
    answer: Any = viewer.get(f"{HERE}export/?format=csv&job={run.pk}")
    body = answer.getvalue().decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(body)))
    assert [line["code"] for line in lines].count("media.delete.deleted") == 3
    assert {line["job"] for line in lines[:-1]} == {str(run.pk)}
    assert (lines[-1]["code"], lines[-1]["job"]) == ("media.bulk.planned", "")


def test_a_beginning_that_was_tampered_with_is_in_nobodys_way(viewer: Browser, small: Connection) -> None:
    for line in (
        "",
        "{}",
        '{"result":{"job":7,"items":"x"}}',
        '{"result":{"job":"x"},"connection_label":"S"}',
    ):
        number = (Event.objects.count() or 0) + 1
        forged = Event(
            sequence=number, at=removal(small, media_id=str(number)).sent_at, code="media.bulk.planned"
        )
        forged.verb, forged.outcome, forged.connection, forged.line, forged.hash = (
            "bulk",
            "planned",
            "small",
            line,
            "-",
        )
        Event.objects.bulk_create([forged])
        assert viewer.get(f"/audit/{number}/").status_code == 200
    assert len(rows_of(viewer.get(HERE))) == 4
