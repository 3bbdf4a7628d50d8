"""What is gone is selected by nobody any more, however it went and whoever removed it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone

from dashboard import selection
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Removal, RemovalState, TrayItem
from dashboard.removals import bulk, recovery
from dashboard.removals.ledger import Intent, unselect
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests.answers import hidden_fields, text
from tests.make import OMAR, Browser, plain_ids, removal, remove, work_off

OPERATOR = DEMO_PEOPLE["operator"]
ADMIN = DEMO_PEOPLE["admin"]
LIST = "https://testserver/c/small/media/?ticket=ZD-1"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def three(small: Connection) -> list[str]:
    """Three items that two people have selected."""
    found = plain_ids(small, MediaQuery(limit=100))[:3]
    for person in (OPERATOR, ADMIN):
        selection.add(person, small, [(media_id, 1, 100) for media_id in found])
    return found


def counts(small: Connection) -> tuple[int, int]:
    return selection.count_totals(OPERATOR, small).items, selection.count_totals(ADMIN, small).items


def test_by_its_own_button(operator: Browser, small: Connection, three: list[str]) -> None:
    assert operator.post(f"/c/small/media/{three[0]}/delete/", {}).status_code == 200
    assert counts(small) == (2, 2)
    assert selection.list_ids(OPERATOR, small) == three[1:]
    assert "<b>2 selected</b>" in text(operator.get("/c/small/media/"))


def test_the_bar_beside_the_dialog_counts_anew(
    operator: Browser, small: Connection, three: list[str]
) -> None:
    here = f"/c/small/media/{three[0]}/delete/"
    in_list = {"HX-Target": "dialog", "HX-Current-URL": LIST}
    answer = text(operator.fragment(here, {}, method="post", **in_list))
    assert '<div id="selection" class="selection"' in answer
    assert 'data-ticket="ZD-1" hx-swap-oob="true">' in answer
    assert "<b>2 selected</b>" in answer
    assert re.search(r'class="row tombstone" tabindex="-1" hx-swap-oob="true">\s*<td colspan="10">', answer)
    elsewhere = {**in_list, "HX-Current-URL": f"https://testserver/c/small/media/{three[1]}/"}
    here = f"/c/small/media/{three[1]}/delete/"
    assert 'id="selection"' not in text(operator.fragment(here, {}, method="post", **elsewhere))


def test_the_last_one_leaves_an_empty_bar(operator: Browser, small: Connection, three: list[str]) -> None:
    selection.remove(OPERATOR, small, three[1:])
    here = f"/c/small/media/{three[0]}/delete/"
    in_list = {"HX-Target": "dialog", "HX-Current-URL": LIST}
    answer = text(operator.fragment(here, {}, method="post", **in_list))
    assert re.search(r'<div id="selection"\s+data-announcement="Nothing is selected"', answer)


def test_what_was_gone_already(operator: Browser, small: Connection, three: list[str]) -> None:
    selection.add(OPERATOR, small, [("999999", 1, 100)])
    assert operator.post("/c/small/media/999999/delete/", {}).status_code == 200
    assert counts(small) == (3, 3)


@pytest.mark.parametrize("is_read_first", [True, False])
def test_by_a_bulk_removal_of_another_person(
    small: Connection, sandbox: Sandbox, three: list[str], is_read_first: bool
) -> None:
    gone = ["999999"] if is_read_first else []
    selection.add(OPERATOR, small, [(media_id, 1, 100) for media_id in gone])
    bulk.begin(small, Intent(OMAR, uuid.uuid4()), [*three[:2], *gone])
    assert counts(small) == (3 + len(gone), 3)
    work_off()
    assert counts(small) == (1, 1)


def test_by_a_purge_of_this_connection_alone(
    admin: Browser, small: Connection, sandbox: Sandbox, three: list[str]
) -> None:
    big = Connection.objects.get(slug="big")
    selection.add(OPERATOR, big, [(three[0], 1, 100)])
    remove(small)
    assert counts(small) == (0, 0)
    assert selection.list_ids(OPERATOR, big) == three[:1]


def test_found_gone_by_reading(small: Connection, three: list[str]) -> None:
    selection.add(OPERATOR, small, [("999999", 1, 100)])
    lost = removal(small, media_id="999999", state=RemovalState.UNKNOWN, settled_at=None)
    assert recovery.reconcile(lost).state == RemovalState.VERIFIED_GONE
    assert selection.list_ids(OPERATOR, small) == three


def test_all_that_was_selected_is_gone(operator: Browser, small: Connection) -> None:
    selection.add(OPERATOR, small, [("999999", 1, 100)])
    answer = operator.post("/c/small/tray/", hidden_fields(operator.get("/c/small/tray/")))
    assert answer.status_code == 422
    assert "Nothing is selected" in text(answer)
    assert selection.list_ids(OPERATOR, small) == []


@pytest.mark.parametrize(
    "state",
    sorted(set(RemovalState) - {RemovalState.DELETED, RemovalState.ALREADY_GONE, RemovalState.VERIFIED_GONE}),
)
def test_what_is_not_known_to_be_gone_stays_selected(
    small: Connection, three: list[str], state: RemovalState
) -> None:
    unselect(removal(small, media_id=three[0], state=state))
    assert counts(small) == (3, 3)


def test_what_was_selected_after_it_went_stays_selected(small: Connection, three: list[str]) -> None:
    earlier = timezone.now() - timedelta(minutes=1)
    unselect(removal(small, media_id=three[0], sent_at=earlier, settled_at=earlier))
    unselect(removal(small, media_id="", verb=Removal.Verb.PURGE, sent_at=earlier))
    assert counts(small) == (3, 3)


def test_trouble_with_the_tray_is_no_trouble_of_the_removal(
    operator: Browser, small: Connection, three: list[str]
) -> None:
    def no_deletes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("DELETE"):
            raise OperationalError("permission denied")
        return execute(sql, params, many, context)

    with database.execute_wrapper(no_deletes):
        answer = operator.post(f"/c/small/media/{three[0]}/delete/", {})
    assert answer.status_code == 200
    assert f"Deleted {three[0]}" in text(answer)
    assert TrayItem.objects.count() == 6
