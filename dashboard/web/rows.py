"""Items printed as rows.

A page has a hundred rows, of few kinds: Jinja writes each kind once, with holes, and the holes are filled row
by row. Only what is checked or ours goes into a hole as it is.
"""

import re
import secrets
from collections.abc import Callable, Collection, Iterable
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

from django.template import engines
from markupsafe import Markup, escape
from msgspec.structs import replace

from dashboard.identity import Person
from dashboard.models import Connection
from dashboard.reveals import sign_listed

from .preferences import Preferences
from .presenters.media import BrokenRow, Row, Slot

HOLES: Final = (
    "id",
    "href",
    "delete_href",
    "length",
    "size",
    "first_seen",
    "first_seen_at",
    "last_seen",
    "last_seen_at",
    "thumb",
    "variants",
    "size_bytes",
)
"""The fields of a Row that differ from row to row. `thumb` is the service's and escaped; an id is checked
when it is decoded, and all others are made here of numbers and ids."""

_HOLE_MARKS: Final = {name: f"{name}{secrets.token_hex(16)}" for name in HOLES}
"""A mark a hole, which no text of the service's can guess."""

_NAMES: Final = {mark: name for name, mark in _HOLE_MARKS.items()}
_ANY_MARK: Final = re.compile("|".join(_NAMES))

PrintedKind: TypeAlias = tuple[str, Callable[[Row], tuple[Any, ...]]]
"""Rows of a kind as a text for `%`, and what returns a row's values for its holes in their order."""


class RowKind(NamedTuple):
    """All that decides what the HTML of a row is like, but for what stands in its holes."""

    type: str
    type_word: str
    strip: tuple[Slot, ...]
    odd: str
    has_thumb: bool
    no_thumb_reason: str
    loads_thumb: bool
    is_blurred: bool
    is_first: bool
    is_swapped: bool
    may_select: bool
    is_selected: bool
    may_delete: bool


def sign_rows(person: Person, connection: Connection, rows: Iterable[Row | BrokenRow]) -> str:
    """Return what lets this person reveal the thumbs of these rows."""
    return sign_listed(person, connection, [row.id for row in rows if row.id])


class RowPrinter:
    """Prints rows for one reader of one list."""

    def __init__(
        self,
        view: Preferences,
        *,
        may_delete: bool,
        selected: Collection[str] | None,
        is_swapped: bool = False,
    ) -> None:
        """`selected` is None where rows cannot be selected; swapped rows each replace the row of their id."""
        self.selected, self.may_delete, self.is_swapped = selected, may_delete, is_swapped
        # A picture of 32 px under a blur says nothing, and loading it counts as an access.
        self.loads_thumbs = view.media == "shown" or (view.media == "blurred" and view.layout == "grid")
        self.is_blurred = view.media == "blurred"
        self.kinds: dict[tuple[Any, ...], PrintedKind] = {}  # of these rows, by what tells them apart

    def print_rows(self, rows: Iterable[Row | BrokenRow]) -> Markup:
        """Return the rows as HTML."""
        macros = get_macros()
        columns = 9 if self.selected is None else 10
        printed = [
            str(macros.broken_row(row, columns, self.is_swapped))
            if isinstance(row, BrokenRow)
            else self.print_row(row, is_first=number == 0)
            for number, row in enumerate(rows)
        ]
        return Markup("".join(printed))  # noqa: S704 - see HOLES

    def print_row(self, row: Row, *, is_first: bool) -> str:
        """Return one row as HTML."""
        is_selected = self.selected is not None and row.id in self.selected
        shape = (row.strip, row.type, row.type_word, bool(row.thumb), row.no_thumb_reason, row.odd)
        key = (*shape, is_first, is_selected)
        if (printed := self.kinds.get(key)) is None:
            printed = self.kinds[key] = self.find_kind(row, is_first=is_first, is_selected=is_selected)
        if self.loads_thumbs:
            row = replace(row, thumb=str(escape(row.thumb)))
        text, read_values = printed
        return text % read_values(row)

    def find_kind(self, row: Row, *, is_first: bool, is_selected: bool) -> PrintedKind:
        """Return the row's kind as it is printed for this reader."""
        kind = RowKind(
            type=row.type,
            type_word=row.type_word,
            strip=row.strip,
            odd=row.odd,
            has_thumb=bool(row.thumb),
            no_thumb_reason=row.no_thumb_reason,
            loads_thumb=self.loads_thumbs,
            is_blurred=self.is_blurred,
            is_first=is_first,
            is_swapped=self.is_swapped,
            may_select=self.selected is not None,
            is_selected=is_selected,
            may_delete=self.may_delete,
        )
        # Odd values are seldom said twice: kept, they would push out the kinds that are.
        return (print_kind if row.odd else get_kind)(kind)


def print_kind(kind: RowKind) -> PrintedKind:
    """Return the rows of this kind with a hole for each value; Jinja has escaped the rest."""
    text = str(get_macros().row(kind, _HOLE_MARKS)).replace("%", "%%")
    names = [_NAMES[mark] for mark in _ANY_MARK.findall(text)]
    return _ANY_MARK.sub("%s", text), attrgetter(*names)


get_kind = lru_cache(maxsize=512)(print_kind)
"""The same, kept."""


@cache
def get_macros() -> Any:
    """Return the macros of `media/row.html`."""
    return engines["jinja2"].env.get_template("media/row.html").module  # type: ignore[attr-defined]
