"""Decodes JSON into records: in one step where it keeps the contract, else field by field."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from .query import MAX_ITEMS_PER_PAGE
from .records import MediaItem, MediaPage, UnreadableItem
from .responses import UnusableBody
from .tolerant import parse_json, read_item, replace_surrogates

MAX_VARIANTS_PER_ITEM: Final = 500

_BROKEN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _WirePage(Struct, rename="camel"):
    items: list[msgspec.Raw]
    next_cursor: str | None = None


_page_decoder = msgspec.json.Decoder(_WirePage)
_item_decoder = msgspec.json.Decoder(MediaItem)


def decode_item(body: bytes) -> MediaItem | UnreadableItem:
    """Return the item. Raises ValueError if the body is not a JSON object."""
    item = _decode_row(body)
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
    return MediaPage(tuple(_decode_row(raw) for raw in wire.items), wire.next_cursor or None)


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
    return MediaPage(tuple(_limit_variants(read_item(one)) for one in wire["items"]), cursor)
