"""Which items of a walk came already: the service may list one twice, on a page or pages apart."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from dashboard.vault import MediaItem, UnreadableItem

logger = logging.getLogger(__name__)


class KnownItems:
    """Items by their ids: exactly, and in the same memory however many there are, for they lie in a database
    without a name that goes with its connection. For one thread at a time."""

    def __init__(self) -> None:
        self.works = True
        self._disk = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for line in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "PRAGMA cache_size=-4000",
            "CREATE TABLE known (id TEXT PRIMARY KEY) WITHOUT ROWID",
            "BEGIN",
        ):
            self._disk.execute(line)

    def fresh(self, items: Iterable[MediaItem | UnreadableItem]) -> list[MediaItem | UnreadableItem]:
        """Return those of the items that did not come before. One that does not even tell its id counts as
        new, and so does every one once the disk is full."""
        return [item for item in items if item.id is None or self.is_new(item.id)]

    def is_new(self, media_id: str) -> bool:
        """Return whether the id did not come before; it is known from now on."""
        if not self.works:
            return True
        try:
            return self._disk.execute("INSERT OR IGNORE INTO known VALUES (?)", (media_id,)).rowcount == 1
        except sqlite3.Error as broken:
            logger.warning("A walk goes on without knowing repeats: %s", broken)
            self.works = False
            return True

    def clear(self) -> None:
        """Forget them; what comes next is new."""
        with suppress(sqlite3.Error):
            self._disk.execute("DELETE FROM known")

    def close(self) -> None:
        """Let go of the disk."""
        self._disk.close()
