"""Find the item that a text in the search box names: by its id, or by a link."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from dashboard.vault.query import MEDIA_ID

from .media_ids import check_piece, split_pieces

_NO_ITEM: Final = "This link names no media item. Paste the item's ID, or a link to its page here."
_OURS: Final = re.compile(r"/c/(?P<slug>[A-Za-z0-9_-]+)/media/(?P<id>[^/]+)")
_VENDOR: Final = re.compile(r"/v2/vault-plus/media/(?P<id>[^/]+)/?$")


@dataclass(frozen=True, slots=True)
class Target:
    """An item somebody looks for; `slug` names its connection, by slug or raw id, if the text did."""

    media_id: str
    slug: str = ""
    ticket: str = ""


class SeveralIds(ValueError):
    """The text names more than the one item that was asked for."""


def parse_target(text: str) -> Target:
    """Return the item that the text names. Raises SeveralIds, and ValueError with a sentence for people."""
    targets: dict[str, Target] = {}
    reasons: list[ValueError] = []
    for piece in split_pieces(text):
        try:
            target = parse_piece(piece)
        except ValueError as reason:
            reasons.append(reason)
        else:
            known = targets.get(target.media_id)
            targets[target.media_id] = known if known and known.slug else target
    if targets and reasons:
        raise SeveralIds(
            "Part of this cannot be read. Paste one ID or link alone, or look up all of it to see which part."
        )
    if len(targets) > 1:
        raise SeveralIds(f"These are {len(targets):,} media IDs. Look them up together.")
    if reasons:
        raise reasons[0]
    if not targets and MEDIA_ID.fullmatch(text.strip()):  # hyphens alone, which part the pieces of a list
        return Target(text.strip())
    if not targets:
        raise ValueError("Paste a media ID, or a link to an item.")
    return targets.popitem()[1]


def parse_piece(piece: str) -> Target:
    """Return the item that a piece of a text names: an ID or a link. Raises ValueError with a sentence."""
    if "/" not in piece and "?" not in piece:
        return Target(check_piece(piece))
    try:
        parts = urlsplit(piece)
        asked = parse_qs(parts.query, max_num_fields=50)
    except ValueError:  # brackets without an address between them, and the like
        raise ValueError(_NO_ITEM) from None
    ticket = asked.get("ticket", [""])[0]
    if parts.path.rstrip("/").endswith("/go") and asked.get("media"):
        return Target(_parse_only_id(asked["media"][0]), asked.get("connection", [""])[0], ticket)
    if found := _OURS.search(parts.path):
        return Target(_parse_only_id(unquote(found["id"])), found["slug"], ticket)
    if found := _VENDOR.search(parts.path):
        return Target(_parse_only_id(unquote(found["id"])))
    if parts.path.startswith("/v2/"):
        raise ValueError("A signed media link does not say which item it is. Paste the item's ID instead.")
    raise ValueError(_NO_ITEM)


def _parse_only_id(text: str) -> str:
    pieces = list(split_pieces(text))
    if len(pieces) > 1:
        raise ValueError("This link names several IDs. Paste them without the link.")
    return check_piece(pieces[0] if pieces else text)
