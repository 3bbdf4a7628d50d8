import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import UnreadableItem
from dashboard.vault.decode import decode_item, decode_page
from dashboard.vault.results import decode_delete, decode_purge
from tests.wire import item, page, read_item, read_variant, variant

UNDECODABLE = (ValueError, RecursionError)


def test_example_of_the_reference_is_read() -> None:
    read = decode_page(page(item(), nextCursor="100"))
    (one,) = read.readable
    assert (one.id, one.type, one.duration, read.next_cursor) == ("4492994399", "image", None, "100")
    full = one.media["full"]
    assert full.size == 1_024_000
    assert full.access_count == 12
    assert full.created_at == datetime(2024, 5, 15, 19, 6, 40, tzinfo=UTC)
    assert full.stored_at == datetime(2024, 5, 15, 19, 8, 20, tzinfo=UTC)
    assert (full.is_stored, full.is_moving) == (True, False)


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
    odd = read_item(json.dumps(item(type="hologram", media={"8k": variant(status="frozen")})).encode())
    assert (odd.type, odd.is_known_type) == ("hologram", False)
    assert odd.media["8k"].status == "frozen"


def test_unknown_fields_are_ignored() -> None:
    assert decode_page(page(item(new={"a": [1]}), total=5)).readable


def test_doubled_key_counts_as_it_was_last_written() -> None:
    assert decode_delete(b'{"success":true,"success":false,"mediaId":"1","freedBytes":0}').success is False


def test_item_without_variants_is_read() -> None:
    assert read_item(json.dumps(item(media={})).encode()).size_bytes == 0


@pytest.mark.parametrize("media_id", ["", ".", "..", "a/b", "1#", 5, None, "1" * 129, "<script>"])
def test_item_that_no_call_could_name_is_unreadable_and_has_no_id(media_id: Any) -> None:
    (bad,) = decode_page(page(item(media_id))).items
    assert isinstance(bad, UnreadableItem)
    assert bad.id is None


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "0x10", "01", "+1", "1.", ".5", '"1"', "null", "[1]", "true"]


@pytest.mark.parametrize("number", NO_NUMBERS)
@pytest.mark.parametrize("decode", [decode_delete, decode_purge])
def test_number_that_json_does_not_know_is_refused(decode: Any, number: str) -> None:
    fields = {"success": True, "mediaId": "1", "purgedCount": 1, "freedBytes": 77}
    with pytest.raises(UNDECODABLE):
        decode(json.dumps(fields).replace("77", number).encode())


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
    for decode in (decode_delete, decode_purge):
        with pytest.raises(UNDECODABLE):
            decode(body)
    try:
        one = decode_item(body)
    except UNDECODABLE:
        return
    assert isinstance(one, UnreadableItem)
    assert body.startswith(b"{")


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for decode in (decode_page, decode_item, decode_delete, decode_purge):
        try:
            decode(body)
        except UNDECODABLE:
            continue


def test_results_are_read() -> None:
    gone = decode_delete(b'{"success":true,"mediaId":"4492994399","freedBytes":1056000}')
    assert (gone.success, gone.media_id, gone.freed_bytes) == (True, "4492994399", 1_056_000)
    purged = decode_purge(b'{"success":true,"purgedCount":2,"freedBytes":1056000}')
    assert (purged.success, purged.purged_count, purged.freed_bytes) == (True, 2, 1_056_000)


@pytest.mark.parametrize(
    ("number", "freed", "why"),
    [
        ("1124.0", 1124, ""),
        ("1.5e3", 1500, ""),
        ("0", 0, ""),
        ("-0.0", 0, ""),
        ("1024.5", None, "not a whole number"),
        ("-5", None, "negative"),
        ("1e9999", None, "too large"),
        ("9223372036854775808", None, "too large"),
        ("1" * 5000, None, "too large"),
    ],
)
def test_any_number_of_the_contract_is_a_result(number: str, freed: int | None, why: str) -> None:
    gone = decode_delete(f'{{"success":true,"mediaId":"1","freedBytes":{number}}}'.encode())
    purged = decode_purge(f'{{"success":true,"purgedCount":{number},"freedBytes":{number}}}'.encode())
    assert (gone.success, gone.freed_bytes) == (True, freed)
    assert (purged.success, purged.purged_count, purged.freed_bytes) == (True, freed, freed)
    assert [odd.name for odd in purged.oddities] == (["purgedCount", "freedBytes"] if why else [])
    for odd in (*gone.oddities, *purged.oddities):
        assert odd.reason == why
        assert odd.raw == number if len(number) <= 60 else len(odd.raw) == 60
