"""Reads items that are not what the service promises, field by field: what is odd is kept as it came.

The usual item is decoded in one step (decode.py) and never comes here. What comes here is a fractional or
negative number, a time in seconds, half an emoji, a field that is missing or of another type. Only an item
without a usable id cannot be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import astuple

from .query import MEDIA_ID
from .records import (
    EARLIEST_MS,
    LATEST_MS,
    MAX_COUNT,
    MAX_SECONDS,
    MediaItem,
    Oddity,
    OddMediaItem,
    OddVariant,
    UnreadableItem,
    Variant,
)

MAX_RAW_LENGTH: Final = 60
"""Characters of an odd value that are kept."""

_MISSING: Final = object()
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NUMBER: Final = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,9})?")


class RawNumber(float):
    """A number of JSON that remembers how it was written."""

    __slots__ = ("raw",)
    raw: str

    def __new__(cls, raw: str) -> RawNumber:
        self = super().__new__(cls, raw)
        self.raw = raw
        return self


def parse_json(body: bytes) -> Any:
    """Return the JSON with its numbers as they were written, taking bytes and escapes that are no text.

    Raises ValueError and RecursionError.
    """
    text = body.decode("utf-8", "replace")
    return json.loads(text, parse_float=RawNumber, parse_int=RawNumber, parse_constant=RawNumber)


def plain_text(text: str) -> str:
    """Return the text with half characters (lone surrogates) replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def read_item(wire: Any) -> MediaItem | UnreadableItem:
    """Return the item that `parse_json` gave, its odd fields marked; UnreadableItem without a usable id."""
    if not isinstance(wire, dict):
        return UnreadableItem(None, f"Expected an item, got {_kind(wire)}.")
    media_id = wire.get("id", _MISSING)
    if not isinstance(media_id, str):
        return UnreadableItem(None, f"Its ID is {_kind(media_id)}.")
    if not MEDIA_ID.fullmatch(media_id):
        return UnreadableItem(None, "an id that no media item can have")
    fields = _Fields(wire)
    item = MediaItem(media_id, fields.text("type"), fields.seconds("duration"), fields.variants("media"))
    if not fields.odd and not any(variant.oddities for variant in item.media.values()):
        return item
    return OddMediaItem(item.id, item.type, item.duration, item.media, oddities=tuple(fields.odd))


def _read_variant(label: str, wire: Any) -> Variant:
    fields = _Fields(wire if isinstance(wire, dict) else {})
    variant = Variant(
        fields.text("status"),
        fields.text("quality"),
        fields.count("sizeBytes"),
        fields.text("contentType"),
        fields.count("accessCount"),
        fields.time("createdAt"),
        fields.time("expiresAt"),
        fields.time("storedAt", nullable=True) or None,
        fields.time("lastAccessedAt"),
        fields.text("url"),
    )
    odd = fields.odd if isinstance(wire, dict) else [Oddity("variant", _raw(wire), "not a variant")]
    if _SURROGATE.search(label):
        odd.append(Oddity("label", _raw(label), "half a character"))
    if not odd:
        return variant
    return OddVariant(*astuple(variant), oddities=tuple(odd))


class _Fields:
    """Reads the fields of an object one by one and collects what is `odd`."""

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self.wire = wire
        self.odd: list[Oddity] = []

    def text(self, name: str) -> str:
        value = self.wire.get(name, _MISSING)
        if isinstance(value, str):
            if not _SURROGATE.search(value):
                return value
            self._mark(name, value, "half a character")
            return plain_text(value)
        self._mark(name, value, "not a text")
        return _raw(value) if isinstance(value, RawNumber | bool) else ""

    def count(self, name: str) -> int:
        """Return the whole number, 0 where there is none to be known."""
        number = self._number(name, MAX_COUNT)
        if number is None:
            return 0
        if not number.is_integer():
            self._mark(name, self.wire[name], "not a whole number")
        return int(number)

    def time(self, name: str, *, nullable: bool = False) -> float:
        """Return Unix milliseconds, 0 where the time is not known."""
        number = self._number(name, LATEST_MS, nullable=nullable)
        if number is None:
            return 0.0
        if 0 < number < EARLIEST_MS:
            self._mark(name, self.wire[name], "before the year 2000; seconds, not milliseconds?")
            return 0.0
        return number

    def seconds(self, name: str) -> float | None:
        return self._number(name, MAX_SECONDS, nullable=True)

    def variants(self, name: str) -> dict[str, Variant]:
        wire = self.wire.get(name, _MISSING)
        if not isinstance(wire, dict):
            self._mark(name, wire, "not an object of variants")
            return {}
        media: dict[str, Variant] = {}
        for label, variant in wire.items():
            media[_unused(plain_text(label), media)] = _read_variant(label, variant)
        return media

    def _number(self, name: str, most: float, *, nullable: bool = False) -> float | None:
        value = self.wire.get(name, _MISSING)
        if value is None and nullable:
            return None
        number = float(value) if isinstance(value, RawNumber) else _number_in(value)
        if number is None or number != number:
            self._mark(name, value, "not a number")
        elif number < 0:
            self._mark(name, value, "negative")
        elif number > most:
            self._mark(name, value, "too large")
        else:
            if not isinstance(value, RawNumber):
                self._mark(name, value, "a text, not a number")
            return number
        return None

    def _mark(self, name: str, value: Any, why: str) -> None:
        if value is _MISSING:
            why = "missing"
        # A link is never kept anywhere but in `url`, so an odd one is not repeated.
        raw = "" if name == "url" and isinstance(value, str) else _raw(value)
        if not self.odd or self.odd[-1].name != name:
            self.odd.append(Oddity(name, raw, why))


def _number_in(value: Any) -> float | None:
    """Return the number that stands in a text, None where there is none."""
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _unused(label: str, media: Mapping[str, Variant]) -> str:
    """Return the label, numbered where another variant has become the same by losing half characters."""
    name, number = label, 1
    while name in media:
        number += 1
        name = f"{label} ({number})"
    return name


def _raw(value: Any) -> str:
    """Return a value as it came: one short line, of an object or list only that it was one, and no link."""
    if isinstance(value, RawNumber):
        raw = value.raw
    elif isinstance(value, str):
        raw = "[link]" if "://" in value else json.dumps(value[:MAX_RAW_LENGTH], ensure_ascii=True)
    elif isinstance(value, dict):
        raw = "{…}" if value else "{}"
    elif isinstance(value, list):
        raw = "[…]" if value else "[]"
    else:
        raw = {None: "null", True: "true", False: "false"}.get(value, "")
    return raw if len(raw) <= MAX_RAW_LENGTH else raw[: MAX_RAW_LENGTH - 1] + "…"


def _kind(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    kinds = {dict: "an object", list: "a list", str: "a text", RawNumber: "a number"}
    return kinds.get(type(value), "null" if value is None else "true or false")
