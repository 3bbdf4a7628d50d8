"""What a connection holds, and which of a look and a scan is believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard import service
from dashboard.models import Connection, Removal, RemovalState
from dashboard.vault import MediaPage, UnreadableItem
from dashboard.web.presenters.usage import summarize_connection, summarize_page
from tests.make import item, removal, variant
from tests.scans import ITEMS, after, begun


def test_what_a_first_look_found() -> None:
    waiting = variant(status="pending", size_bytes=0, last_accessed_ms=1_750_000_000_000)
    items = (item("1", full=variant(), thumb=variant()), item("2", full=waiting), UnreadableItem(None, "?"))
    seen = summarize_page(MediaPage(items, "more"))
    assert (seen.items, seen.variants, seen.size_bytes, seen.moving) == (3, 3, 2000, 1)
    assert (seen.at_least, seen.unreadable) == (True, 1)
    assert [(share.state, share.variants) for share in seen.shares] == [("stored", 2), ("pending", 1)]
    assert seen.last_accessed
    assert seen.last_accessed.year == 2025


def test_nothing_is_cached() -> None:
    seen = summarize_page(MediaPage(()))
    assert (seen.items, seen.at_least, seen.shares, seen.last_accessed) == (0, False, [], None)


def test_the_record_says_where_it_is_from() -> None:
    said = summarize_page(MediaPage((item("1", full=variant(status="storing")),), "more")).record()
    assert said["variants_by_state"] == {"storing": 1}
    assert said["bytes_by_state"] == {"storing": 1000}
    assert (said["in_flight"], said["at_least"], said["scanned"]) == (1, True, False)
    assert str(said["as_of"]).endswith("Z")


def test_a_look_that_saw_everything_is_believed(some: Connection) -> None:
    after(begun(some))
    assert summarize_connection(some, service.read_first_pages(some)).scan is None


def test_without_a_scan_a_look_is_the_least(some: Connection) -> None:
    seen = summarize_connection(some, service.read_first_page(some))
    assert (seen.scan, seen.at_least, seen.items) == (None, True, 100)


def test_a_scan_knows_more_than_a_look_at_the_beginning(some: Connection) -> None:
    job = after(begun(some))
    seen = summarize_connection(some, service.read_first_page(some))
    assert (seen.scan, seen.at_least, seen.items) == (job, False, ITEMS)
    assert seen.as_of == job.finished_at
    assert seen.age == "just now"
    whole = summarize_page(service.read_first_pages(some))
    differs = ("scanned", "as_of")
    assert {k: v for k, v in seen.record().items() if k not in differs} == {
        k: v for k, v in whole.record().items() if k not in differs
    }


@pytest.mark.parametrize(
    ("state", "believed"), [(RemovalState.DELETED, False), (RemovalState.REJECTED, True)]
)
def test_a_scan_from_before_a_purge_is_not_believed(
    some: Connection, state: RemovalState, believed: bool
) -> None:
    after(begun(some))
    removal(some, media_id="", verb=Removal.Verb.PURGE, state=state)
    assert (summarize_connection(some, service.read_first_page(some)).scan is not None) is believed


def test_a_purge_from_before_a_scan_is_nothing_to_it(some: Connection) -> None:
    earlier = timezone.now() - timedelta(hours=1)
    removal(some, media_id="", verb=Removal.Verb.PURGE, state=RemovalState.DELETED, sent_at=earlier)
    after(begun(some))
    assert summarize_connection(some, service.read_first_page(some)).scan is not None


def test_a_scan_that_counted_less_than_a_look_sees_is_not_believed(some: Connection) -> None:
    job = after(begun(some))
    job.progress["tally"]["items"] = 99
    job.save()
    assert summarize_connection(some, service.read_first_page(some)).scan is None
