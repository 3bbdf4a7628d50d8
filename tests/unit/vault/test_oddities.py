"""Fields that are not what the service promises: marked, and nothing else is lost for them."""

import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import MediaItem, UnreadableItem, tolerant
from dashboard.vault.decode import decode_page
from dashboard.vault.tolerant import parse_json
from tests.wire import item, page, read_item, variant


@pytest.mark.parametrize("name", list(variant()))
def test_variant_without_a_promised_field_is_marked(name: str) -> None:
    broken = variant()
    del broken[name]
    good, odd = decode_page(page(item("1"), item("2", media={"full": broken}))).readable
    assert good.media["full"].oddities == ()
    assert [(one.name, one.raw, one.reason) for one in odd.media["full"].oddities] == [(name, "", "missing")]


@pytest.mark.parametrize("name", ["type", "duration", "media"])
def test_item_without_a_promised_field_is_marked(name: str) -> None:
    broken = item("2")
    del broken[name]
    (odd,) = decode_page(page(broken)).readable
    assert odd.id == "2"
    assert [(one.name, one.reason) for one in odd.oddities] == [(name, "missing")]


def test_item_without_an_id_is_unreadable() -> None:
    broken = item("2")
    del broken["id"]
    (bad,) = decode_page(page(broken)).items
    assert isinstance(bad, UnreadableItem)
    assert bad.id is None


@pytest.mark.parametrize("size", ["1024000", "1024000.0", "1.024e6", "1024000.000", "102400E1"])
def test_whole_number_is_read_however_it_is_written(size: str) -> None:
    text = json.dumps(item()).replace("1024000", size).replace("12,", "12.0,")
    full = read_item(text.encode()).media["full"]
    assert (full.size_bytes, full.access_count, full.oddities) == (1_024_000, 12, ())
    assert type(full.size_bytes) is type(full.access_count) is int


ODD: list[tuple[str, str, object, str, str]] = [
    ("sizeBytes", "1024.5", 1024, "1024.5", "not a whole number"),
    ("sizeBytes", "-5", None, "-5", "negative"),
    ("sizeBytes", "-0.5", None, "-0.5", "negative"),
    ("sizeBytes", "1e300", None, "1e300", "too large"),
    ("sizeBytes", "9223372036854775808", None, "9223372036854775808", "too large"),
    ("sizeBytes", "1e999", None, "1e999", "too large"),
    ("sizeBytes", '"12"', 12, '"12"', "a text, not a number"),
    ("sizeBytes", '"twelve"', None, '"twelve"', "not a number"),
    ("sizeBytes", '"https://media.ofauth.com/v2/signed"', None, "[link]", "not a number"),
    ("sizeBytes", "null", None, "null", "not a number"),
    ("sizeBytes", "true", None, "true", "not a number"),
    ("sizeBytes", '{"bytes": 5}', None, "{…}", "not a number"),
    ("sizeBytes", "NaN", None, "NaN", "not a number"),
    ("accessCount", "2.5", 2, "2.5", "not a whole number"),
    ("accessCount", "-1", None, "-1", "negative"),
    ("createdAt", "1715800000", None, "1715800000", "before the year 2000; seconds, not milliseconds?"),
    ("expiresAt", "-1", None, "-1", "negative"),
    ("storedAt", "1", None, "1", "before the year 2000; seconds, not milliseconds?"),
    ("storedAt", '"2026-06-01"', None, '"2026-06-01"', "not a number"),
    ("lastAccessedAt", "1e300", None, "1e300", "too large"),
    ("lastAccessedAt", "null", None, "null", "not a number"),
    ("url", "5", "5", "5", "not a text"),
    ("url", '"https://media.ofauth.com/\\ud83d"', "https://media.ofauth.com/\ufffd", "", "half a character"),
    ("url", '["https://media.ofauth.com/v2/signed"]', "", "[…]", "not a text"),
    ("status", "1", "1", "1", "not a text"),
    ("quality", "null", "", "null", "not a text"),
    ("contentType", "null", "", "null", "not a text"),
    ("contentType", '"image/\\udc00"', "image/\ufffd", '"image/\\udc00"', "half a character"),
]
READ_AS = {
    "sizeBytes": "size",
    "accessCount": "accesses",
    "createdAt": "created_at",
    "expiresAt": "expires_at",
    "storedAt": "stored_at",
    "lastAccessedAt": "last_accessed_at",
    "contentType": "content_type",
}


@pytest.mark.parametrize(("name", "written", "value", "raw", "why"), ODD)
def test_odd_field_is_marked_and_costs_nothing_else(
    name: str, written: str, value: object, raw: str, why: str
) -> None:
    text = json.dumps(item(media={"full": variant(**{name: "ODD"}), "thumb": variant()}))
    read = read_item(text.replace('"ODD"', written).encode())
    full = read.media["full"]
    assert getattr(full, READ_AS.get(name, name)) == value
    assert [(one.name, one.raw, one.reason) for one in full.oddities] == [(name, raw, why)]
    assert read.media["thumb"].oddities == ()
    assert read.size_bytes == 1_024_000 + (full.size or 0)


@pytest.mark.parametrize(
    ("written", "raw", "why"),
    [
        ("-3", "-3", "negative"),
        ("1e300", "1e300", "too large"),
        ('"9"', '"9"', "a text, not a number"),
        ("[]", "[]", "not a number"),
    ],
)
def test_odd_length_is_marked(written: str, raw: str, why: str) -> None:
    read = read_item(json.dumps(item(duration="ODD")).replace('"ODD"', written).encode())
    assert read.duration == (9 if "9" in written else None)
    assert [(one.name, one.raw, one.reason) for one in read.oddities] == [("duration", raw, why)]


@pytest.mark.parametrize("there", [None, 5, "stored", [], ["https://media.ofauth.com/v2/signed"]])
def test_what_stands_in_place_of_a_variant_is_marked(there: object) -> None:
    full = read_item(json.dumps(item(media={"full": there})).encode()).media["full"]
    (odd,) = full.oddities
    assert (odd.name, odd.reason) == ("variant", "not a variant")
    assert (full.size, full.accesses, full.created_at) == (None, None, None)
    assert full.find_oddity("sizeBytes") is full.find_oddity("url") is odd


def test_half_an_emoji_costs_neither_page_nor_variant() -> None:
    labels = ["\ud83d", "\ud83e", "\ud83d\ude00", "", "x" * 300]
    label = {label: variant() for label in labels}
    good, odd = decode_page(page(item("1"), item("2", media=label), nextCursor="7")).readable
    assert good == read_item(json.dumps(item("1")).encode())
    assert list(odd.media) == ["\ufffd", "\ufffd (2)", "\U0001f600", "", "x" * 300]
    assert [one.raw for one in odd.media["\ufffd (2)"].oddities] == ['"\\ud83e"']


def test_odd_value_is_kept_short() -> None:
    text = json.dumps(item(duration="ODD")).replace('"ODD"', "9" * 5000)
    (odd,) = read_item(text.encode()).oddities
    assert len(odd.raw) == 60


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(variant())), json_values)
def test_any_value_in_a_field_costs_nothing_else(name: str, value: object) -> None:
    odd = {"full": variant(**{name: value}), "thumb": variant()}
    first, middle, last = decode_page(page(item("1"), item("2", media=odd), item("3"))).readable
    assert first.media == last.media == {"full": middle.media["thumb"]}
    full = middle.media["full"]
    assert middle.id == "2"
    for moment in (full.created_at, full.expires_at, full.stored_at, full.last_accessed_at):
        assert moment is None or moment.tzinfo is UTC
    assert full.size is None or 0 <= full.size <= 2**53
    assert full.accesses is None or 0 <= full.accesses <= 2**53
    json.dumps(middle.media["full"].url).encode("utf-8")


@given(st.sampled_from(["type", "duration", "media", "new"]), json_values)
def test_any_value_in_an_item_costs_nothing_else(name: str, value: object) -> None:
    (read,) = decode_page(page(item("2", **{name: value}))).readable
    assert read.id == "2"


@given(json_values)
def test_any_value_is_an_item_or_an_unreadable_one(value: object) -> None:
    (read,) = decode_page(page(value)).items
    assert isinstance(read, UnreadableItem) or read.id


as_promised = st.fixed_dictionaries(
    {
        "status": st.text(max_size=5),
        "quality": st.text(max_size=5),
        "sizeBytes": st.integers(0, 2**53) | st.integers(0, 2**53).map(float),
        "contentType": st.text(max_size=5),
        "accessCount": st.integers(0, 2**53),
        "createdAt": st.floats(946_684_800_000, 253_402_300_799_999) | st.just(0),
        "expiresAt": st.integers(946_684_800_000, 253_402_300_799_999) | st.just(0),
        "storedAt": st.none() | st.integers(946_684_800_000, 253_402_300_799_999),
        "lastAccessedAt": st.integers(946_684_800_000, 253_402_300_799_999) | st.just(0),
        "url": st.text(max_size=5),
    }
)


@given(st.dictionaries(st.text(max_size=5), as_promised, max_size=3), st.none() | st.floats(0, 10_000_000))
def test_both_ways_read_the_same(media: dict[str, object], duration: float | None) -> None:
    body = json.dumps(item(media=media, duration=duration)).encode()
    one_step, field_by_field = read_item(body), tolerant.read_item(parse_json(body))
    assert type(one_step) is type(field_by_field) is MediaItem
    assert repr(one_step) == repr(field_by_field).replace("stored_ms=0.0", "stored_ms=None")
