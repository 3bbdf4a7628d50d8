"""Decodes JSON into records: in one step where it keeps the contract, else field by field."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from .records import MediaItem, MediaPage, UnreadableItem
from .tolerant import parse_json, read_item, replace_surrogates

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


def decode_page(body: bytes) -> MediaPage:
    """Return a page of items; one without a usable id is unreadable. Raises ValueError, RecursionError."""
    try:
        wire = _page_decoder.decode(body)
    except _BROKEN:
        return _read_page(parse_json(body))
    return MediaPage(tuple(_decode_row(raw) for raw in wire.items), wire.next_cursor or None)


def _decode_row(raw: bytes | msgspec.Raw) -> MediaItem | UnreadableItem:
    try:
        return _item_decoder.decode(raw)
    except _BROKEN:
        try:
            return read_item(parse_json(bytes(raw)))
        except RecursionError:
            return UnreadableItem(None, "It is nested too deeply.")


def _read_page(wire: Any) -> MediaPage:
    """Return a page that cannot be decoded in one step, because of half an emoji for example."""
    if not isinstance(wire, dict) or not isinstance(wire.get("items"), list):
        raise ValueError("a page without a list of items")
    cursor = wire.get("nextCursor") or None
    if cursor is not None and (not isinstance(cursor, str) or "\ufffd" in replace_surrogates(cursor)):
        raise ValueError("a cursor that is no text")
    return MediaPage(tuple(map(read_item, wire["items"])), cursor)
