"""Look-ups as they are kept: how they are asked for, by whom they may be seen, and when they go."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import service
from dashboard.lookups import store
from dashboard.lookups.parsing import parse_ids
from dashboard.models import Connection, Lookup
from dashboard.sandbox import Sandbox
from dashboard.service import LOOKUP_CONCURRENCY, Batch
from dashboard.vault import Busy, MediaItem
from tests.make import EMPTY_ID, OMAR, connection, lookup, operations, rewrite

PERSON = OMAR.person
assert PERSON


@pytest.fixture
def empty(small: Connection) -> Connection:
    return connection("empty", connection_id=EMPTY_ID)


def test_what_was_pasted_is_committed_before_anything_is_asked(small: Connection, sandbox: Sandbox) -> None:
    row = store.begin(OMAR, [small], parse_ids("1 2 1 a@b"), "ZD-7 conn_abc")
    kept = Lookup.objects.get(pk=row.pk)
    assert (kept.ids, kept.repeated, kept.malformed[0][0]) == (["1", "2"], {"1": 1}, "a@b")
    assert (kept.answers, kept.asked_at, kept.ticket) == ({}, None, "ZD-7 conn_…")
    assert operations(sandbox) == []


def test_batches_are_asked_side_by_side(small: Connection, sandbox: Sandbox) -> None:
    """Ten calls of 300 ms each end long before three seconds, over ten connections at most."""
    sandbox.faults.add(path="/batch$", latency_ms=300, times=None)
    row = store.begin(OMAR, [small], parse_ids(" ".join(map(str, range(1000)))), "")
    opened = sandbox.connections_opened
    started = timezone.now()
    assert store.ask_unanswered(row) == []
    assert timezone.now() - started < timedelta(seconds=2)
    assert sandbox.connections_opened - opened <= 10


def test_no_more_is_asked_at_once_than_may_be(small: Connection, sandbox: Sandbox) -> None:
    batches = [Batch(small, (str(number),)) for number in range(40)]
    names: set[str] = set()
    kept = threading.Thread.run

    def counted(self: threading.Thread) -> None:
        names.add(self.name)
        kept(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "run", counted)
        assert [answer for _, answer in service.read_batches(batches)] == [{}] * 40
    assert len([name for name in names if name.startswith("look-up")]) <= LOOKUP_CONCURRENCY
    assert operations(sandbox) == ["batch"] * 40


def test_what_is_not_begun_in_time_is_left_for_another_press(
    small: Connection, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_LOOKUP_SECONDS", -1.0)
    row = lookup([small], ids=["1", "2"])
    assert store.ask_unanswered(row) == []
    row.refresh_from_db()
    assert row.answers == {}
    assert store.list_unanswered(row, small) == ["1", "2"]
    assert operations(sandbox) == []


def test_the_threads_that_ask_use_no_database(small: Connection, sandbox: Sandbox, media_id: str) -> None:
    fresh = Connection.objects.get(pk=small.pk)
    with CaptureQueriesContext(database) as asked:
        ((_, answer),) = service.read_batches([Batch(fresh, (media_id, "1"))])
    assert isinstance(answer, dict)
    assert isinstance(answer[media_id], MediaItem)
    assert len(asked) == 0


def test_one_connections_trouble_is_its_own(small: Connection, empty: Connection, sandbox: Sandbox) -> None:
    row = lookup([small, empty], ids=["1"])
    sandbox.faults.add(path="/batch$", status=429, headers={"Retry-After": "7"}, times=1)
    (error,) = store.ask_unanswered(row)
    assert isinstance(error, Busy)
    row.refresh_from_db()
    assert len(row.answers) == len(row.trouble) == 1
    assert row.answers.keys().isdisjoint(row.trouble)


def test_an_id_that_no_key_opens_is_trouble_too(
    small: Connection, empty: Connection, sandbox: Sandbox
) -> None:
    rewrite(Connection.objects.filter(pk=empty.pk), sealed_id="nonsense")
    row = lookup([small, empty], ids=["1"])
    store.ask_unanswered(row)
    row.refresh_from_db()
    assert row.answers[str(small.pk)] == {"1": None}
    assert "cannot be opened" in row.trouble[str(empty.pk)]["1"]


def test_two_who_ask_for_the_rest_at_once_keep_both_answers(small: Connection, empty: Connection) -> None:
    row = lookup([small, empty], ids=["1"])
    mine, theirs = Lookup.objects.get(pk=row.pk), Lookup.objects.get(pk=row.pk)
    mine.connections.set([small])
    store.ask_unanswered(mine)
    theirs.connections.set([empty])
    store.ask_unanswered(theirs)
    row.refresh_from_db()
    assert row.answers == {str(small.pk): {"1": None}, str(empty.pk): {"1": None}}


def test_one_that_went_while_it_was_asked(small: Connection, sandbox: Sandbox) -> None:
    row = lookup([small], ids=["1"])
    Lookup.objects.all().delete()
    row.connections.set([])
    with pytest.raises(store.UnknownLookup):
        store.ask_unanswered(row)


def test_text_that_no_database_takes_is_mended(small: Connection, sandbox: Sandbox) -> None:
    item: dict[str, Any] = {"id": "1", "type": "im\x00age conn_abc", "duration": None, "media": {}}
    sandbox.faults.add(path="/batch$", body={"items": [item], "nextCursor": None})
    row = lookup([small], ids=["1"])
    store.ask_unanswered(row)
    row.refresh_from_db()
    assert row.answers[str(small.pk)]["1"]["type"] == "image conn_…"


def test_who_may_see_it(small: Connection, empty: Connection) -> None:
    row = lookup([small, empty])
    assert store.get(row.pk, [empty, small, connection("third")]).pk == row.pk
    for among in ([], [small], [empty]):
        with pytest.raises(store.UnknownLookup):
            store.get(row.pk, among)
    row.connections.clear()
    with pytest.raises(store.UnknownLookup):
        store.get(row.pk, [small, empty])


def test_those_whose_day_has_passed_are_trimmed(small: Connection) -> None:
    old, fresh = lookup([small]), lookup([small])
    Lookup.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    with pytest.raises(store.ExpiredLookup):
        store.get(old.pk, [small])
    assert store.delete_expired() == 1
    assert store.delete_expired() == 0
    assert Lookup.objects.get() == fresh
    assert Connection.objects.filter(pk=small.pk).exists()
