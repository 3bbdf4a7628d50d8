"""The text of an export, without links: a row a variant (CSV), or an object an item (JSON Lines)."""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from dashboard.logs import mask_ids
from dashboard.models import Connection
from dashboard.spreadsheets import encode_head_row, encode_rows, escape_formula
from dashboard.vault import MEDIA_ID, MediaItem, Oddity, UnreadableItem, Variant

Items = Sequence[MediaItem | UnreadableItem]
Encoder = Callable[[Items], bytes]
"""Turns the items of a page into the bytes that stand for them."""

EXPORT_COLUMNS: Final = (
    *("connection", "media_id", "type", "length_s", "variant", "status", "quality", "content_type", "bytes"),
    *("accesses", "first_seen", "stored", "last_access", "link_expires", "unreadable", "odd"),
)
"""`bytes` is empty while they are not known; `unreadable` says why there is nothing else, `odd` what came in
place of a value that could not be read."""

_DAY_MS: Final = 24 * 60 * 60 * 1000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MINUTES: Final = [f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
_SECONDS: Final = [f"{second:02}." for second in range(60)]
_MILLISECONDS: Final = [f"{ms:03}Z" for ms in range(1000)]


def encode_header(file_format: str) -> bytes:
    """Return the first bytes of a file of this format."""
    return encode_head_row(EXPORT_COLUMNS).encode() if file_format == "csv" else b""


def make_encoder(file_format: str, connection: Connection) -> Encoder:
    """Return the encoder for this format."""
    return _table_encoder(connection.slug) if file_format == "csv" else _object_encoder(connection.slug)


def read_ids(path: Path, file_format: str) -> Iterator[str]:
    """Yield the id of each row, or each object, of a file of whole lines in this format."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        if file_format == "csv":
            rows = csv.reader(file)
            next(rows, None)
            cells = (row[1] for row in rows)
        else:
            cells = (msgspec.json.decode(line)["media_id"] or "" for line in file)
        for cell in cells:
            if found := MEDIA_ID.search(cell):  # a cell may have a sign before it, see `escape_formula`
                yield found[0]


def format_moment(ms: float | None) -> str:
    """Return Unix milliseconds as `2026-11-21T09:30:00.000Z`; empty for None and 0, the service's never."""
    if not ms:
        return ""
    day, rest = divmod(int(ms), _DAY_MS)
    minute, rest = divmod(rest, 60_000)
    return f"{_date(day)}{_MINUTES[minute]}{_SECONDS[rest // 1000]}{_MILLISECONDS[rest % 1000]}"


def drop_zero_fraction(length: float | None) -> float | int | None:
    """Return a whole number as an int, so that it is written without a fraction."""
    return int(length) if length is not None and length.is_integer() else length


def _table_encoder(slug: str) -> Encoder:
    nothing = ("",) * 10

    def rows(items: Items) -> Iterator[tuple[Any, ...]]:
        """Yield a row a variant; one row for an item without any."""
        for item in items:
            media_id = escape_formula(item.id or "")
            if isinstance(item, UnreadableItem):
                yield slug, media_id, "", "", *nothing, _cell(item.reason), ""
                continue
            first = slug, media_id, _cell(item.type), drop_zero_fraction(item.duration)
            for label, variant in item.media.items():
                odd = (*item.oddities, *variant.oddities)
                yield *first, _cell(label), *_facts(variant, _cell), "", _odd(odd, _cell)
            if not item.media:
                yield *first, *nothing, "", _odd(item.oddities, _cell)

    return lambda items: encode_rows(rows(items)).encode()


def _object_encoder(slug: str) -> Encoder:
    lines = msgspec.json.Encoder()

    def to_object(item: MediaItem | UnreadableItem) -> dict[str, Any]:
        """Return what is written of an item."""
        if isinstance(item, UnreadableItem):
            return {"connection": slug, "media_id": item.id, "unreadable": _text(item.reason)}
        variants = [
            {
                **dict(zip(_NAMES, (_text(label), *_facts(variant, _text)), strict=True)),
                **({"odd": _odd(variant.oddities, _text)} if variant.oddities else {}),
            }
            for label, variant in item.media.items()
        ]
        return {
            "connection": slug,
            "media_id": item.id,
            "type": _text(item.type),
            "length_s": drop_zero_fraction(item.duration),
            "variants": variants,
            **({"odd": _odd(item.oddities, _text)} if item.oddities else {}),
        }

    return lambda items: lines.encode_lines(to_object(item) for item in items)


_NAMES: Final = EXPORT_COLUMNS[4:-2]


def _facts(variant: Variant, text: Callable[[str], str]) -> tuple[Any, ...]:
    return (
        text(variant.status),
        text(variant.quality),
        text(variant.content_type),
        variant.size,
        variant.accesses,
        format_moment(variant.created_ms) or None,
        format_moment(variant.stored_ms) or None,
        format_moment(variant.last_accessed_ms) or None,
        format_moment(variant.expires_ms) or None,
    )


def _odd(oddities: Sequence[Oddity], text: Callable[[str], str]) -> str:
    return text("; ".join(odd.text for odd in oddities)) if oddities else ""


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    """Return an open text of the service without ids: it may hold whatever somebody sent it."""
    return str(mask_ids(text))


@lru_cache(maxsize=4096)
def _cell(text: str) -> str:
    return escape_formula(_text(text))
