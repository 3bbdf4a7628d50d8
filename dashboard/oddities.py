"""Words for what is odd about an item: the field, its value as it came, and why it is odd."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from .vault import MediaItem, Oddity

MAX_ODDITIES_LISTED: Final = 12
MAX_LABEL_LENGTH: Final = 200
"""Characters of a label that links and records carry."""

_MAX_SHOWN: Final = 60
_FIELDS: Final = {
    "type": ("type", ""),
    "duration": ("length", " seconds"),
    "media": ("variants", ""),
    "variant": ("variant", ""),
    "label": ("label", ""),
    "status": ("status", ""),
    "quality": ("quality", ""),
    "sizeBytes": ("size", " bytes"),
    "contentType": ("MIME type", ""),
    "accessCount": ("accesses", " accesses"),
    "createdAt": ("first seen", " ms"),
    "expiresAt": ("link ends", " ms"),
    "storedAt": ("stored", " ms"),
    "lastAccessedAt": ("last access", " ms"),
    "url": ("link", ""),
}
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def format_oddity(odd: Oddity) -> str:
    """Return the value and the reason: `1024.5 bytes (not a whole number)`."""
    unit = _FIELDS[odd.name][1] if odd.raw[-1:].isdigit() else ""
    return f"{odd.raw}{unit} ({odd.reason})" if odd.raw else odd.reason


def list_oddities(item: MediaItem) -> list[str]:
    """Return a line an odd field, its variant's label before it; at most MAX_ODDITIES_LISTED and one."""
    lines = list(_lines(item))
    left = len(lines) - MAX_ODDITIES_LISTED
    return lines if left <= 0 else [*lines[:MAX_ODDITIES_LISTED], f"and {left} more"]


def _lines(item: MediaItem) -> Iterator[str]:
    for odd in item.oddities:
        yield f"{_FIELDS[odd.name][0]}: {format_oddity(odd)}"
    for label, variant in item.media.items():
        for odd in variant.oddities:
            yield f"{make_label_visible(label)}, {_FIELDS[odd.name][0]}: {format_oddity(odd)}"


@lru_cache(maxsize=1024)
def make_label_visible(label: str) -> str:
    """Return the label as a short line that can be seen: what hides or turns text is written as its code."""
    line = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", label)
    if len(line) > _MAX_SHOWN:
        line = line[: _MAX_SHOWN - 1] + "…"
    return line if line.strip() else "(no label)"
