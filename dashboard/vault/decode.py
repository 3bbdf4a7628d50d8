"""Decodes JSON into records: in one step where it keeps the contract, else field by field."""

import re
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .query import MAX_ITEMS_PER_PAGE
from .records import MediaItem, MediaPage, UnreadableItem, Variant
from .responses import UnusableBody
from .tolerant import make_unique, parse_json, read_item, replace_surrogates

MAX_VARIANTS_PER_ITEM: Final = 500

_CONNECTION_ID: Final = re.compile(r"conn_\w+")
_MAY_HOLD_ID: Final = (b"conn_", b"\\u")  # as it is, or written by escapes

_BROKEN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _WirePage(Struct, rename="camel"):
    items: list[msgspec.Raw]
    next_cursor: str | None = None


_page_decoder = msgspec.json.Decoder(_WirePage)
_item_decoder = msgspec.json.Decoder(MediaItem)


def decode_item(body: bytes) -> MediaItem | UnreadableItem:
    """Return the item. Raises ValueError if the body is not a JSON object."""
    (item,) = _mask_labels((_decode_row(body),), body)
    if isinstance(item, UnreadableItem) and not body.lstrip().startswith(b"{"):
        raise ValueError(item.reason)
    return item


def decode_page(body: bytes, asked: int = MAX_ITEMS_PER_PAGE) -> MediaPage:
    """Return a page of items; one without a usable id, or with too many variants, is unreadable.

    Raises ValueError and RecursionError, and UnusableBody for a page and a half of what was asked for: cut to
    its length it would look whole.
    """
    try:
        wire = _page_decoder.decode(body)
    except _BROKEN:
        return _read_page(parse_json(body), asked)
    check_count(len(wire.items), asked)
    items = tuple(_decode_row(raw) for raw in wire.items)
    return MediaPage(_mask_labels(items, body), wire.next_cursor or None)


def _mask_labels(
    items: tuple[MediaItem | UnreadableItem, ...], body: bytes
) -> tuple[MediaItem | UnreadableItem, ...]:
    """Return the items with no connection's id in a label of theirs: it would stand on every page."""
    if not any(mark in body for mark in _MAY_HOLD_ID):
        return items
    return tuple(map(_mask_label, items))


def _mask_label(item: MediaItem | UnreadableItem) -> MediaItem | UnreadableItem:
    if isinstance(item, UnreadableItem) or not any("conn_" in label for label in item.media):
        return item
    media: dict[str, Variant] = {}
    for label, variant in item.media.items():
        media[make_unique(_CONNECTION_ID.sub("conn_…", label), media)] = variant
    return replace(item, media=media)


def check_count(found: int, asked: int) -> None:
    """Raise UnusableBody if an answer has so many more items than asked for that nobody should read them."""
    if found > asked + asked // 2 + 1:
        raise UnusableBody(f"The answer has {found:,} items, where at most {asked} were asked for.")


def _decode_row(raw: bytes | msgspec.Raw) -> MediaItem | UnreadableItem:
    try:
        return _limit_variants(_item_decoder.decode(raw))
    except _BROKEN:
        try:
            return _limit_variants(read_item(parse_json(bytes(raw))))
        except RecursionError:
            return UnreadableItem(None, "It is nested too deeply.")


def _limit_variants(item: MediaItem | UnreadableItem) -> MediaItem | UnreadableItem:
    """Return the item, or an unreadable one in its place if its variants would fill a page of their own."""
    if isinstance(item, UnreadableItem) or len(item.media) <= MAX_VARIANTS_PER_ITEM:
        return item
    return UnreadableItem(item.id, f"It has {len(item.media):,} variants, more than can be shown.")


def _read_page(wire: Any, asked: int) -> MediaPage:
    """Return a page that cannot be decoded in one step, because of half an emoji for example."""
    if not isinstance(wire, dict) or not isinstance(wire.get("items"), list):
        raise ValueError("a page without a list of items")
    cursor = wire.get("nextCursor") or None
    if cursor is not None and (not isinstance(cursor, str) or "\ufffd" in replace_surrogates(cursor)):
        raise ValueError("a cursor that is no text")
    check_count(len(wire["items"]), asked)
    items = (_limit_variants(read_item(one)) for one in wire["items"])
    return MediaPage(tuple(map(_mask_label, items)), cursor)
