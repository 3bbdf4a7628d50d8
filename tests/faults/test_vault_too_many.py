"""Answers with far more than was asked for cost a sentence, not memory: pages, batches, an account's list."""

import json
import tracemalloc
from typing import Any

import pytest

from dashboard.vault import MediaQuery, UnexpectedResponse, UnreadableItem, UnreadableResponse, VaultClient
from tests import wire
from tests.faults.raw_server import answer, says
from tests.faults.vault_calls import CONNECTION, ONCE, Serve


def item(media_id: str, variants: int = 1) -> dict[str, Any]:
    media = {f"v{number}": wire.variant() for number in range(variants)}
    return {"id": media_id, "type": "image", "duration": None, "media": media}


def page(count: int, **more: Any) -> bytes:
    return says({"items": [item(str(number)) for number in range(count)], **more})


def query(client: VaultClient, limit: int) -> Any:
    return client.query(CONNECTION, MediaQuery(limit=limit), ONCE)


@pytest.mark.parametrize(("limit", "most"), [(1, 2), (2, 4), (20, 31), (50, 76), (100, 151)])
@pytest.mark.parametrize("cursor", ["next", ""], ids=["with more behind it", "the last"])
def test_a_page_and_a_half_is_a_page_and_more_is_refused(
    serve: Serve, limit: int, most: int, cursor: str
) -> None:
    extra = {"nextCursor": cursor}
    server, client = serve(page(most, **extra))
    assert len(query(client, limit).items) == most
    server.answers(page(most + 1, **extra))
    with pytest.raises(UnexpectedResponse, match=f"has {most + 1} items, where at most {limit}"):
        query(client, limit)
    assert len(server.requests) == 1, "and nobody asks again at once"


def test_a_page_of_ten_thousand_costs_no_memory_to_speak_of(serve: Serve) -> None:
    _, client = serve(page(10_000))
    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponse, match="has 10,000 items, where at most 100"):
            query(client, 100)
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20  # most of it is the answer's own text
    finally:
        tracemalloc.stop()


def test_a_batch_of_more_than_asked_for_is_refused(serve: Serve) -> None:
    _, client = serve(page(10_000))
    with pytest.raises(UnexpectedResponse, match="10,000 items"):
        client.get_batch(CONNECTION, ["1", "2"], ONCE)


def test_an_account_of_ten_thousand_is_listed_as_far_as_it_is_shown(serve: Serve) -> None:
    rows = [{"id": f"conn_{number}", "status": "x"} for number in range(10_000)]
    server, client = serve(says({"list": rows, "hasMore": False}))
    listing = client.list_account_connections(ONCE)
    assert (len(listing.connections), listing.has_more) == (1_000, True)
    assert len(server.requests) == 1


@pytest.mark.parametrize("variants", [501, 10_000])
def test_an_item_of_too_many_variants_is_told_of_beside_the_others(serve: Serve, variants: int) -> None:
    server, client = serve(says({"items": [item("1"), item("2", variants), item("3", 500)]}))
    first, second, third = query(client, 20).items
    assert (first.id, third.id, len(third.media)) == ("1", "3", 500)
    assert second == UnreadableItem("2", f"It has {variants:,} variants, more than can be shown.")
    server.answers(says(item("2", variants)))
    with pytest.raises(UnreadableResponse, match="variants, more than can be shown"):
        client.get(CONNECTION, "2", ONCE)


def test_half_a_page_is_told_of_as_broken(serve: Serve) -> None:
    whole = json.dumps({"items": [item(str(number)) for number in range(100)]})
    _, client = serve(answer(body=whole[: len(whole) // 2]))
    with pytest.raises(UnexpectedResponse, match="not what the service promises"):
        query(client, 100)
