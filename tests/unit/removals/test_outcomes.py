"""A removal never says more than is known: each of these was once said wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from dashboard.models import Connection, Removal, RemovalState
from dashboard.removals import actions
from dashboard.removals.errors import OutcomeNotRecorded
from dashboard.sandbox import Sandbox
from dashboard.web.presenters.removal import write_outcome_message
from tests import answers, make
from tests.make import remove


def test_a_service_that_works_in_silence_is_waited_for(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="DELETE", latency_ms=5_300)  # longer than the silence a read may have
    assert remove(small, media_id).state == RemovalState.DELETED


def lose_the_purge(sandbox: Sandbox, page: dict[str, Any]) -> None:
    sandbox.faults.add(method="GET", times=2)  # what was shown, and what is read again, are as usual
    sandbox.faults.add(method="DELETE", status=502)
    sandbox.faults.add(method="GET", status=200, body=page, times=None)


def test_an_empty_page_with_more_behind_it_settles_no_purge(small: Connection, sandbox: Sandbox) -> None:
    lose_the_purge(sandbox, {"items": [], "nextCursor": "more"})
    assert remove(small).state == RemovalState.UNKNOWN


def test_newer_items_with_more_behind_them_settle_no_purge(small: Connection, sandbox: Sandbox) -> None:
    lose_the_purge(sandbox, {"items": [an_item(4_000_000_000_000, "stored")], "nextCursor": "more"})
    assert remove(small).state == RemovalState.UNKNOWN


def test_an_item_listed_as_removed_is_gone(small: Connection, sandbox: Sandbox) -> None:
    lose_the_purge(sandbox, {"items": [an_item(1_700_000_000_000, "removed")]})
    assert remove(small).state == RemovalState.VERIFIED_GONE


def test_still_there_a_moment_later_is_no_call_to_press_again(small: Connection, sandbox: Sandbox) -> None:
    lose_the_purge(sandbox, {"items": [an_item(1_700_000_000_000, "stored")]})
    record = remove(small)
    assert record.state == RemovalState.VERIFIED_PRESENT
    assert "Do not press again" in write_outcome_message(record).next
    assert actions.find_tombstone(small, "anything") == record


def test_one_that_found_nothing_does_not_hide_the_one_that_took_it(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    took = remove(small, media_id)
    assert remove(small, media_id).state == RemovalState.ALREADY_GONE
    assert actions.find_tombstone(small, media_id) == took
    assert remove(small, "99999").state == RemovalState.ALREADY_GONE
    assert actions.find_tombstone(small, "99999") is None


@pytest.mark.parametrize("status", [408, 424, 425, 499])
def test_a_refusal_that_says_nothing_of_the_removal_is_unknown(
    small: Connection, media_id: str, sandbox: Sandbox, status: int
) -> None:
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="DELETE", status=status, body={"error": "Timeout"})
    sandbox.faults.add(method="GET", status=503, times=2)
    assert remove(small, media_id).state == RemovalState.UNKNOWN


def test_being_asked_to_wait_is_no_refusal_of_the_key(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    sandbox.faults.add(method="DELETE", status=429, headers={"Retry-After": "30"}, body={"error": "Slow"})
    record = remove(small, media_id)
    assert record.state == RemovalState.REFUSED
    assert "30 s" in record.service_text
    assert write_outcome_message(record).status == 503


def updates_are_refused(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    if sql.startswith('UPDATE "dashboard_removal"'):
        raise OperationalError("database is locked")
    return execute(sql, *rest)


@pytest.mark.django_db(transaction=True)
def test_an_outcome_that_cannot_be_written_is_not_called_nothing(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    with database.execute_wrapper(updates_are_refused), pytest.raises(OutcomeNotRecorded):
        remove(small, media_id)
    assert Removal.objects.get().state == RemovalState.SENT
    assert len(make.deletes(sandbox)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_page_says_that_it_was_sent(small: Connection, media_id: str, sandbox: Sandbox) -> None:
    operator = make.signed_in("operator")
    with database.execute_wrapper(updates_are_refused):
        answer = operator.post(f"/c/{small.slug}/media/{media_id}/delete/", {"ticket": "ZD-1"})
    assert answer.status_code == 500
    assert "Do not press again" in answers.text(answer)
    assert str(Removal.objects.get().pk) in answers.text(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("later", [{"status": 500}, {"body": {"items": []}}], ids=["unread", "changed"])
def test_the_page_does_not_say_that_it_was_sent_where_nothing_was(
    small: Connection, sandbox: Sandbox, later: dict[str, Any]
) -> None:
    """The first page, read again once the intent stands, is another one or cannot be read."""
    admin, here = make.signed_in("admin"), f"/c/{small.slug}/purge/"
    said = {**answers.hidden_fields(admin.get(here)), "typed": small.label}
    sandbox.faults.add(method="GET", times=None, **later)
    with database.execute_wrapper(updates_are_refused):
        answer = admin.post(here, said)
    assert answer.status_code == 503
    page = answers.text(answer)
    assert "Nothing was removed" in page
    for wrong in ("went to the service", "Do not press again"):
        assert wrong not in page
    assert str(Removal.objects.get().pk) in page
    assert make.deletes(sandbox) == []


def the_ledger_is_locked(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    if "dashboard_removal" in sql:
        raise OperationalError("canceling statement due to lock timeout")
    return execute(sql, *rest)


@pytest.mark.parametrize("headers", [{}, make.HTMX])
def test_the_page_says_that_the_database_does_not_answer(
    small: Connection, media_id: str, sandbox: Sandbox, headers: dict[str, str]
) -> None:
    operator = make.signed_in("operator")
    with database.execute_wrapper(the_ledger_is_locked):
        answer = operator.post(f"/c/{small.slug}/media/{media_id}/delete/", headers=headers)
    assert answer.status_code == 503
    assert "reach its database" in answers.text(answer)
    assert make.deletes(sandbox) == []


def an_item(created_ms: int, status: str) -> dict[str, Any]:
    variant = {
        "status": status,
        "quality": "full",
        "sizeBytes": 10,
        "contentType": "image/jpeg",
        "accessCount": 0,
        "createdAt": created_ms,
        "expiresAt": created_ms,
        "storedAt": None,
        "lastAccessedAt": created_ms,
        "url": "https://media.ofauth.com/v2/x",
    }
    return {"id": "1", "type": "image", "duration": None, "media": {"full": variant}}
