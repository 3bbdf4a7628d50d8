"""From the service's JSON to records: in one step where it is as promised, else field by field."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from .records import MediaItem, MediaPage, UnreadableItem
from .tolerant import parse_json, plain_text, read_item

_BROKEN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _WirePage(Struct, rename="camel"):
    items: list[msgspec.Raw]
    next_cursor: str | None = None


_page = msgspec.json.Decoder(_WirePage)
_item = msgspec.json.Decoder(MediaItem)


def decode_item(body: bytes) -> MediaItem | UnreadableItem:
    """Return the item, whatever its fields are. Raises ValueError for what is no object."""
    item = _row(body)
    if isinstance(item, UnreadableItem) and not body.lstrip().startswith(b"{"):
        raise ValueError(item.reason)
    return item


def decode_page(body: bytes) -> MediaPage:
    """Return a page of items. One without a usable id becomes an UnreadableItem, not a lost page.

    Raises ValueError (as msgspec's errors are) or RecursionError where the page itself is none.
    """
    try:
        wire = _page.decode(body)
    except _BROKEN:
        return _tolerant_page(parse_json(body))
    return MediaPage(tuple(_row(raw) for raw in wire.items), wire.next_cursor or None)


def _row(raw: bytes | msgspec.Raw) -> MediaItem | UnreadableItem:
    try:
        return _decode(raw)
    except RecursionError:
        return UnreadableItem(None, "It is nested too deeply.")


def _decode(raw: bytes | msgspec.Raw) -> MediaItem | UnreadableItem:
    try:
        return _item.decode(raw)
    except _BROKEN:
        return read_item(parse_json(bytes(raw)))


def _tolerant_page(wire: Any) -> MediaPage:
    """Return the page where one step could not read it, for half an emoji somewhere, say."""
    if not isinstance(wire, dict) or not isinstance(wire.get("items"), list):
        raise ValueError("a page without a list of items")
    cursor = wire.get("nextCursor") or None
    if cursor is not None and (not isinstance(cursor, str) or "\ufffd" in plain_text(cursor)):
        raise ValueError("a cursor that is no text")
    return MediaPage(tuple(map(read_item, wire["items"])), cursor)
