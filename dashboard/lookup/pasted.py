"""What a person pasted or dropped when they look for many items: each id once, in the order it came.

Anything may stand between ids. What is no id is kept with the reason, never guessed at; and however the text
is made, reading it takes a time that grows with its length and no faster.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from dashboard.logs import masked
from dashboard.search import target_of
from dashboard.vault.query import MEDIA_ID

LONGEST_LINK: Final = 2000
"""Characters of one link; what is longer without a gap is none."""

LONGEST_SHOWN: Final = 48
"""Characters that are kept of a text that is no id."""

MOST_SHOWN: Final = 1000
"""Different texts that are no ids; those beyond are only counted."""

_COLUMNS: Final = ("mediaid", "media", "id")
"""Heads of a table's column that holds the ids, the surest first, written without signs between letters."""

_GAPS: Final = (
    r"\s,;|\"'`<>()\[\]{}"
    "\u2018-\u201f\u00ab\u00bb\u2039\u203a"  # quotes
    "\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"  # what is pasted along and cannot be seen
)
_SHORTENED: Final = rf"[0-9][.,][0-9]++[eE]\+?[0-9]++(?![^{_GAPS}])"
"""A spreadsheet's `4,49E+09`, where the comma parts nothing."""
_PIECE: Final = re.compile(rf"{_SHORTENED}|[^{_GAPS}]++")
_EDGES: Final = ".:!?#*=&\u2022\u00b7\u2026\u2013\u2014"
"""Signs that text or a list puts around an id."""
_SAYS_SOMETHING: Final = re.compile(r"[^\W_]")
_PLAIN: Final = re.compile(rf"(?=[_-]*+[A-Za-z0-9])(?![0-9]++[eE][0-9]++\Z){MEDIA_ID.pattern}")
"""An id as it is: most pieces are one, and need no closer look."""


class Malformed(NamedTuple):
    """A text that is no id, shortened; why; and how often it stood there."""

    text: str
    why: str
    times: int


@dataclass(frozen=True, slots=True)
class Pasted:
    """What the text holds. `repeated` says how often an id stood there beyond the first time; `unlisted` how
    many more texts are no ids than are `malformed`; `column` is the head of the only column that was read,
    where the text is a table."""

    ids: list[str]
    repeated: dict[str, int]
    malformed: list[Malformed]
    unlisted: int = 0
    column: str = ""

    @property
    def repeats(self) -> int:
        return sum(self.repeated.values())

    @property
    def malformed_count(self) -> int:
        return sum(one.times for one in self.malformed) + self.unlisted


def decoded(content: bytes) -> str:
    """The text of a file. Raises ValueError with a sentence for a file that holds none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\x00" in content[:4096] or content.startswith((b"PK\x03\x04", b"%PDF")):
        raise ValueError("This file holds no plain text. Save the spreadsheet as CSV, or paste its IDs.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str) -> Pasted:
    """The ids in `text`, and what in it is none; of a table with a column for ids that column alone."""
    column, cells = _column_of(text)
    pieces = Counter(_PIECE.findall(text if cells is None else "\n".join(cells)))
    times: dict[str, int] = {}
    wrong: dict[tuple[str, str], int] = {}
    unlisted = 0
    for whole, count in pieces.items():
        piece = whole.strip(_EDGES)
        if _PLAIN.fullmatch(piece):
            times[piece] = times.get(piece, 0) + count
            continue
        if not _SAYS_SOMETHING.search(piece):
            continue
        if len(wrong) >= MOST_SHOWN and "/" not in piece and "?" not in piece:
            unlisted += count
            continue
        try:
            media_id = _id_in(piece)
        except ValueError as reason:
            key = (_shown(piece), masked(str(reason)))
            wrong[key] = wrong.get(key, 0) + count
        else:
            times[media_id] = times.get(media_id, 0) + count
    listed = [Malformed(shown, why, count) for (shown, why), count in wrong.items()]
    return Pasted(
        ids=list(times),
        repeated={media_id: count - 1 for media_id, count in times.items() if count > 1},
        malformed=listed[:MOST_SHOWN],
        unlisted=unlisted + sum(one.times for one in listed[MOST_SHOWN:]),
        column=column,
    )


def _id_in(piece: str) -> str:
    if len(piece) > LONGEST_LINK:
        raise ValueError(f"{len(piece):,} characters without a gap are neither an ID nor a link.")
    return target_of(piece).media_id


def _shown(piece: str) -> str:
    """What may be kept of it: nothing of a connection's id, and of a link only where it leads."""
    if "conn_" in piece:
        return "conn_…"
    if "://" in piece:
        try:
            host = urlsplit(piece[:LONGEST_LINK]).hostname or ""
        except ValueError:  # brackets without an address between them, and the like
            host = ""
        piece = f"{piece.partition('://')[0]}://{host}/…"
    elif "/v2/" in piece:
        piece = f"{piece.partition('/v2/')[0]}/v2/…"
    else:
        piece = piece.partition("?")[0] or "?…"
    cut = piece if len(piece) <= LONGEST_SHOWN else f"{piece[: LONGEST_SHOWN - 1]}…"
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in cut)


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────


def _column_of(text: str) -> tuple[str, list[str] | None]:
    """The head of the column that holds the ids, and its cells; `("", None)` where this is no such table."""
    table = text.lstrip("\ufeff \t\r\n")
    first = (table[: LONGEST_LINK + 1].splitlines() or [""])[0]
    if re.fullmatch(r"sep=[,;|\t]", first):  # how a spreadsheet is told what parts its cells
        table = table[len(first) :].lstrip("\r\n")
        first = (table[: LONGEST_LINK + 1].splitlines() or [""])[0]
    if len(first) > LONGEST_LINK:
        return "", None
    parted_by = max(",;\t|", key=first.count)
    try:
        heads = [head.strip() for head in next(csv.reader([first], delimiter=parted_by), [])]
        place = _place_of_ids(heads)
        if place is None:
            return "", None
        rows = csv.reader(io.StringIO(table, newline=""), delimiter=parted_by)
        next(rows)
        return heads[place], [row[place] for row in rows if len(row) > place]
    except csv.Error:  # quotes that never end, say: then it is text like any other
        return "", None


def _place_of_ids(heads: list[str]) -> int | None:
    """Which of the heads stands over ids; a line with a number in it is no row of heads."""
    if any(re.fullmatch(r"[0-9]+", head) for head in heads):
        return None
    plain = [re.sub(r"[\W_]", "", head).lower() for head in heads]
    return next((plain.index(name) for name in _COLUMNS if name in plain), None)
