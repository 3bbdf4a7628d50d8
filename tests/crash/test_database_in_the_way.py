"""A database that does not take the intent: no call is made, and the page says why."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest

from dashboard.models import Removal
from dashboard.removals.ledger import CALL_DEADLINE, CALL_LEASE
from dashboard.settings import MAX_LOCK_WAIT_SECONDS
from dashboard.vault import PAGE_DELETE_TIMEOUTS, PURGE_TIMEOUTS, Timeouts
from tests.crash.stage import ITEMS, Stage, Target

LONG = "💥" * 500  # as much as the box takes, which counts two for each
"""A reason that needs more room than any page of the database has left."""

# A lock is waited for ten seconds; in these tests it is less.
LOCKED = {"SQLite": "PRAGMA busy_timeout = 300", "PostgreSQL": "SET lock_timeout = '300ms'"}
FULL = {
    "SQLite": "PRAGMA max_page_count = 1",  # as many as there are, then
    "PostgreSQL": "SET default_transaction_read_only = on",  # what hosted servers do when their disk is full
}


def press(stage: Stage, target: Target, sql: str) -> tuple[int, str]:
    path = f"/c/{ITEMS}/media/{target[1]}/delete/"
    status, text = stage.order("page", post={"path": path, "sql": sql, "reason": LONG})
    return status, text


def is_locked(stage: Stage) -> AbstractContextManager[None]:
    locked: AbstractContextManager[None] = stage.database.locked()
    return locked


@pytest.mark.parametrize(
    ("sql", "trouble"),
    [(LOCKED, is_locked), (FULL, lambda stage: nullcontext())],
    ids=["locked", "full"],
)
def test_no_intent_no_call(
    stage: Stage, sql: dict[str, str], trouble: Callable[[Stage], AbstractContextManager[None]]
) -> None:
    target = stage.item()
    with trouble(stage):
        status, text = press(stage, target, sql[stage.database.name])
    assert status == 503
    assert "Nothing was removed" in text
    assert "could not be written" in text
    assert stage.balance([target]) == {"no row": 1}
    assert press(stage, target, "SELECT 1")[0] == 200
    assert stage.balance([target]) == {"deleted": 1}


def test_a_lock_is_not_waited_for_without_end(stage: Stage) -> None:
    asked = {"SQLite": "PRAGMA busy_timeout", "PostgreSQL": "SHOW lock_timeout"}
    said = {"SQLite": [[10_000]], "PostgreSQL": [["10s"]]}
    assert stage.order("ask", sql=asked[stage.database.name]) == said[stage.database.name]


@pytest.mark.parametrize(
    ("verb", "call"), [(Removal.Verb.DELETE, PAGE_DELETE_TIMEOUTS), (Removal.Verb.PURGE, PURGE_TIMEOUTS)]
)
def test_a_lease_outlasts_two_locks_and_the_call(verb: Removal.Verb, call: Timeouts) -> None:
    """On the target and on the chain's end; else the row is given up while its call is under way."""
    assert CALL_DEADLINE[verb].total_seconds() == call.total
    assert CALL_LEASE[verb].total_seconds() > 2 * MAX_LOCK_WAIT_SECONDS + call.total
