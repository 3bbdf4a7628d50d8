import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import MediaItem, UnreadableItem, Variant
from dashboard.vault.records import decode_delete, decode_item, decode_page, decode_purge

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def variant(**changes: object) -> dict[str, object]:
    return {
        "status": "stored",
        "quality": "full",
        "sizeBytes": 1024000,
        "contentType": "image/jpeg",
        "accessCount": 12,
        "createdAt": 1715800000000,
        "expiresAt": 1715886400000,
        "storedAt": 1715800100000,
        "lastAccessedAt": 1715800500000,
        "url": "https://media.ofauth.com/v2/example-signed-media-url",
        **changes,
    }


def item(media_id: str = "4492994399", **changes: object) -> dict[str, object]:
    return {"id": media_id, "type": "image", "duration": None, "media": {"full": variant()}, **changes}


def read_variant(**changes: object) -> Variant:
    return decode_item(json.dumps(item(media={"full": variant(**changes)})).encode()).media["full"]


def page(*items: object, **rest: object) -> bytes:
    return json.dumps({"items": items, **rest}).encode()


def test_example_of_the_reference_is_read() -> None:
    read = decode_page(page(item(), nextCursor="100"))
    (one,) = read.readable
    assert (one.id, one.type, one.duration, read.next_cursor) == ("4492994399", "image", None, "100")
    full = one.media["full"]
    assert full.size == 1_024_000
    assert full.access_count == 12
    assert full.created_at == datetime(2024, 5, 15, 19, 6, 40, tzinfo=UTC)
    assert full.stored_at == datetime(2024, 5, 15, 19, 8, 20, tzinfo=UTC)
    assert (full.is_known, full.is_stored, full.is_moving) == (True, True, False)


@pytest.mark.parametrize("cursor", [{}, {"nextCursor": None}, {"nextCursor": ""}])
def test_page_without_a_cursor_is_the_last(cursor: dict[str, object]) -> None:
    assert decode_page(page(**cursor)).next_cursor is None


def test_size_zero_is_unknown_until_stored() -> None:
    assert read_variant(sizeBytes=0, status="storing", storedAt=None).size is None
    assert read_variant(sizeBytes=0).size == 0


def test_time_zero_and_null_read_as_never() -> None:
    never = read_variant(storedAt=None, lastAccessedAt=0, status="edge_only")
    assert never.stored_at is None
    assert never.last_accessed_at is None


def test_unknown_words_stay_visible() -> None:
    odd = decode_item(json.dumps(item(type="hologram", media={"8k": variant(status="frozen")})).encode())
    assert (odd.type, odd.is_known_type) == ("hologram", False)
    assert (odd.media["8k"].status, odd.media["8k"].is_known) == ("frozen", False)


def test_unknown_fields_are_ignored() -> None:
    assert decode_page(page(item(new={"a": [1]}), total=5)).readable


def test_doubled_key_counts_as_it_was_last_written() -> None:
    assert decode_delete(b'{"success":true,"success":false,"mediaId":"1","freedBytes":0}').success is False


def test_item_without_variants_is_read() -> None:
    assert decode_item(json.dumps(item(media={})).encode()).size_bytes == 0


@pytest.mark.parametrize("name", list(variant()))
def test_variant_without_a_promised_field_makes_its_item_unreadable(name: str) -> None:
    broken = variant()
    del broken[name]
    good, bad = decode_page(page(item("1"), item("2", media={"full": broken}))).items
    assert isinstance(good, MediaItem)
    assert isinstance(bad, UnreadableItem)
    assert bad.id == "2"


@pytest.mark.parametrize("name", ["id", "type", "duration", "media"])
def test_item_without_a_promised_field_is_unreadable(name: str) -> None:
    broken = item("2")
    del broken[name]
    (bad,) = decode_page(page(broken)).items
    assert isinstance(bad, UnreadableItem)
    assert bad.id == (None if name == "id" else "2")


BROKEN: list[dict[str, object]] = [
    {"sizeBytes": "1"},
    {"sizeBytes": -1},
    {"sizeBytes": 2**63},
    {"sizeBytes": 0.5},
    {"accessCount": -1},
    {"createdAt": 1715800000},
    {"expiresAt": -1},
    {"storedAt": 1},
    {"lastAccessedAt": 10**40},
    {"url": None},
    {"status": 1},
]


@pytest.mark.parametrize("changes", BROKEN)
def test_value_without_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_variant(**changes)


@pytest.mark.parametrize("media_id", ["", ".", "..", "a/b", "1#", 5, None, "1" * 129, "<script>"])
def test_item_that_no_call_could_name_is_unreadable_and_has_no_id(media_id: Any) -> None:
    (bad,) = decode_page(page(item(media_id))).items
    assert isinstance(bad, UnreadableItem)
    assert bad.id is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e9999", "0x10", "01", "+1"])
@pytest.mark.parametrize("decode", [decode_item, decode_delete, decode_purge])
def test_number_that_json_does_not_know_is_refused(decode: Any, number: str) -> None:
    fields = {**item(), "success": True, "mediaId": "1", "purgedCount": 1, "freedBytes": 77}
    text = json.dumps(fields).replace("77", number).replace("1024000", number)
    with pytest.raises(UNDECODABLE):
        decode(text.encode())


BITES = [
    b"",
    b"null",
    b"[]",
    b"5",
    b'"items"',
    b"{}",
    b'{"items": null}',
    b'{"items": {}}',
    b'{"items": [}',
    b'{"items": []',
    b'{"items": []} x',
    b'{"items": [], "nextCursor": 5}',
    b'{"items": ["\xff"]}',
    b'{"items": [], "nextCursor": "\xff"}',
    b'\xef\xbb\xbf{"items": []}',
    b'{"items": NaN}',
    b"[" * 200_000,
    b'{"items":' + b"[" * 200_000,
    b'{"items": [], "x":' + b"[" * 200_000,
    b'{"a":' * 200_000,
    b"<html></html>",
    b"{'items': []}",
]


@pytest.mark.parametrize("body", BITES, ids=lambda body: repr(body[:30]))
def test_body_that_bites_is_one_of_the_named_errors(body: bytes) -> None:
    """Or, where only an item bites, an item that cannot be read."""
    try:
        read = decode_page(body)
    except UNDECODABLE:
        pass
    else:
        assert [type(one) for one in read.items] == [UnreadableItem]
    for decode in (decode_item, decode_delete, decode_purge):
        with pytest.raises(UNDECODABLE):
            decode(body)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for decode in (decode_page, decode_item, decode_delete, decode_purge):
        try:
            decode(body)
        except UNDECODABLE:
            continue


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(variant())), json_values)
def test_any_value_in_a_field_costs_at_most_that_item(name: str, value: object) -> None:
    body = page(item("1"), item("2", media={"full": variant(**{name: value})}), item("3"))
    first, middle, last = decode_page(body).items
    assert isinstance(first, MediaItem)
    assert isinstance(last, MediaItem)
    assert middle.id == "2"
    if isinstance(middle, MediaItem):
        full = middle.media["full"]
        assert full.created_at.tzinfo is UTC
        assert full.expires_at.tzinfo is UTC
        assert full.size is None or full.size >= 0


def test_results_are_read() -> None:
    gone = decode_delete(b'{"success":true,"mediaId":"4492994399","freedBytes":1056000}')
    assert (gone.success, gone.media_id, gone.freed_bytes) == (True, "4492994399", 1_056_000)
    purged = decode_purge(b'{"success":true,"purgedCount":2,"freedBytes":1056000}')
    assert (purged.success, purged.purged_count, purged.freed_bytes) == (True, 2, 1_056_000)
