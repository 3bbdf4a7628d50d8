"""The record of a removal: committed before the call, one at a time, and what pages say of it."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from dashboard import service
from dashboard.models import Connection, Removal, RemovalState
from dashboard.removals import actions
from dashboard.removals.errors import RemovalInFlight
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery, UnreadableItem
from dashboard.web.presenters.removal import write_outcome_message
from tests import make
from tests.make import remove


@pytest.mark.django_db(transaction=True)
def test_the_intent_is_committed_before_the_call_arrives(sandbox: Sandbox, collected_static: object) -> None:
    """The service itself looks into our database, by a connection of its own, while it deletes."""
    seen: list[tuple[str, str]] = []

    def look() -> float:
        if any(call.method == "DELETE" and not call.status for spy in spies for call in spy.calls):
            seen.extend(Removal.objects.values_list("media_id", "state"))
            connections.close_all()
        return time.time()

    spies: list[Sandbox] = []
    spies.append(Sandbox(connections={make.SMALL_ID: 5}, key=make.API_KEY, now=look))
    with spies[0] as spy, override_settings(VAULTPLUS_API_URL=spy.url):
        service.get_client.cache_clear()
        small = make.connection(connection_id=make.SMALL_ID)
        media_id = service.list_media(small, MediaQuery()).readable[0].id
        record = remove(small, media_id)
        assert record.state == RemovalState.DELETED
        assert set(seen) == {(media_id, "sent")}
        seen.clear()
        remove(small)
        assert ("", "sent") in seen


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_while_one_is_in_flight_no_second_call_is_made(sandbox: Sandbox, verb: str) -> None:
    small = make.connection(connection_id=make.SMALL_ID)
    media_id = service.list_media(small, MediaQuery(status="stored")).readable[-1].id
    sandbox.faults.add(method="DELETE", latency_ms=600)

    def press(token: uuid.UUID) -> Removal:
        try:
            return remove(small, media_id if verb == "delete" else "", token=token)
        finally:
            connections.close_all()

    token = uuid.uuid4()
    with ThreadPoolExecutor(3) as people:
        first = people.submit(press, token)
        until = time.monotonic() + 60
        while not make.deletes(sandbox) and time.monotonic() < until:
            time.sleep(0.01)
        for pressed in (people.submit(press, uuid.uuid4()), people.submit(press, token)):
            with pytest.raises(RemovalInFlight) as other:
                pressed.result()
            assert other.value.other.token == token
        assert first.result().state == RemovalState.DELETED
    assert len(make.deletes(sandbox)) == 1


def test_a_row_whose_process_was_lost_is_settled_by_reading_and_stands_in_nobodys_way(
    small: Connection, media_id: str, sandbox: Sandbox
) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    lost = make.removal(small, media_id=media_id, state=RemovalState.SENT, sent_at=long_ago, settled_at=None)
    assert remove(small, media_id).state == RemovalState.DELETED
    lost.refresh_from_db()
    assert lost.state in (RemovalState.VERIFIED_PRESENT, RemovalState.UNKNOWN)
    assert len(make.deletes(sandbox)) == 1


def test_the_tombstone_is_the_items_own_removal_else_the_connections_purge(small: Connection) -> None:
    elsewhere = make.connection("other")
    make.removal(elsewhere, media_id="5")
    assert actions.find_tombstone(small, "5") is None
    make.removal(small, media_id="5", state=RemovalState.NOT_REMOVED)
    assert actions.find_tombstone(small, "5") is None
    mine = make.removal(small, media_id="5", sent_at=timezone.now() - timedelta(hours=1))
    assert actions.find_tombstone(small, "5") == mine
    emptied = make.removal(small, media_id="", verb=Removal.Verb.PURGE)
    assert actions.find_tombstone(small, "5") == mine
    make.removal(small, media_id="5", state=RemovalState.ALREADY_GONE)
    assert actions.find_tombstone(small, "5") == mine
    assert actions.find_tombstone(small, "6") == emptied


def test_unreadable_items_are_counted_in_the_estimate() -> None:
    from dashboard.vault import MediaPage
    from dashboard.web.presenters.usage import summarize_page

    seen = summarize_page(MediaPage((UnreadableItem("1", "?"),), "more")).record()
    assert (seen["items_seen"], seen["at_least"]) == (1, True)


@pytest.mark.parametrize("verb", Removal.Verb.values)
@pytest.mark.parametrize("state", RemovalState.values)
def test_every_state_has_words_and_a_status(verb: str, state: str) -> None:
    of = "" if verb == "purge" else "449"
    words = write_outcome_message(Removal(verb=verb, state=state, media_id=of, connection_label="Studio A"))
    good = state in (
        RemovalState.DELETED,
        RemovalState.ALREADY_GONE,
        RemovalState.VERIFIED_GONE,
        RemovalState.RECACHED,
    )
    assert (words.status == 200) is good
    assert ("Studio A" if verb == "purge" else "449") in words.title
    assert words.next.endswith(".")
    assert words.glyph
