"""Tables as CSV without a cell that acts as a formula, and the headers that any file is sent with."""

import csv
import io
from collections.abc import Iterable
from typing import Final

FORMATS: Final = {"csv": "CSV", "jsonl": "JSON Lines"}
CONTENT_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

BYTE_ORDER_MARK: Final = "\ufeff"
"""For spreadsheets, which take UTF-8 for some old code page without it; programs have JSON Lines."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also in full width, which some spreadsheets read alike."""


# IDs stand in a table as they are. A spreadsheet that only opens the file makes numbers of them; but to other
# programs a sign before them would be part of the ID, and ="…" is a formula. So the pages say how to import.


def escape_formula(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def content_disposition(name: str) -> str:
    """Return the Content-Disposition by which a browser saves the answer under this ASCII name."""
    return f'attachment; filename="{name}"'


def encode_head_row(names: Iterable[str]) -> str:
    """Return the first line: the names of the columns, behind the mark that spreadsheets look for."""
    return BYTE_ORDER_MARK + encode_rows([names])


def encode_rows(rows: Iterable[Iterable[object]]) -> str:
    """Return the rows as CSV; cells are numbers, or texts that `escape_formula` returned.

    Every cell is quoted: a spreadsheet that splits at semicolons would else begin a formula within a text.
    """
    table = io.StringIO(newline="")
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows(rows)
    return table.getvalue()
