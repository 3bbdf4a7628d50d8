"""Tables to take away as CSV, without a cell that acts as a formula; and what any file is sent as."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Final

FORMATS: Final = {"csv": "CSV", "jsonl": "JSON Lines"}
CONTENT_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it the usual spreadsheet takes UTF-8 for the letters of some old code page; programs that would
stumble over it have JSON Lines."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also in full width, which some spreadsheets read alike."""


# IDs stand in a table as they are. A spreadsheet that only opens the file makes numbers of them; but to other
# programs a sign before them would be part of the ID, and ="…" is a formula. So the pages say how to import.


def safe(text: str) -> str:
    """`text` as one that stays a text: what would begin a formula has an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def attachment(name: str) -> str:
    """The header by which a browser keeps an answer as a file; the name is of our own letters."""
    return f'attachment; filename="{name}"'


class Sheet:
    """Rows to text. Every cell is quoted: a spreadsheet that parts at semicolons would else begin a formula
    in the middle of a text. Cells have to be `safe` already, or numbers."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._table = csv.writer(self, quoting=csv.QUOTE_ALL)

    def write(self, line: str) -> None:
        """What the table's own writer calls."""
        self._written.append(line)

    def head(self, names: Iterable[str]) -> str:
        """The first line: the columns' names, behind the mark that spreadsheets look for."""
        return BYTE_ORDER_MARK + self.lines([names])

    def lines(self, rows: Iterable[Iterable[object]]) -> str:
        """These rows, a line each."""
        self._table.writerows(rows)
        text = "".join(self._written)
        self._written.clear()
        return text
