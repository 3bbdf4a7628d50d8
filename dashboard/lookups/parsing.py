"""Parse what a person pasted to look for many items: ids once each, in order, and why the rest is none."""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from dashboard.logs import mask_ids

from .media_ids import is_plain, split_pieces
from .references import parse_piece

MAX_LINK_LENGTH: Final = 2000
"""Characters of one link; what is longer without a gap is none."""

MAX_MALFORMED_LENGTH: Final = 48
MAX_MALFORMED_LISTED: Final = 1000
"""Different texts that are no ids; those beyond are only counted."""

_COLUMNS: Final = ("mediaid", "media", "id")
"""Heads of a table's column that holds the ids, the surest first, written without signs between letters."""
_FEW_DIGITS: Final = re.compile(r"[0-9]{1,4}")
MAX_DIGIT_GROUPS: Final = 44
"""Groups of digits that the thousands of a number as long as an id may be parted into."""


class MalformedText(NamedTuple):
    """A text that is no id, shortened, with the reason and how often it stood there."""

    text: str
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class PastedIds:
    """The ids in a text. `repeated` says how often an id stood there beyond the first time; `unlisted`
    how many more texts are no ids than are `malformed`; `column` is the head of the only column that was
    read, where the text is a table."""

    ids: list[str]
    repeated: dict[str, int]
    malformed: list[MalformedText]
    unlisted: int = 0
    column: str = ""

    @property
    def repeats(self) -> int:
        return sum(self.repeated.values())

    @property
    def malformed_count(self) -> int:
        return sum(one.times for one in self.malformed) + self.unlisted


def decode_file(content: bytes) -> str:
    """Return the text of a file. Raises ValueError with a sentence for a file that holds none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\x00" in content[:4096] or content.startswith((b"PK\x03\x04", b"%PDF")):
        raise ValueError("This file holds no plain text. Save the spreadsheet as CSV, or paste its IDs.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def parse_ids(text: str) -> PastedIds:
    """Return the ids in `text`, and what in it is none; of a table with a column for ids, that alone."""
    column, cells = _find_id_column(text)
    times: dict[str, int] = {}
    wrong: dict[tuple[str, str], int] = {}
    unlisted = 0
    for piece, count in split_pieces(text if cells is None else "\n".join(cells)).items():
        if is_plain(piece):
            times[piece] = times.get(piece, 0) + count
            continue
        if len(wrong) >= MAX_MALFORMED_LISTED and "/" not in piece and "?" not in piece:
            unlisted += count
            continue
        try:
            media_id = _parse_id(piece)
        except ValueError as reason:
            key = (_shorten_piece(piece), mask_ids(str(reason)))
            wrong[key] = wrong.get(key, 0) + count
        else:
            times[media_id] = times.get(media_id, 0) + count
    listed = [MalformedText(piece, reason, count) for (piece, reason), count in wrong.items()]
    return PastedIds(
        ids=list(times),
        repeated={media_id: count - 1 for media_id, count in times.items() if count > 1},
        malformed=listed[:MAX_MALFORMED_LISTED],
        unlisted=unlisted + sum(one.times for one in listed[MAX_MALFORMED_LISTED:]),
        column=column,
    )


def _parse_id(piece: str) -> str:
    if len(piece) > MAX_LINK_LENGTH:
        raise ValueError(f"{len(piece):,} characters without a gap are neither an ID nor a link.")
    return parse_piece(piece).media_id


def _shorten_piece(piece: str) -> str:
    """Return what may be kept of a piece: nothing of a connection's id, and of a link only where it leads."""
    if "conn_" in piece:
        return "conn_…"
    if "://" in piece:
        try:
            host = urlsplit(piece[:MAX_LINK_LENGTH]).hostname or ""
        except ValueError:  # brackets without an address between them, and the like
            host = ""
        piece = f"{piece.partition('://')[0]}://{host}/…"
    elif "/v2/" in piece:
        piece = f"{piece.partition('/v2/')[0]}/v2/…"
    else:
        piece = piece.partition("?")[0] or "?…"
    cut = piece if len(piece) <= MAX_MALFORMED_LENGTH else f"{piece[: MAX_MALFORMED_LENGTH - 1]}…"
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in cut)


def _find_id_column(text: str) -> tuple[str, list[str] | None]:
    table = text.lstrip("\ufeff \t\r\n")
    first = (table[: MAX_LINK_LENGTH + 1].splitlines() or [""])[0]
    if re.fullmatch(r"sep=[,;|\t]", first):  # how a spreadsheet is told what parts its cells
        table = table[len(first) :].lstrip("\r\n")
        first = (table[: MAX_LINK_LENGTH + 1].splitlines() or [""])[0]
    if len(first) > MAX_LINK_LENGTH:
        return "", None
    parted_by = max(",;\t|", key=first.count)
    try:
        heads = [head.strip() for head in next(csv.reader([first], delimiter=parted_by), [])]
        place = _find_id_index(heads)
        if place is None:
            return "", None
        if len(heads) == 1:
            return heads[0], [table[len(first) :]]
        rows = csv.reader(io.StringIO(table, newline=""), delimiter=parted_by)
        next(rows)
        if parted_by == ",":
            return heads[place], [_find_id_cell(row, place, len(heads)) for row in rows if len(row) > place]
        return heads[place], [row[place] for row in rows if len(row) > place]
    except csv.Error:  # quotes that never end, say: then it is text like any other
        return "", None


def _find_id_cell(row: list[str], place: int, width: int) -> str:
    """Return the cell that holds the id; of a row that commas within a number made too long, that number."""
    start = 0 if any(row[width:]) else place + 1
    while start <= place:
        digits = list(takewhile(_FEW_DIGITS.fullmatch, row[start : start + MAX_DIGIT_GROUPS]))
        if any(len(group) > 2 for group in digits[1:]):
            return ",".join(digits)
        start += len(digits) or 1
    return row[place]


def _find_id_index(heads: list[str]) -> int | None:
    if any(re.fullmatch(r"[0-9]+", head) for head in heads):
        return None
    plain = [re.sub(r"[\W_]", "", head).lower() for head in heads]
    return next((plain.index(name) for name in _COLUMNS if name in plain), None)
