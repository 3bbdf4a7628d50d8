"""Reads items that break the contract, field by field, and keeps odd values as they came.

The usual item is decoded in one step (decode.py) and never comes here.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final, Self

from msgspec.structs import astuple

from .query import MEDIA_ID
from .records import (
    EARLIEST_MS,
    LATEST_MS,
    MAX_COUNT,
    MAX_DURATION_SECONDS,
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
    """A JSON number that remembers how it was written."""

    __slots__ = ("raw",)
    raw: str

    def __new__(cls, raw: str) -> Self:
        self = super().__new__(cls, raw)
        self.raw = raw
        return self


def parse_json(body: bytes) -> Any:
    """Return the JSON, numbers as RawNumber and bad UTF-8 replaced. Raises ValueError, RecursionError."""
    text = body.decode("utf-8", "replace")
    return json.loads(text, parse_float=RawNumber, parse_int=RawNumber, parse_constant=RawNumber)


def replace_surrogates(text: str) -> str:
    """Return the text with lone surrogates (half characters) replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def read_item(wire: Any) -> MediaItem | UnreadableItem:
    """Return the item that `parse_json` gave, its odd fields marked; UnreadableItem without a usable id."""
    if not isinstance(wire, dict):
        return UnreadableItem(None, f"Expected an item, got {_describe_kind(wire)}.")
    media_id = wire.get("id", _MISSING)
    if not isinstance(media_id, str):
        return UnreadableItem(None, f"Its ID is {_describe_kind(media_id)}.")
    if not MEDIA_ID.fullmatch(media_id):
        return UnreadableItem(None, "an id that no media item can have")
    fields = _FieldReader(wire)
    item = MediaItem(
        media_id, fields.read_text("type"), fields.read_seconds("duration"), fields.read_variants("media")
    )
    if not fields.odd and not any(variant.oddities for variant in item.media.values()):
        return item
    return OddMediaItem(item.id, item.type, item.duration, item.media, oddities=tuple(fields.odd))


def _read_variant(label: str, wire: Any) -> Variant:
    fields = _FieldReader(wire if isinstance(wire, dict) else {})
    variant = Variant(
        fields.read_text("status"),
        fields.read_text("quality"),
        fields.read_count("sizeBytes"),
        fields.read_text("contentType"),
        fields.read_count("accessCount"),
        fields.read_time("createdAt"),
        fields.read_time("expiresAt"),
        fields.read_time("storedAt", nullable=True) or None,
        fields.read_time("lastAccessedAt"),
        fields.read_text("url"),
    )
    odd = fields.odd if isinstance(wire, dict) else [Oddity("variant", _format_raw(wire), "not a variant")]
    if _SURROGATE.search(label):
        odd.append(Oddity("label", _format_raw(label), "half a character"))
    if not odd:
        return variant
    return OddVariant(*astuple(variant), oddities=tuple(odd))


class _FieldReader:
    """Reads the fields of an object one by one and collects the oddities in `odd`."""

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self.wire = wire
        self.odd: list[Oddity] = []

    def read_text(self, name: str) -> str:
        """Return the text; anything else is marked and written out, or ""."""
        value = self.wire.get(name, _MISSING)
        if isinstance(value, str):
            if not _SURROGATE.search(value):
                return value
            self._mark(name, value, "half a character")
            return replace_surrogates(value)
        self._mark(name, value, "not a text")
        return _format_raw(value) if isinstance(value, RawNumber | bool) else ""

    def read_count(self, name: str) -> int:
        """Return the whole number, or 0 if it is not known."""
        number = self._read_number(name, MAX_COUNT)
        if number is None:
            return 0
        if not number.is_integer():
            self._mark(name, self.wire[name], "not a whole number")
        return int(number)

    def read_time(self, name: str, *, nullable: bool = False) -> float:
        """Return Unix milliseconds, or 0 if the time is not known."""
        number = self._read_number(name, LATEST_MS, nullable=nullable)
        if number is None:
            return 0.0
        if 0 < number < EARLIEST_MS:
            self._mark(name, self.wire[name], "before the year 2000; seconds, not milliseconds?")
            return 0.0
        return number

    def read_seconds(self, name: str) -> float | None:
        """Return the seconds, or None if they are null or not known."""
        return self._read_number(name, MAX_DURATION_SECONDS, nullable=True)

    def read_variants(self, name: str) -> dict[str, Variant]:
        """Return the variants by label."""
        wire = self.wire.get(name, _MISSING)
        if not isinstance(wire, dict):
            self._mark(name, wire, "not an object of variants")
            return {}
        media: dict[str, Variant] = {}
        for label, variant in wire.items():
            media[make_unique(replace_surrogates(label), media)] = _read_variant(label, variant)
        return media

    def _read_number(self, name: str, maximum: float, *, nullable: bool = False) -> float | None:
        value = self.wire.get(name, _MISSING)
        if value is None and nullable:
            return None
        is_number = isinstance(value, RawNumber) or (isinstance(value, str) and _NUMBER.fullmatch(value))
        number = float(value) if is_number else math.nan
        if math.isnan(number):
            self._mark(name, value, "not a number")
        elif number < 0:
            self._mark(name, value, "negative")
        elif number > maximum:
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
        raw = "" if name == "url" and isinstance(value, str) else _format_raw(value)
        if not self.odd or self.odd[-1].name != name:
            self.odd.append(Oddity(name, raw, why))


def make_unique(label: str, media: Mapping[str, Variant]) -> str:
    """Return the label, numbered if another variant has the same one once half characters are replaced."""
    name, number = label, 1
    while name in media:
        number += 1
        name = f"{label} ({number})"
    return name


def _format_raw(value: Any) -> str:
    """Return the value as one short line without links; an object or list only as `{…}` or `[…]`."""
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


def _describe_kind(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    kinds = {dict: "an object", list: "a list", str: "a text", RawNumber: "a number"}
    return kinds.get(type(value), "null" if value is None else "true or false")
