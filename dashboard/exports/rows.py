"""Items of the cache as they are taken away: a row a variant, or an object an item.

Never a link, and no connection but by its slug. A million items pass through here, so nothing is made of a
page but its text: moments are printed from the service's own milliseconds, and texts of which there are few
are looked at once.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from dashboard.logs import masked
from dashboard.models import Connection
from dashboard.spreadsheets import Sheet, safe
from dashboard.vault import MEDIA_ID, MediaItem, Oddity, UnreadableItem, Variant

Items = Sequence[MediaItem | UnreadableItem]
Writer = Callable[[Items], bytes]

COLUMNS: Final = (
    "connection",
    "media_id",
    "type",
    "length_s",
    "variant",
    "status",
    "quality",
    "content_type",
    "bytes",
    "accesses",
    "first_seen",
    "stored",
    "last_access",
    "link_expires",
    "unreadable",
    "odd",
)
"""`bytes` is empty while they are not known; `unreadable` says why there is nothing else, `odd` what came in
place of a value that could not be read."""

_DAY_MS: Final = 24 * 60 * 60 * 1000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MINUTES: Final = [f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
_SECONDS: Final = [f"{second:02}." for second in range(60)]
_MILLISECONDS: Final = [f"{ms:03}Z" for ms in range(1000)]


def head(form: str) -> bytes:
    """What a file of this format begins with."""
    return Sheet().head(COLUMNS).encode() if form == "csv" else b""


def writer(form: str, connection: Connection) -> Writer:
    """Turns the items of a page into the bytes that stand for them."""
    return _table(connection.slug) if form == "csv" else _objects(connection.slug)


def ids_in(path: Path, form: str) -> Iterator[str]:
    """Return the id of each row, or each item, of a file that `writer` wrote, whole lines of it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        if form == "csv":
            rows = csv.reader(file)
            next(rows, None)
            cells = (row[1] for row in rows)
        else:
            cells = (msgspec.json.decode(line)["media_id"] or "" for line in file)
        for cell in cells:
            if found := MEDIA_ID.search(cell):  # a cell may have a sign before it, see `safe`
                yield found[0]


def moment(ms: float | None) -> str:
    """`2026-11-21T09:30:00.000Z` of Unix milliseconds; empty for None, and for 0, the service's never."""
    if not ms:
        return ""
    day, rest = divmod(int(ms), _DAY_MS)
    minute, rest = divmod(rest, 60_000)
    return f"{_date(day)}{_MINUTES[minute]}{_SECONDS[rest // 1000]}{_MILLISECONDS[rest % 1000]}"


def seconds(length: float | None) -> float | int | None:
    """A length as it is written: without a fraction where it has none."""
    return int(length) if length is not None and length.is_integer() else length


def _table(slug: str) -> Writer:
    sheet = Sheet()
    nothing = ("",) * 10

    def rows(items: Items) -> Iterator[tuple[Any, ...]]:
        for item in items:
            media_id = safe(item.id or "")
            if isinstance(item, UnreadableItem):
                yield slug, media_id, "", "", *nothing, _cell(item.reason), ""
                continue
            first = slug, media_id, _cell(item.type), seconds(item.duration)
            for label, variant in item.media.items():
                odd = (*item.oddities, *variant.oddities)
                yield *first, _cell(label), *_facts(variant, _cell), "", _odd(odd, _cell)
            if not item.media:
                yield *first, *nothing, "", _odd(item.oddities, _cell)

    return lambda items: sheet.lines(rows(items)).encode()


def _objects(slug: str) -> Writer:
    lines = msgspec.json.Encoder()

    def written(item: MediaItem | UnreadableItem) -> dict[str, Any]:
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
            "length_s": seconds(item.duration),
            "variants": variants,
            **({"odd": _odd(item.oddities, _text)} if item.oddities else {}),
        }

    return lambda items: lines.encode_lines(written(item) for item in items)


_NAMES: Final = COLUMNS[4:-2]


def _facts(variant: Variant, text: Callable[[str], str]) -> tuple[Any, ...]:
    return (
        text(variant.status),
        text(variant.quality),
        text(variant.content_type),
        variant.size,
        variant.accesses,
        moment(variant.created_ms) or None,
        moment(variant.stored_ms) or None,
        moment(variant.last_accessed_ms) or None,
        moment(variant.expires_ms) or None,
    )


def _odd(oddities: Sequence[Oddity], text: Callable[[str], str]) -> str:
    return text("; ".join(odd.text for odd in oddities)) if oddities else ""


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    """`2026-11-21` of the days since 1970."""
    return date.fromordinal(_EPOCH + day).isoformat()


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    """An open text of the service, which may hold whatever somebody sent it."""
    return str(masked(text))


@lru_cache(maxsize=4096)
def _cell(text: str) -> str:
    return safe(_text(text))
