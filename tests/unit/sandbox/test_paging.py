"""The sandbox's listing against brute force: every item once, in order, for any filter and sort."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.sandbox import Sandbox

pytestmark = pytest.mark.no_cover  # it only repeats

NOW = 1_750_000_000.25
HEADERS = {"apiKey": "demo-key", "x-connection-id": "conn_a"}
SORTS = ["createdAt_desc", "createdAt_asc", "cachedAt_desc", "cachedAt_asc", "duration_desc", "duration_asc"]
Json = dict[str, Any]


class Client(requests.Session):
    """Asks one connection of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.headers.update(HEADERS)

    def listing(self, **query: Any) -> requests.Response:
        return self.get(f"{self.sandbox.url}/v2/vault-plus/media", params=query, timeout=5)

    def everything(self, **query: Any) -> list[Json]:
        """All items of all pages; every page but the last must be full, and none empty by surprise."""
        items: list[Json] = []
        page = self.listing(**query).json()
        while "nextCursor" in page:
            assert len(page["items"]) == query.get("limit", 100)
            items += page["items"]
            page = self.listing(**query, cursor=page["nextCursor"]).json()
            assert page["items"]
        items += page["items"]
        return items


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Sandbox({"conn_a": 150, "conn_b": 9}, now=lambda: NOW) as sandbox, Client(sandbox) as client:
        yield client


@pytest.fixture(scope="module")
def all_items(client: Client) -> list[Json]:
    return client.everything()


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def matches(item: Json, query: Json) -> bool:
    if "type" in query and item["type"] != query["type"]:
        return False
    low, high = query.get("durationMin"), query.get("durationMax")
    if (low is not None or high is not None) and item["duration"] is None:
        return False
    if (low is not None and item["duration"] < low) or (high is not None and item["duration"] > high):
        return False
    return any(variant_matches(variant, query) for variant in item["media"].values())


def variant_matches(variant: Json, query: Json) -> bool:
    for name, bound in query.items():
        if name in ("status", "contentType") and variant[name] != bound:
            return False
        if name.startswith(("createdAt", "cachedAt")):
            moment = variant["createdAt" if name.startswith("created") else "storedAt"]
            if moment is None or (moment < bound if name.endswith("From") else moment > bound):
                return False
    return True


def ordered(items: list[Json], sort: str | None) -> list[Json]:
    """The listing's own order is newest first, and stays among equals."""
    if sort is None:
        return items
    name, _, direction = sort.partition("_")

    def key(item: Json) -> float | None:
        if name == "duration":
            return item["duration"]  # type: ignore[no-any-return]
        if name == "createdAt":
            return min(variant["createdAt"] for variant in item["media"].values())  # type: ignore[no-any-return]
        return max((v["storedAt"] for v in item["media"].values() if v["storedAt"]), default=None)

    sign = -1 if direction == "desc" else 1
    return sorted(items, key=lambda item: (key(item) is None, sign * (key(item) or 0)))


@st.composite
def queries(draw: st.DrawFn) -> Json:
    """Any mix of filters, each left out more often than not; dates near the items' own."""
    query: Json = {}
    moments = st.integers(int(NOW * 1000) - 216 * 86_400_000, int(NOW * 1000) + 1000)
    for name, values in {
        "status": st.sampled_from(["edge_only", "pending", "storing", "stored", "removed"]),
        "type": st.sampled_from(["image", "video", "audio"]),
        "contentType": st.sampled_from(["image/jpeg", "image/webp", "video/mp4", "audio/mpeg", "none/such"]),
        "durationMin": st.integers(0, 200) | st.floats(0, 200),
        "durationMax": st.integers(0, 2000),
        "createdAtFrom": moments,
        "createdAtTo": moments,
        "cachedAtFrom": moments,
        "cachedAtTo": moments,
    }.items():
        if draw(st.integers(0, 3)) == 0:
            query[name] = draw(values)
    return query


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries(), sort=st.sampled_from([None, *SORTS]), limit=st.integers(5, 100))
def test_any_query_finds_what_brute_force_finds(
    client: Client, all_items: list[Json], query: Json, sort: str | None, limit: int
) -> None:
    expected = ordered([item for item in all_items if matches(item, query)], sort)
    sent = {name: iso(value) if "At" in name else value for name, value in query.items()}
    found = client.everything(**sent, limit=limit, **({"sort": sort} if sort else {}))
    assert [item["id"] for item in found] == [item["id"] for item in expected]
    assert found == expected


@pytest.mark.parametrize("sort", [None, *SORTS])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_each_item_is_visited_once(
    client: Client, all_items: list[Json], sort: str | None, limit: int
) -> None:
    found = client.everything(limit=limit, **({"sort": sort} if sort else {}))
    assert found == ordered(all_items, sort)
    assert len({item.get("id") for item in found}) == len(found) == 150


def test_both_ends_of_a_range_belong_to_it(client: Client, all_items: list[Json]) -> None:
    item = all_items[40]
    seen = min(variant["createdAt"] for variant in item["media"].values())
    found = client.everything(createdAtFrom=iso(seen), createdAtTo=iso(seen))
    assert [one["id"] for one in found] == [item["id"]]
    length = next(one["duration"] for one in all_items if one["duration"])
    found = client.everything(durationMin=length, durationMax=length)
    assert found
    assert {one["duration"] for one in found} == {length}


def test_a_last_page_that_is_just_full_has_no_cursor(client: Client) -> None:
    assert "nextCursor" not in client.listing(limit=100, type="audio", status="removed").json()
    page = client.listing(limit=75).json()
    page = client.listing(limit=75, cursor=page["nextCursor"]).json()
    assert len(page["items"]) == 75
    assert "nextCursor" not in page


def test_a_cursor_is_good_for_its_own_query_only(client: Client) -> None:
    cursor = client.listing(limit=2, type="image").json()["nextCursor"]
    assert client.listing(limit=9, type="image", cursor=cursor).status_code == 200
    others: list[Json] = [{}, {"type": "video"}, {"type": "image", "sort": "createdAt_desc"}]
    others += [{"type": "image", "status": "stored"}, {"type": "image", "durationMin": 1}]
    for other in others:
        assert client.listing(limit=2, cursor=cursor, **other).json() == {"error": "Invalid cursor"}
    refused = client.get(
        f"{client.sandbox.url}/v2/vault-plus/media",
        params={"cursor": cursor, "type": "image"},
        headers={"x-connection-id": "conn_b"},
        timeout=5,
    )
    assert (refused.status_code, refused.json()) == (400, {"error": "Invalid cursor"})


@pytest.mark.parametrize("cursor", ["", "x", "100", "é", "A" * 32, "A" * 40_000, "../..", "\0"])
def test_a_garbled_cursor_is_refused(client: Client, cursor: str) -> None:
    response = client.listing(cursor=cursor)
    assert (response.status_code, response.json()) == (400, {"error": "Invalid cursor"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", value) for value in ("0", "101", "-1", "2.5", "ten", "", "1e999", "NaN")),
        *(("status", value) for value in ("", "STORED", "quarantined")),
        *(("type", value) for value in ("", "document")),
        *(("sort", value) for value in ("", "createdAt", "size_desc")),
        *(("durationMin", value) for value in ("", "NaN", "Infinity", "1e9999", "1_0", " 1", "٣")),
        *(("createdAtFrom", value) for value in ("", "yesterday", "2026-13-01", "1715800000000")),
        ("cachedAtTo", "2026-06-01T25:00:00Z"),
    ],
)
def test_a_bad_value_is_refused(client: Client, name: str, value: str) -> None:
    response = client.listing(**{name: value})
    assert response.status_code == 400
    assert name in response.json()["error"]


def test_a_parameter_given_twice_is_refused(client: Client) -> None:
    assert client.listing(status=["stored", "pending"]).status_code == 400


def test_odd_items_stand_first_and_once() -> None:
    with Sandbox({"conn_a": 20}, oddities=True, now=lambda: NOW) as sandbox, Client(sandbox) as client:
        found = client.everything(limit=3)
        assert len(found) == len({item.get("id") for item in found}) == 29
        assert found[0]["id"] == "odd-quarantined"
        assert found[2]["media"] == {}
        assert "id" not in found[4]
        assert [len(client.everything(limit=4, sort=sort)) for sort in SORTS] == [29] * 6
        assert client.everything(status="stored")[0]["id"] == "odd-quarantined"
        long = found[7]["id"]
        assert len(long) == 64
        assert client.delete(f"{sandbox.url}/v2/vault-plus/media/{long}", timeout=5).json()["success"]
        assert len(client.everything()) == 28
