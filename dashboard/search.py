"""What a person pasted into the search box: an item's id, or a link that names one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from .vault.query import MEDIA_ID

_NO_ITEM: Final = "This link names no media item. Paste the item's ID, or a link to its page here."
_OURS: Final = re.compile(r"/c/(?P<slug>[A-Za-z0-9_-]+)/media/(?P<id>[^/]+)")
_VENDOR: Final = re.compile(r"/v2/vault-plus/media/(?P<id>[^/]+)/?$")


@dataclass(frozen=True, slots=True)
class Target:
    """An item somebody looks for; `slug` names the connection, by slug or raw id, where the text said which,
    and `ticket` is as the text had it."""

    media_id: str
    slug: str = ""
    ticket: str = ""


def target_of(text: str) -> Target:
    """The item that `text` names. Raises ValueError with a sentence for the person who pasted it."""
    text = text.strip().strip("\"'<>")
    if not text:
        raise ValueError("Paste a media ID, or a link to an item.")
    if "/" not in text and "?" not in text:
        return Target(_checked(text))
    try:
        parts = urlsplit(text)
        asked = parse_qs(parts.query, max_num_fields=50)
    except ValueError:  # brackets without an address between them, and the like
        raise ValueError(_NO_ITEM) from None
    ticket = asked.get("ticket", [""])[0]
    if parts.path.rstrip("/").endswith("/go") and asked.get("media"):
        return Target(_checked(asked["media"][0]), asked.get("connection", [""])[0], ticket)
    if found := _OURS.search(parts.path):
        return Target(_checked(unquote(found["id"])), found["slug"], ticket)
    if found := _VENDOR.search(parts.path):
        return Target(_checked(unquote(found["id"])))
    if parts.path.startswith("/v2/"):
        raise ValueError("A signed media link does not say which item it is. Paste the item's ID instead.")
    raise ValueError(_NO_ITEM)


def _checked(media_id: str) -> str:
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+", media_id):
        raise ValueError(
            "This long number has lost digits in a spreadsheet, which shortened it. Paste the ID from its "
            "source."
        )
    if re.fullmatch(r"[0-9]+\.[0-9]+", media_id):
        raise ValueError(
            "This is a number with decimals, as a spreadsheet writes it; an ID has none. Paste the ID from "
            "its source."
        )
    if media_id.startswith("conn_"):
        raise ValueError("This is a connection's ID, not an item's. Choose the connection by its name.")
    if not MEDIA_ID.fullmatch(media_id):
        raise ValueError("Not a media ID: one has 1 to 128 letters, digits, hyphens or underscores.")
    return media_id
