"""Reading, removing and watching single items in the sandbox."""

import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from dashboard.sandbox import DEMO_CONNECTIONS, Sandbox

NOW = 1_750_000_000.0
MEDIA = "/v2/vault-plus/media"
Json = dict[str, Any]


class Clock:
    """A clock that stands until moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox({"conn_a": 60, "conn_b": 30}, now=clock) as running:
        yield running


def call(
    sandbox: Sandbox, method: str = "GET", path: str = MEDIA, connection: str = "conn_a", **parts: Any
) -> requests.Response:
    headers = {"apiKey": "demo-key", "x-connection-id": connection}
    return requests.request(method, sandbox.url + path, headers=headers, timeout=5, **parts)


def listing(sandbox: Sandbox, **query: Any) -> list[Json]:
    items: list[Json] = call(sandbox, params=query).json()["items"]
    return items


def test_the_same_seed_gives_the_same_media(sandbox: Sandbox, clock: Clock) -> None:
    def without_links(item: Json) -> Json:
        return {**item, "media": {k: {**v, "url": ""} for k, v in item["media"].items()}}

    with Sandbox({"conn_a": 60}, now=clock) as twin, Sandbox({"conn_a": 60}, now=clock, seed=8) as other:
        items = [without_links(item) for item in listing(sandbox)]
        assert [without_links(item) for item in listing(twin)] == items
        assert [without_links(item) for item in listing(other)] != items


def test_connections_hold_different_media(sandbox: Sandbox) -> None:
    first = listing(sandbox)[0]["id"]
    assert call(sandbox, path=f"{MEDIA}/{first}").status_code == 200
    missing = call(sandbox, path=f"{MEDIA}/{first}", connection="conn_b")
    assert (missing.status_code, missing.json()) == (404, {"error": "Media not found"})


def test_variants_are_grouped_by_label(sandbox: Sandbox) -> None:
    for item in listing(sandbox):
        assert item["media"]
        assert all(label == variant["quality"] for label, variant in item["media"].items())


def test_a_filter_on_variants_finds_items_with_all_their_variants(sandbox: Sandbox) -> None:
    found = listing(sandbox, status="pending")
    assert found
    mixed = [{variant["status"] for variant in item["media"].values()} for item in found]
    assert all("pending" in statuses for statuses in mixed)
    assert any(len(statuses) > 1 for statuses in mixed)


def test_batch_answers_in_the_order_asked_and_leaves_missing_ones_out(sandbox: Sandbox) -> None:
    a, b, c = (item["id"] for item in listing(sandbox)[:3])
    asked = {"mediaIds": [c, "1", a, c, "batch", "", b]}
    found = call(sandbox, "POST", MEDIA + "/batch", json=asked).json()["items"]
    assert [item["id"] for item in found] == [c, a, b]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"mediaIds":null}',
        b'{"mediaIds":"1"}',
        b'{"mediaIds":[1]}',
        b"[" * 200_000,
        b"\xff",
    ],
)
def test_batch_refuses_a_bad_body(sandbox: Sandbox, body: bytes) -> None:
    response = call(sandbox, "POST", MEDIA + "/batch", data=body)
    assert response.status_code == 400
    assert "mediaIds" in response.json()["error"]


def test_batch_takes_a_hundred_and_no_more(sandbox: Sandbox) -> None:
    ids = [str(number) for number in range(101)]
    assert call(sandbox, "POST", MEDIA + "/batch", json={"mediaIds": ids[:100]}).json() == {"items": []}
    refused = call(sandbox, "POST", MEDIA + "/batch", json={"mediaIds": ids})
    assert (refused.status_code, refused.json()) == (400, {"error": "mediaIds must contain 100 or fewer IDs"})


def test_delete_frees_all_variants_once(sandbox: Sandbox) -> None:
    item = listing(sandbox)[20]
    size = sum(variant["sizeBytes"] for variant in item["media"].values())
    path = f"{MEDIA}/{item['id']}"
    answer = call(sandbox, "DELETE", path).json()
    assert answer == {"success": True, "mediaId": item["id"], "freedBytes": size}
    assert call(sandbox, "DELETE", path).status_code == 404
    assert call(sandbox, "GET", path).status_code == 404
    assert item["id"] not in [other["id"] for other in listing(sandbox)]
    sandbox.reset()
    assert call(sandbox, "GET", path).status_code == 200


def test_of_many_deletes_at_once_one_succeeds(sandbox: Sandbox) -> None:
    path = f"{MEDIA}/{listing(sandbox)[9]['id']}"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: call(sandbox, "DELETE", path).status_code, range(16)))
    assert sorted(statuses) == [200, *[404] * 15]


def test_purge_counts_variants_and_empties_one_connection(sandbox: Sandbox) -> None:
    items = listing(sandbox)
    call(sandbox, "DELETE", f"{MEDIA}/{items.pop(5)['id']}")
    variants = [variant for item in items for variant in item["media"].values()]
    freed = sum(variant["sizeBytes"] for variant in variants)
    answer = call(sandbox, "DELETE").json()
    assert answer == {"success": True, "purgedCount": len(variants), "freedBytes": freed}
    assert listing(sandbox) == []
    assert call(sandbox, path=f"{MEDIA}/{items[0]['id']}").status_code == 404
    assert len(call(sandbox, connection="conn_b").json()["items"]) == 30
    sandbox.reset()
    assert len(listing(sandbox)) == 60


@pytest.mark.parametrize("path", ["/", "/.", "/%2e", "/x/..", "/x/%2E%2e", "//", "/%2F", "/#x", "/?x"])
def test_a_careless_path_is_a_purge_as_behind_a_real_proxy(sandbox: Sandbox, path: str) -> None:
    host = sandbox.url.removeprefix("http://")
    link = http.client.HTTPConnection(host, timeout=5)
    link.putrequest("DELETE", MEDIA + path)
    link.putheader("apiKey", "demo-key")
    link.putheader("x-connection-id", "conn_a")
    link.endheaders()
    assert b"purgedCount" in link.getresponse().read()
    link.close()
    assert sandbox.calls[-1].operation == "purge"
    assert sandbox.calls[-1].path == (MEDIA + path).partition("?")[0]


def test_reading_an_item_mints_a_fresh_link(sandbox: Sandbox, clock: Clock) -> None:
    def is_expired(item: Json) -> bool:
        return all(variant["expiresAt"] <= clock.now * 1000 for variant in item["media"].values())

    sandbox.media.stored_outlives_link = False
    item = next(item for item in listing(sandbox) if is_expired(item))
    url = next(iter(item["media"].values()))["url"]
    assert requests.get(url, timeout=5).status_code == 403
    fresh = call(sandbox, path=f"{MEDIA}/{item['id']}").json()
    assert {variant["expiresAt"] for variant in fresh["media"].values()} == {int(NOW + 86_400) * 1000}
    assert not is_expired(next(other for other in listing(sandbox) if other["id"] == item["id"]))
    clock.now += 86_401
    assert is_expired(next(other for other in listing(sandbox) if other["id"] == item["id"]))


def in_flight(sandbox: Sandbox, *statuses: str) -> int:
    """Items of the first page with a variant in one of these states."""
    items = listing(sandbox)[:25]
    return sum(any(v["status"] in statuses for v in item["media"].values()) for item in items)


def test_items_settle_while_one_watches(sandbox: Sandbox, clock: Clock) -> None:
    seen = []
    for second in (0, 20, 60, 100, 160):
        clock.now = NOW + second
        seen.append((in_flight(sandbox, "pending"), in_flight(sandbox, "storing")))
    waiting = [pending for pending, _ in seen]
    assert waiting[0] >= 4
    assert waiting == sorted(waiting, reverse=True)
    assert all(storing for _, storing in seen[1:4])
    item = listing(sandbox)[1]
    assert {variant["status"] for variant in item["media"].values()} == {"stored"}
    assert all(v["sizeBytes"] and v["storedAt"] <= clock.now * 1000 for v in item["media"].values())


def test_something_is_nearly_always_in_flight_for_an_hour_and_then_rests(
    sandbox: Sandbox, clock: Clock
) -> None:
    quiet = 0
    at_rest = None
    for second in range(0, 3600, 90):
        clock.now = NOW + second
        watched = [listing(sandbox)[place] for place in (3, 8)]
        moving = [
            v for item in watched for v in item["media"].values() if v["status"] in ("pending", "storing")
        ]
        quiet += not moving
    for second in (3601, 4000, 90_000):
        clock.now = NOW + second
        states = {v["status"] for place in (1, 3, 8) for v in listing(sandbox)[place]["media"].values()}
        assert states == {"stored"}
        stored = [v["storedAt"] for v in listing(sandbox)[3]["media"].values()]
        assert at_rest in (None, stored)
        at_rest = stored
    assert quiet <= 10


def test_after_a_reset_they_settle_anew(sandbox: Sandbox, clock: Clock) -> None:
    """A test that needs one that is being stored finds it, however long the sandbox runs."""
    at_first = in_flight(sandbox, "pending")
    clock.now = NOW + 220
    assert in_flight(sandbox, "pending") < at_first
    sandbox.reset()
    assert in_flight(sandbox, "pending") == at_first


def test_settle_false_keeps_waiting_items_waiting(clock: Clock) -> None:
    with Sandbox({"conn_a": 60}, now=clock, settle=False) as sandbox:
        before = listing(sandbox, status="pending")
        clock.now += 3000
        assert [item["id"] for item in listing(sandbox, status="pending")] == [item["id"] for item in before]


def test_the_demo_connections_look_like_the_vendors() -> None:
    small, busy, empty = DEMO_CONNECTIONS
    for demo in DEMO_CONNECTIONS:
        assert demo.id.startswith("conn_")
        assert len(demo.id) == 29
        assert demo.id[5:].isalnum()
        assert demo.id == demo.id.lower()
    assert (small.slug, busy.slug, empty.slug) == ("studio-a", "creator-b", "archive-c")
    assert (small.count, busy.count, empty.count) == (60, 1_000_000, 0)
