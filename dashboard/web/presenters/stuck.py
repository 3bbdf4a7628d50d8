"""Items that the service has been at for long: variants still waiting or being stored an hour after they
were first seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from dashboard import service
from dashboard.models import Connection
from dashboard.vault import MAX_LIMIT, MediaItem, MediaQuery, UnreadableItem

from .media import STATUS_WORDS, BrokenRow, Row, Shelf

LONG: Final = timedelta(hours=1)
"""What is usual is seconds."""

STATES: Final = ("pending", "storing")
"""The service filters by one of them at a time, so each is asked for by itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two questions: its list in full, and whether that holds more than stands here."""

    word: str
    href: str
    found: int
    has_more: bool

    @property
    def shown(self) -> str:
        return f"{self.found} {self.word.lower()}{', more available' if self.has_more else ''}"


def queries() -> list[MediaQuery]:
    """What to ask: the oldest first, in whole minutes, so that the links to the lists are short."""
    since = (timezone.now() - LONG).replace(second=0, microsecond=0)
    return [
        MediaQuery(status=status, created_at_to=since, sort="createdAt_asc", limit=MAX_LIMIT)
        for status in STATES
    ]


class StuckPage:
    """What both questions found, as rows from the oldest on; an item that both found stands there once."""

    def __init__(self, connection: Connection) -> None:
        asked = queries()
        pages = service.list_each(connection, asked)
        items = {item.id or str(id(item)): item for page in pages for item in page.items}
        self.rows: list[Row | BrokenRow] = Shelf(connection, statuses=STATES).rows(
            sorted(items.values(), key=first_seen)
        )
        self.parts = [
            Part(
                STATUS_WORDS[str(query.status)],
                f"{connection.media_url}?{query.as_url()}",
                len(page.items),
                page.next_cursor is not None,
            )
            for query, page in zip(asked, pages, strict=True)
        ]

    @property
    def shown(self) -> str:
        return " · ".join(part.shown for part in self.parts if part.found)


def first_seen(item: MediaItem | UnreadableItem) -> float:
    """In Unix milliseconds; what is not known stands last."""
    if isinstance(item, UnreadableItem):
        return float("inf")
    times = (variant.created_ms for variant in item.media.values() if variant.created_ms)
    return min(times, default=float("inf"))
