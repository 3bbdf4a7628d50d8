"""A page of the list: its rows, its chips, and where Next, Previous and every chip lead."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from dashboard.models import Connection
from dashboard.units import format_iso, format_length
from dashboard.vault import DEFAULT_ITEMS_PER_PAGE, MediaPage, MediaQuery
from dashboard.vault.query import FILTER_FIELDS
from dashboard.web.addresses import reverse_url

from .media import STATUS_WORDS, TYPE_WORDS, BrokenRow, Row, RowBuilder, build_live_href

MAX_TRAIL_LENGTH: Final = 2000
"""Characters of past cursors kept in an address; beyond it Previous leads to the first page."""

MAX_CURSOR_LENGTH: Final = 4096

SORT_WORDS: Final = {
    "createdAt_desc": "Newest first seen",
    "createdAt_asc": "Oldest first seen",
    "cachedAt_desc": "Newest stored",
    "cachedAt_asc": "Oldest stored",
    "duration_desc": "Longest",
    "duration_asc": "Shortest",
}

NARROWEST_FIRST: Final = (
    "content_type",
    "duration_min",
    "duration_max",
    "cached_at_from",
    "cached_at_to",
    "created_at_from",
    "created_at_to",
    "status",
    "type",
)


class Chip(NamedTuple):
    """An applied filter; `href` is the list without it."""

    name: str
    text: str
    href: str


class ListPage:
    """The list's page. The API knows no previous cursor, so the address has the trail of those before."""

    def __init__(self, connection: Connection, query: MediaQuery, trail: list[str], page: MediaPage) -> None:
        self.connection = connection
        self.query = query
        self.trail = trail if query.cursor else []
        builder = RowBuilder(connection, query)
        self.rows: list[Row | BrokenRow] = builder.build_rows(page.items)
        self.base = builder.base
        self.href = self._href(query, self.trail)
        self.next_href = self._next_href(page.next_cursor)
        self.is_cut = page.next_cursor is not None and not self.next_href
        self.previous_href = self._previous_href()
        self.first_href = self._href(query.replace(), [])
        self.export_href = build_export_href(connection, query)
        self.clear_href = self._href(MediaQuery(limit=query.limit, sort=query.sort), [])
        self.chips = [
            Chip(name, describe_filter(name, query), self._href(query.replace(**{name: None}), []))
            for name in list_filters(query)
        ]
        self.moving = sum(isinstance(row, Row) and row.moving for row in self.rows)
        # The API gives no total, so none is claimed.
        self.summary = f"{len(self.rows)} shown{', more available' if self.next_href else ''}"
        self.next_label = f"Next {query.limit}"
        self.narrowest = find_narrowest(self.chips, NARROWEST_FIRST)
        self.live_href = build_live_href(connection, query)

    def _href(self, query: MediaQuery, trail: list[str]) -> str:
        tail = urlencode([("trail", cursor) for cursor in trail])
        asked = "&".join(part for part in (query.to_url(), tail) if part)
        return f"{self.base}?{asked}" if asked else self.base

    def _next_href(self, cursor: str | None) -> str:
        """Return "" at the end, and if the cursor leads back to this place or is too long for a link."""
        if cursor is None or cursor == self.query.cursor or len(cursor) > MAX_CURSOR_LENGTH:
            return ""
        trail = [*self.trail, self.query.cursor] if self.query.cursor else []
        while sum(map(len, trail)) > MAX_TRAIL_LENGTH:
            trail = trail[1:]
        return self._href(self.query.replace(cursor=cursor), trail)

    def _previous_href(self) -> str:
        if not self.query.cursor:
            return ""
        if not self.trail:
            return self._href(self.query.replace(), [])
        *before, last = self.trail
        return self._href(self.query.replace(cursor=last), before)


def find_narrowest(chips: list[Chip], narrowest_first: Sequence[str]) -> Chip | None:
    """Return the chip whose removal is likeliest to bring something back."""
    by_name = {chip.name: chip for chip in chips}
    return next((by_name[name] for name in narrowest_first if name in by_name), None)


def build_export_href(connection: Connection, query: MediaQuery) -> str:
    """Return the address that asks how to export all that fits, whatever page one looks at."""
    asked = query.replace(limit=DEFAULT_ITEMS_PER_PAGE).to_url()
    return f"{reverse_url('media-export', connection.slug)}{'?' if asked else ''}{asked}"


def list_filters(query: MediaQuery) -> list[str]:
    """Return the names of the filters that are set."""
    return [name for name in FILTER_FIELDS if getattr(query, name) is not None]


def describe_filter(name: str, query: MediaQuery) -> str:
    """Return a filter in words: `Status: Stored`, `Length from 0:10`, `First seen since 2026-06-01`."""
    value = getattr(query, name)
    match name:
        case "status":
            return f"Status: {STATUS_WORDS[value]}"
        case "type":
            return f"Type: {TYPE_WORDS[value]}"
        case "content_type":
            return f"MIME: {value}"
        case "duration_min":
            return f"Length from {format_length(value)}"
        case "duration_max":
            return f"Length up to {format_length(value)}"
    what = "First seen" if name.startswith("created") else "Stored"
    return f"{what} {'since' if name.endswith('from') else 'until'} {format_moment(value)}"


def format_moment(value: datetime) -> str:
    """Return a day by its date alone; any other moment as exact as it was given."""
    return format_iso(value).replace("T00:00:00.000Z", "").replace(".000Z", "Z").replace("T", " ")


def list_limits(current: int | None) -> list[int]:
    """Return the page sizes on offer, the one in use among them."""
    return sorted({25, DEFAULT_ITEMS_PER_PAGE, 100, current or DEFAULT_ITEMS_PER_PAGE})
