"""`/c/<slug>/tray/`: GET reads everything selected again, POST has it removed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection as database

from dashboard import selection
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Job, RemovalState
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests.answers import errors_of, hidden_fields, text, words_in
from tests.make import (
    OMAR,
    UPSTREAM_TROUBLE,
    Browser,
    deletes,
    no_events,
    operations,
    plain_ids,
    removal,
    signed_in,
    work_off,
)

HERE = "/c/small/tray/"
PERSON = DEMO_PEOPLE["operator"]


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def ids(small: Connection, sandbox: Sandbox) -> list[str]:
    found = plain_ids(small, MediaQuery(limit=100))
    sandbox.calls.clear()
    return found


def select(connection: Connection, *ids: str) -> None:
    selection.add(PERSON, connection, [(media_id, 1, 100) for media_id in ids])


def press(operator: Browser, shown: Any, **said: Any) -> Any:
    return operator.post(HERE, {"ticket": "ZD-3", "reason": "asked for", **hidden_fields(shown), **said})


def test_works(operator: Browser, small: Connection, ids: list[str], sandbox: Sandbox) -> None:
    select(small, *ids[:3])
    asks = operator.get(f"{HERE}?ticket=ZD-3")
    assert asks.status_code == 200
    words = words_in(text(asks))
    assert "Delete 3 items of Studio A" in words
    for media_id in ids[:3]:
        assert media_id in words
    assert 'value="ZD-3"' in text(asks)
    assert operations(sandbox) == ["batch"]
    answer = press(operator, asks)
    job = Job.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, job.get_absolute_url())
    assert (job.kind, job.total, job.ticket, job.reason) == ("remove", 3, "ZD-3", "asked for")
    assert selection.list_ids(PERSON, small) == []
    assert deletes(sandbox) == []  # that is the worker's
    work_off()
    assert {path.rpartition("/")[2] for path in deletes(sandbox)} == set(ids[:3])


def test_empty(operator: Browser, sandbox: Sandbox) -> None:
    answer = operator.get(HERE)
    assert answer.status_code == 200
    assert "Nothing is selected in Studio A" in text(answer)
    assert '<form action="/c/small/tray/"' not in text(answer)
    assert sandbox.calls == []
    assert press(operator, answer).status_code == 422


def test_fragment(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, *ids[:2])
    asks = operator.fragment(HERE)
    assert text(asks).lstrip().startswith('<section id="review"')
    answer = operator.fragment(HERE, hidden_fields(asks), method="post")
    assert answer.headers["HX-Redirect"] == Job.objects.get().get_absolute_url()


def test_of_many_the_number_is_typed(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, *ids[:26])
    asks = operator.get(HERE)
    assert 'id="typed"' in text(asks)
    assert 'value="26"' not in text(asks)
    for typed in ("", "25", "026", "twenty-six", "all", "2.6", "2 6", "26.0"):
        answer = press(operator, asks, typed=typed)
        assert answer.status_code == 422
        assert errors_of(answer) == ["This is not the number of items, 26. Nothing was deleted."]
        assert all(kept in text(answer) for kept in ("ZD-3", "asked for", f'value="{typed}"'))
    assert not Job.objects.exists()
    assert press(operator, answer, typed=" 26").status_code == 303
    assert Job.objects.get().typed == "26"


def test_up_to_25_nothing_is_typed(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, *ids[:25])
    asks = operator.get(HERE)
    assert 'id="typed"' not in text(asks)
    assert press(operator, asks).status_code == 303


def test_what_is_gone_is_named_and_left_out(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, ids[0], "999999", ids[1])
    asks = operator.get(HERE)
    words = words_in(text(asks))
    assert "999999 is gone already: left out" in words
    assert "Delete 2 items" in words
    press(operator, asks)
    job = Job.objects.get()
    assert list(job.removals.values_list("media_id", flat=True)) == ids[:2]
    assert selection.list_ids(PERSON, small) == []


def test_what_another_removal_holds_is_named_left_out_and_stays(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    other = bulk.begin(small, Intent(OMAR, uuid.uuid4()), ids[:1]).job
    out = removal(small, media_id=ids[1], state=RemovalState.SENT, settled_at=None, person="Ada Ito")
    select(small, *ids[:3])
    asks = operator.get(HERE)
    words = words_in(text(asks))
    assert f"{ids[0]} is being removed already, asked for by Omar Haddad" in words
    assert f"{ids[1]} is being removed already, asked for by Ada Ito" in words
    assert other.get_absolute_url() in text(asks)
    assert out.get_absolute_url() in text(asks)
    assert "Delete 1 item " in f"{words} "
    assert press(operator, asks).status_code == 303
    assert Job.objects.exclude(pk=other.pk).get().total == 1
    assert selection.list_ids(PERSON, small) == ids[:2]
    answer = press(operator, operator.get(HERE))
    assert answer.status_code == 422
    assert "None of this is left to delete." in words_in(text(answer))


def test_what_was_taken_by_another_since_is_said(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    select(small, ids[0])
    asks = operator.get(HERE)
    other = bulk.begin(small, Intent(OMAR, uuid.uuid4()), ids[:1]).job
    answer = press(operator, asks)
    assert answer.status_code == 409
    assert "Already being removed" in text(answer)
    assert other.get_absolute_url() in text(answer)
    assert selection.list_ids(PERSON, small) == ids[:1]


def test_a_tray_that_changed_since_is_shown_again(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    select(small, *ids[:2])
    asks = operator.get(HERE)
    select(small, ids[2])
    answer = press(operator, asks)
    assert answer.status_code == 409
    assert "has changed since you saw it" in text(answer)
    assert ids[2] in text(answer)
    assert "asked for" in text(answer)
    assert "<title>Error:" in text(answer)
    assert not Job.objects.exists()
    assert press(operator, answer).status_code == 303


@pytest.mark.parametrize("seen", ["", "x", "made:up:here"])
def test_what_was_not_shown_is_not_removed(
    operator: Browser, small: Connection, ids: list[str], seen: str
) -> None:
    select(small, *ids[:2])
    answer = press(operator, operator.get(HERE), seen=seen)
    assert answer.status_code == 422
    assert "You have not seen in the last" in text(answer)
    assert not Job.objects.exists()


def test_what_another_connections_review_showed_is_nothing_here(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    """Nothing of a tray gets into another connection's removal, whatever is posted."""
    select(small, *ids[:2])
    select(Connection.objects.get(slug="big"), *ids[:2])
    asks = operator.get("/c/big/tray/")
    assert '<a href="/c/small/tray/">2 items selected in Studio A</a>' in text(asks)
    answer = press(operator, asks)
    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_bad_input(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, ids[0])
    answer = press(operator, operator.get(HERE), ticket="x" * 101)
    assert answer.status_code == 422
    assert 'id="error-ticket"' in text(answer)
    assert "asked for" in text(answer)


def test_a_row_is_taken_out_and_what_was_typed_stays(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    select(small, *ids[:3])
    asks = operator.get(HERE)
    answer = press(operator, asks, out=ids[1], typed="5")
    assert answer.status_code == 200
    assert selection.list_ids(PERSON, small) == [ids[0], ids[2]]
    assert "asked for" in text(answer)
    assert 'value="ZD-3"' in text(answer)
    assert hidden_fields(answer)["token"] == hidden_fields(asks)["token"]
    answer = press(operator, answer, look="again")
    assert (answer.status_code, Job.objects.count()) == (200, 0)
    assert press(operator, answer).status_code == 303
    assert Job.objects.get().total == 2


def test_the_first_button_of_the_form_removes_nothing(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    """It is what Enter in a field presses."""
    select(small, ids[0])
    page = text(operator.get(HERE))
    form = page[page.index('<form action="/c/small/tray/"') :]
    assert form[form.index("<button") :].startswith('<button class="button" name="look"')


def test_the_same_press_twice_leads_to_the_same_job(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    select(small, *ids[:2])
    asks = operator.get(HERE)
    first, second = press(operator, asks), press(operator, asks)
    assert first.headers["Location"] == second.headers["Location"]
    assert Job.objects.count() == 1


def test_more_than_it_reads_is_said(operator: Browser) -> None:
    big = Connection.objects.get(slug="big")
    selection.add(PERSON, big, [(str(number), 2, 10**6) for number in range(1000, 1400)])
    words = words_in(text(operator.get("/c/big/tray/")))
    assert "The first 200 of 400 selected items" in words
    assert "The other 200 were not read again" in words
    assert "800 variants by what the lists showed" in words


def test_another_attempt_names_the_job_that_failed(
    operator: Browser, small: Connection, ids: list[str]
) -> None:
    failed = bulk.begin(small, Intent(OMAR, uuid.uuid4()), ids[:2]).job
    failed.removals.update(state=RemovalState.NOT_REMOVED)
    selection.add(PERSON, small, [(media_id, 0, 0) for media_id in ids[:2]], retry_of=failed)
    press(operator, operator.get(HERE))
    again = Job.objects.exclude(pk=failed.pk).get()
    assert again.retry_of == failed
    assert [row.attempt for row in again.removals.all()] == [2, 2]


def test_without_a_record_nothing_begins(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, *ids[:2])
    asks = operator.get(HERE)
    with database.execute_wrapper(no_events):
        answer = press(operator, asks)
    assert answer.status_code == 503
    assert "Nothing was done" in text(answer)
    assert (Job.objects.count(), selection.list_ids(PERSON, small)) == (0, ids[:2])


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error(
    operator: Browser, small: Connection, ids: list[str], sandbox: Sandbox, fault: Any, status: int, word: str
) -> None:
    select(small, *ids[:2])
    sandbox.faults.add(times=None, **fault)
    answer = operator.get(HERE)
    assert answer.status_code == status
    assert word in text(answer)
    assert selection.list_ids(PERSON, small) == ids[:2]


def test_wrong_role(viewer: Browser, small: Connection) -> None:
    assert (viewer.get(HERE).status_code, viewer.post(HERE, {}).status_code) == (403, 403)


def test_each_sees_their_own(operator: Browser, small: Connection, ids: list[str]) -> None:
    select(small, *ids[:2])
    assert "Nothing is selected" in text(signed_in("admin").get(HERE))


@pytest.mark.parametrize("method", ["put", "delete"])
def test_wrong_method(operator: Browser, method: str) -> None:
    assert getattr(operator, method)(HERE).status_code == 405
