"""A million items cost no memory and no walking: asserted by what is computed, not by the clock."""

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dashboard.sandbox import DEMO_CONNECTIONS, Sandbox
from dashboard.sandbox.query import ListingQuery
from dashboard.sandbox.shelf import Shelf
from dashboard.sandbox.walk import Walk

NOW = 1_750_000_000
BIG = DEMO_CONNECTIONS[1]
Json = dict[str, Any]


class CountingShelf(Shelf):
    """Counts every look at an item, however shallow."""

    looks = 0

    def holds(self, index: int) -> bool:
        self.looks += 1
        return super().holds(index)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({BIG.id: BIG.count}, now=lambda: NOW) as running:
        yield running


@pytest.fixture(autouse=True)
def full_shelf(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def ask(sandbox: Sandbox, method: str = "GET", path: str = "", **query: Any) -> Json:
    headers = {"apiKey": "demo-key", "x-connection-id": BIG.id}
    url = f"{sandbox.url}/v2/vault-plus/media{path}"
    answer: Json = requests.request(method, url, params=query, headers=headers, timeout=5).json()
    return answer


def pages(sandbox: Sandbox, count: int, **query: Any) -> list[Json]:
    items: list[Json] = []
    page = ask(sandbox, **query)
    for _ in range(count - 1):
        items += page["items"]
        page = ask(sandbox, **query, cursor=page["nextCursor"])
    items += page["items"]
    return items


def cached(item: Json) -> int:
    return max((variant["storedAt"] or 0 for variant in item["media"].values()), default=0)


@pytest.mark.parametrize(
    "query",
    [
        ListingQuery(),
        ListingQuery(status="storing", content_type="audio/mpeg"),
        ListingQuery(content_type="none/such"),
        ListingQuery(type="audio", status="edge_only", sort="cachedAt_asc"),
        ListingQuery(duration_min=1e6),
        ListingQuery(duration_min=100, duration_max=101, sort="duration_desc"),
        ListingQuery(created_from=(NOW - 86_400 * 300) * 1000, created_to=(NOW - 86_400 * 299) * 1000),
        ListingQuery(cached_from=0, cached_to=1),
        ListingQuery(cached_from=(NOW - 86_400 * 500) * 1000, sort="cachedAt_asc", status="removed"),
        ListingQuery(created_from=2_000_000_000_000),
        *(
            ListingQuery(sort=f"{key}_{way}")
            for key in ("createdAt", "cachedAt", "duration")
            for way in ("desc", "asc")
        ),
    ],
)
def test_a_page_looks_at_hardly_more_items_than_it_shows(query: ListingQuery) -> None:
    shelf = CountingShelf(BIG.id, 0, BIG.count, seed=7, started=NOW)
    found = Walk(shelf, query, NOW).after(None)
    page = [place for place, _ in zip(found, range(100), strict=False)]
    assert shelf.looks <= 400
    if len(page) == 100:
        shelf.looks = 0
        following = Walk(shelf, query, NOW).after(page[-1][0])
        assert page[-1] < next(following)
        assert shelf.looks <= 200


def test_nothing_is_kept_for_items_nobody_asked_for(sandbox: Sandbox) -> None:
    shelf = sandbox.shelves[BIG.id]
    before = shelf.computed
    page = ask(sandbox, sort="createdAt_asc", limit=10)
    assert shelf.computed - before == 10
    ask(sandbox, sort="createdAt_asc", limit=10)
    assert shelf.computed - before == 10  # the listing's items are kept for a while
    ask(sandbox, "DELETE", "/" + page["items"][0]["id"])
    ask(sandbox, "DELETE")
    held = sum(sys.getsizeof(value) for value in vars(shelf).values())
    assert held < 500_000


@pytest.mark.parametrize(("sort", "backwards"), [("cachedAt_desc", True), ("cachedAt_asc", False)])
def test_dense_storing_times_are_in_exact_order(sandbox: Sandbox, sort: str, backwards: bool) -> None:
    """Items are seen seconds apart and stored up to minutes later: the orders really differ."""
    found = pages(sandbox, 6, sort=sort, type="image")
    moments = [cached(item) for item in found]
    assert moments == sorted(moments, reverse=backwards)
    by_creation = pages(sandbox, 7, sort=sort.replace("cached", "created"), type="image")
    expected = [item for item in by_creation if cached(item)]
    expected.sort(key=cached, reverse=backwards)
    assert [item["id"] for item in found[:550]] == [item["id"] for item in expected[:550]]
    assert [item["id"] for item in found[:550]] != [item["id"] for item in by_creation if cached(item)][:550]


def test_deep_pages_of_a_duration_sort_continue(sandbox: Sandbox) -> None:
    found = pages(sandbox, 5, sort="duration_desc")
    lengths = [item["duration"] for item in found]
    assert lengths == sorted(lengths, reverse=True)
    assert len({item["id"] for item in found}) == 500


def test_ids_are_strings_of_ten_or_eleven_digits_that_lead_back() -> None:
    shelf = Shelf(BIG.id, 0, BIG.count, seed=7, started=NOW)
    places = [*range(1000), 499_999, 999_999]
    ids = [shelf.id_of(place) for place in places]
    assert [shelf.index_of(media_id) for media_id in ids] == places
    assert {len(media_id) for media_id in ids} == {10, 11}
    assert min(map(int, ids)) > 2**31
    assert sorted(ids) != ids
    assert all(abs(int(a) - int(b)) > 1 for a, b in itertools.pairwise(ids))
    for garbled in ("", "0", "1", "-1", "04492994399", "4492994399.0", "٤٤٩٢٩٩٤٣٩٩", "9" * 11, "9" * 5000):
        assert shelf.index_of(garbled) is None


def test_the_mix_is_believable(sandbox: Sandbox) -> None:
    items = pages(sandbox, 10, createdAtTo="2024-06-01")
    kinds = [item["type"] for item in items]
    assert 600 < kinds.count("image") < 800
    assert 180 < kinds.count("video") < 320
    assert 20 < kinds.count("audio") < 90
    variants = [variant for item in items for variant in item["media"].values()]
    assert 2700 < len(variants) < 3300
    statuses = [variant["status"] for variant in variants]
    assert {*statuses} == {"stored", "edge_only", "pending", "storing", "removed"}
    assert statuses.count("stored") > 0.75 * len(statuses)
    assert {"thumb", "full", "720", "1080", "480", "preview", "source"} == {v["quality"] for v in variants}
    for variant in variants:
        unstored = variant["status"] in ("edge_only", "pending", "storing")
        assert unstored == (variant["storedAt"] is None) == (variant["sizeBytes"] == 0)
        assert variant["createdAt"] <= variant["lastAccessedAt"] <= NOW * 1000
        assert variant["createdAt"] < (variant["storedAt"] or NOW * 1000) <= NOW * 1000
        assert variant["accessCount"] >= 1
    expired = [item for item in items if any(v["expiresAt"] < NOW * 1000 for v in item["media"].values())]
    assert 10 < len(expired) < 100


def test_purge_counts_exactly() -> None:
    for count in (1, 7, 4_092, 4_093, 9_001):
        shelf = Shelf("conn_x", 0, count, seed=3, started=NOW)
        shelf.delete(count // 2, NOW)
        facts = [fact for index in range(count) if index != count // 2 for fact in shelf.facts(index, NOW)]
        assert shelf.purge(NOW) == (len(facts), sum(fact.size for fact in facts))
        assert shelf.purge(NOW) == (0, 0)
