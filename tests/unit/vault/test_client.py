"""The five operations against the sandbox, over real HTTP."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.sandbox import Sandbox
from dashboard.vault import (
    BATCH_SIZE,
    BadRequest,
    KeyRefused,
    MalformedMediaId,
    MediaItem,
    MediaQuery,
    NotCached,
    OutcomeUnknown,
    UnreadableItem,
    VaultClient,
    VaultError,
)
from dashboard.vault.records import OddMediaItem

CONNECTION, KEY = "conn_a", "key_of_the_tests"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(connections={CONNECTION: 250, "conn_b": 3}, key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[VaultClient]:
    with VaultClient(sandbox.url, KEY) as client:
        yield client


def all_ids(client: VaultClient) -> list[str]:
    ids, query = [], MediaQuery(limit=100)
    while True:
        page = client.query(CONNECTION, query)
        ids += [item.id for item in page.readable]
        if page.next_cursor is None:
            return ids
        query = query.replace(cursor=page.next_cursor)


def test_query_gives_a_page_and_the_way_to_the_next(client: VaultClient) -> None:
    first = client.query(CONNECTION, MediaQuery(limit=100))
    assert len(first.readable) == 100
    second = client.query(CONNECTION, MediaQuery(limit=100, cursor=first.next_cursor))
    assert not {item.id for item in first.readable} & {item.id for item in second.readable}


def test_query_gives_what_the_filters_say(client: VaultClient) -> None:
    page = client.query(CONNECTION, MediaQuery(type="video", sort="duration_desc"))
    durations = [item.duration or 0 for item in page.readable]
    assert {item.type for item in page.readable} == {"video"}
    assert durations == sorted(durations, reverse=True)


def test_walk_ends_and_sees_every_item_once(client: VaultClient) -> None:
    ids = all_ids(client)
    assert len(ids) == len(set(ids)) == 250


def test_get_gives_the_item_that_the_query_gave(client: VaultClient) -> None:
    (first, *_) = client.query(CONNECTION, MediaQuery(limit=1)).readable
    again = client.get(CONNECTION, first.id)
    assert (again.id, again.type, set(again.media)) == (first.id, first.type, set(first.media))


@pytest.mark.parametrize("operation", ["get", "delete"])
def test_item_that_is_not_there_is_not_cached(client: VaultClient, operation: str) -> None:
    with pytest.raises(NotCached) as caught:
        getattr(client, operation)(CONNECTION, "1")
    assert caught.value.status == 404
    assert caught.value.detail


def test_batch_splits_by_100_and_keeps_the_order_asked(sandbox: Sandbox, client: VaultClient) -> None:
    asked = all_ids(client)[::-1]
    sandbox.calls.clear()
    found = client.get_batch(CONNECTION, iter(asked))
    assert list(found) == asked
    assert all(isinstance(item, MediaItem) and item.id == media_id for media_id, item in found.items())
    assert [call.operation for call in sandbox.calls] == ["batch"] * 3
    assert BATCH_SIZE == 100


def test_batch_leaves_out_what_is_missing_and_what_is_doubled(client: VaultClient) -> None:
    first, second, *_ = all_ids(client)
    assert list(client.get_batch(CONNECTION, [second, "1", first, second, "x", first])) == [second, first]


def test_batch_of_nothing_asks_nothing(sandbox: Sandbox, client: VaultClient) -> None:
    assert client.get_batch(CONNECTION, []) == {}
    assert sandbox.calls == []


def test_batch_with_one_malformed_id_asks_nothing(sandbox: Sandbox, client: VaultClient) -> None:
    with pytest.raises(MalformedMediaId):
        client.get_batch(CONNECTION, ["1", "2", ".."])
    assert sandbox.calls == []


def test_batch_does_not_call_missing_what_it_could_not_read(sandbox: Sandbox, client: VaultClient) -> None:
    known, *_ = all_ids(client)
    good = client.get(CONNECTION, known)
    odd = {"id": "8", "type": "image"}
    sandbox.faults.add(path="batch", body={"items": [odd, {"type": "image"}]})
    found = client.get_batch(CONNECTION, ["7", "8"])
    assert [type(item) for item in found.values()] == [UnreadableItem, OddMediaItem]
    assert [item.id for item in found.values()] == ["7", "8"]
    sandbox.faults.add(path="batch", body={"items": [odd]})
    assert list(client.get_batch(CONNECTION, ["7", "8"])) == ["8"]
    assert isinstance(client.get_batch(CONNECTION, [known])[known], MediaItem)
    assert good.id == known


def test_batch_ignores_items_that_nobody_asked_for(sandbox: Sandbox, client: VaultClient) -> None:
    sandbox.faults.add(
        path="batch", body={"items": [{"id": "9", "type": "image", "duration": None, "media": {}}]}
    )
    assert client.get_batch(CONNECTION, ["7"]) == {}


def test_delete_removes_the_item_and_says_what_it_freed(client: VaultClient) -> None:
    item = next(
        one for one in client.query(CONNECTION, MediaQuery(status="stored")).readable if one.size_bytes
    )
    result = client.delete(CONNECTION, item.id)
    assert (result.success, result.media_id) == (True, item.id)
    assert result.freed_bytes
    with pytest.raises(NotCached):
        client.get(CONNECTION, item.id)


def test_purge_removes_the_connection_s_items_and_no_others(client: VaultClient) -> None:
    result = client.purge(CONNECTION)
    assert result.success
    assert result.purged_count is not None
    assert result.purged_count >= 250
    assert client.query(CONNECTION, MediaQuery()).items == ()
    assert client.query("conn_b", MediaQuery()).items


def test_delete_that_may_have_happened_has_an_unknown_outcome(sandbox: Sandbox, client: VaultClient) -> None:
    (item, *_) = client.query(CONNECTION, MediaQuery(limit=1)).readable
    sandbox.faults.add(method="DELETE", close=True, act=True)
    with pytest.raises(OutcomeUnknown):
        client.delete(CONNECTION, item.id)
    with pytest.raises(NotCached):
        client.get(CONNECTION, item.id)


def test_wrong_key_is_refused(sandbox: Sandbox) -> None:
    with VaultClient(sandbox.url, "another") as client, pytest.raises(KeyRefused) as caught:
        client.query(CONNECTION, MediaQuery())
    assert caught.value.status == 401


def test_unknown_connection_is_named_by_nobody(client: VaultClient) -> None:
    with pytest.raises(VaultError) as caught:
        client.query("conn_unknown", MediaQuery())
    assert isinstance(caught.value, BadRequest | KeyRefused)
    assert "conn_unknown" not in str(caught.value)


def test_warm_client_opens_no_new_connection(sandbox: Sandbox, client: VaultClient) -> None:
    ids = all_ids(client)
    for media_id in ids[:20]:
        client.get(CONNECTION, media_id)
    assert sandbox.connections_opened == 1


@given(picks=st.lists(st.tuples(st.integers(0, 249), st.booleans()), max_size=250))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batch_finds_exactly_what_is_there(
    sandbox: Sandbox, client: VaultClient, picks: list[tuple[int, bool]]
) -> None:
    ids = all_ids(client)
    asked = [ids[index] if there else f"missing-{index}" for index, there in picks]
    wanted = dict.fromkeys(media_id for media_id in asked if not media_id.startswith("missing"))
    assert list(client.get_batch(CONNECTION, asked)) == list(wanted)
