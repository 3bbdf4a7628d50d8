"""What a row, a card and a strip say, and what they let a browser load."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from msgspec import structs

from dashboard.models import Connection
from dashboard.vault import MediaItem, MediaQuery, UnreadableItem, Variant
from dashboard.web.presenters.media import SLOTS, BrokenRow, Row, RowBuilder
from dashboard.web.presenters.media_item import ItemPage, build_variant_cards
from tests.make import DAY_MS, item, variant

GOOD = "https://media.ofauth.com/v2/abc"


@pytest.fixture(autouse=True)
def media_hosts() -> Any:
    with override_settings(VAULTPLUS_MEDIA_HOSTS=["https://media.ofauth.com"]):
        yield


def row_builder(**query: Any) -> RowBuilder:
    return RowBuilder(Connection(slug="small", label="Small"), MediaQuery(**query))


def expired() -> Variant:
    return variant(expires_ms=int(row_builder().now_ms) - 1)


def row_of(one: MediaItem) -> Row:
    (row,) = row_builder().build_rows([one])
    assert isinstance(row, Row)
    return row


def test_the_strip_has_its_fixed_places_and_then_the_other_labels() -> None:
    strip = row_builder().build_strip(item(full=variant(), w96=variant(), thumb=variant(status="pending")))
    assert [slot.label for slot in strip] == [*SLOTS, "w96"]
    assert [slot.state for slot in strip] == ["pending", "absent", "absent", "stored", "stored"]


def test_an_unknown_status_shows_as_itself_and_as_unknown() -> None:
    (slot,) = [
        s for s in row_builder().build_strip(item(full=variant(status="quarantined"))) if s.label == "full"
    ]
    assert (slot.state, slot.word) == ("unknown", "quarantined")


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ({}, set()),
        ({"type": "image"}, set()),
        ({"status": "stored"}, {"thumb", "full"}),
        ({"status": "pending"}, {"720"}),
        ({"content_type": "image/png"}, {"full"}),
        ({"status": "stored", "content_type": "image/jpeg"}, {"thumb"}),
        ({"status": "removed"}, set()),
    ],
)
def test_the_variant_that_matched_is_marked(query: dict[str, str], marked: set[str]) -> None:
    variants = {
        "thumb": variant(),
        "720": variant(status="pending"),
        "full": variant(content_type="image/png"),
    }
    strip = row_builder(**query).build_strip(item(**variants))
    assert {slot.label for slot in strip if slot.matched} == marked


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"content_type": "video/mp4"}, "No picture"),
        ({"status": "removed"}, "Removed"),
        ({"status": "edge_only"}, "Not stored"),
        ({"status": "storing"}, "Not stored"),
        ({"status": "quarantined"}, "Not stored"),
        ({"expires_ms": 1_700_000_000_000}, ""),
        ({"expires_ms": 0}, ""),
        ({"expires_ms": 1_700_000_000_000, "status": "edge_only"}, "Link end date passed"),
        ({"expires_ms": 1_700_000_000_000, "status": "quarantined"}, "Link end date passed"),
        ({"url": "https://evil.example/v2/abc"}, "Foreign link"),
        ({"url": "http://media.ofauth.com/v2/abc"}, "Foreign link"),
        ({"url": "https://media.ofauth.com@evil.example/"}, "Foreign link"),
        ({"url": "https://media.ofauth.com.evil.example/"}, "Foreign link"),
        ({"url": "//media.ofauth.com/v2/abc"}, "Foreign link"),
        ({"url": "javascript:alert(1)"}, "Foreign link"),
        ({"url": "data:image/png;base64,AAAA"}, "Foreign link"),
        ({"url": ""}, "No link"),
    ],
)
def test_a_thumb_is_loaded_unasked_only_if_stored_and_ours(fields: dict[str, Any], why: str) -> None:
    row = row_of(item(thumb=variant(**fields)))
    assert row.no_thumb_reason == why
    assert row.thumb == ("" if why else GOOD)


def test_an_item_without_thumb_or_without_any_variant() -> None:
    assert row_of(item(full=variant())).no_thumb_reason == "No thumb"
    empty = row_of(item())
    assert (empty.size, empty.first_seen, empty.last_seen, empty.variants) == ("—", "—", "never", 0)


def test_a_size_not_known_yet_is_no_zero() -> None:
    waiting = variant(status="storing", size_bytes=0, stored_ms=None)
    assert row_of(item(full=waiting)).size == "—"
    assert row_of(item(full=waiting, thumb=variant())).size == "1.0 kB"
    assert ItemPage(Connection(slug="small"), item(full=waiting)).unknown_sizes == 1


def test_ids_and_addresses_are_texts() -> None:
    row = row_of(item("9007199254740993123", full=variant()))
    assert row.href == "/c/small/media/9007199254740993123/"
    assert row.delete_href == "/c/small/media/9007199254740993123/delete/"


def test_an_unknown_type_shows_as_itself() -> None:
    row = row_of(MediaItem(id="1", type="document", duration=None, media={}))
    assert (row.type, row.type_word) == ("unknown", "document")


def test_an_unreadable_item_keeps_its_place() -> None:
    rows = row_builder().build_rows([UnreadableItem("123", "no type"), UnreadableItem(None, "no id"), item()])
    first, second, third = rows
    assert isinstance(first, BrokenRow)
    assert isinstance(second, BrokenRow)
    assert isinstance(third, Row)
    assert (first.href, second.href) == ("/c/small/media/123/", "")


@pytest.mark.parametrize(
    ("fields", "link", "may_ask"),
    [
        ({}, GOOD, False),
        ({"status": "edge_only"}, GOOD, True),
        ({"status": "pending"}, GOOD, True),
        ({"status": "removed"}, "", False),
        ({"expires_ms": 1_700_000_000_000}, GOOD, False),
        ({"expires_ms": 1_700_000_000_000, "status": "pending"}, "", False),
        ({"expires_ms": 1_700_000_000_000, "status": "removed"}, "", False),
        ({"url": "https://evil.example/x"}, "", False),
        ({"url": "javascript:alert(1)"}, "", False),
    ],
)
def test_a_card_links_only_what_may_be_opened(fields: dict[str, Any], link: str, may_ask: bool) -> None:
    (card,) = build_variant_cards(row_builder(), item(full=variant(**fields)))
    assert (card.link, card.may_ask) == (link, may_ask)


def test_cards_come_in_the_strips_order_with_anchors_of_their_own() -> None:
    odd = "<script>"
    cards = build_variant_cards(
        row_builder(), item(**{odd: variant(), "full": variant(), "thumb": variant()})
    )
    assert [card.label for card in cards] == ["thumb", "full", odd]
    assert [card.anchor for card in cards] == ["variant-0", "variant-1", "variant-2"]


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("image/png", "image"), ("video/mp4", "video"), ("audio/mpeg", "audio"), ("application/pdf", "file")],
)
def test_a_card_knows_what_to_show_it_with(content_type: str, kind: str) -> None:
    (card,) = build_variant_cards(row_builder(), item(full=variant(content_type=content_type)))
    assert card.kind == kind


def test_the_lead_is_the_thumb_else_the_first_stored_picture() -> None:
    small = Connection(slug="small")
    film, picture = variant(content_type="video/mp4"), variant()
    both = ItemPage(small, item(full=picture, thumb=variant(status="pending"))).lead
    assert both
    assert both.label == "thumb"
    one = ItemPage(small, item(full=film, w96=variant(status="pending"), w1=picture)).lead
    assert one
    assert one.label == "w1"
    assert ItemPage(small, item(full=film)).lead is None


def test_first_and_last_are_taken_over_all_variants() -> None:
    now = int(row_builder().now_ms)
    older = variant(created_ms=now - 3 * DAY_MS, last_accessed_ms=now - DAY_MS)
    newer = variant(created_ms=now - DAY_MS, last_accessed_ms=now - 2 * DAY_MS)
    row = row_of(item(thumb=newer, full=older))
    assert (row.first_seen, row.last_seen) == ("3 d ago", "1 d ago")
    assert structs.replace(row, id="2").first_seen_iso.endswith("Z")


def test_an_id_listed_twice_is_one_row_and_a_word_about_it() -> None:
    first, second = row_builder().build_rows([item("7", thumb=variant()), item("7", thumb=variant())])
    assert isinstance(first, Row)
    assert isinstance(second, BrokenRow)
    assert second.id is None  # two elements of one name would mislead a swap
    assert second.reason.startswith("7 is on this page already")
