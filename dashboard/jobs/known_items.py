"""The items that a walk has read: the service may list one twice, on a page or pages apart."""

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import suppress

from dashboard.vault import MediaItem, UnreadableItem

logger = logging.getLogger(__name__)


class KnownItems:
    """A set of ids in a temporary database on the disk. `works` is False once the disk was full."""

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

    def add_new(self, items: Iterable[MediaItem | UnreadableItem]) -> list[MediaItem | UnreadableItem]:
        """Add the items, and return the new ones: also those without an id, and on a full disk all."""
        return [item for item in items if item.id is None or self.add(item.id)]

    def add(self, media_id: str) -> bool:
        """Add the id, and return True if it was not known."""
        if not self.works:
            return True
        try:
            return self._disk.execute("INSERT OR IGNORE INTO known VALUES (?)", (media_id,)).rowcount == 1
        except sqlite3.Error as broken:
            logger.warning("A walk goes on without knowing repeats: %s", broken)
            self.works = False
            return True

    def clear(self) -> None:
        with suppress(sqlite3.Error):
            self._disk.execute("DELETE FROM known")

    def close(self) -> None:
        self._disk.close()
