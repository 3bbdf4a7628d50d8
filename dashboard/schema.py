"""Checks that the database has every migration of this program. Once it has, asking costs nothing."""

import logging
import os
import threading
from contextlib import suppress
from typing import Final

from django.db import DatabaseError, OperationalError, ProgrammingError, close_old_connections
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

logger = logging.getLogger(__name__)

MIGRATION_POLL_SECONDS: Final = 2.0

_migrated: Final = threading.Event()


def is_migrated() -> bool | None:
    """Return True if every migration was applied, None if that may not be read. Raises DatabaseError."""
    if not _migrated.is_set():
        try:
            executor = MigrationExecutor(database)
        except ProgrammingError:
            return None
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.set()
    return True


def is_behind(error: Exception) -> bool:
    """Return True if a missing migration explains this error of the database."""
    if not isinstance(error, ProgrammingError) and database.vendor != "sqlite":
        return False  # PostgreSQL says otherwise that it does not answer; SQLite has one error for both
    forget_state()
    with suppress(DatabaseError):
        return is_migrated() is False
    return False


def takes_changes() -> bool:
    """Return whether the database is open for changes, as far as it says so. Raises DatabaseError."""
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("SELECT current_setting('transaction_read_only')")
            return bool(cursor.fetchone()[0] == "off")
        cursor.execute("SELECT query_only FROM pragma_query_only")
        return not cursor.fetchone()[0] and os.access(database.settings_dict["NAME"], os.W_OK)


def wait_until_migrated(stop: threading.Event, who: str) -> bool:
    """Wait for every migration, logging each reason once. Return False if `stop` is set first."""
    said = ""
    while not stop.is_set():
        try:
            close_old_connections()
            if is_migrated() is not False:
                return True
            why = "the database lacks migrations: run manage.py migrate"
        except OperationalError as broken:
            why = f"the database does not answer: {type(broken).__name__}"
        if why != said:
            logger.warning("%s waits, %s", who, why)
            said = why
        stop.wait(MIGRATION_POLL_SECONDS)
    return False


def forget_state() -> None:
    """Forget that the database has every migration, so that it is asked again."""
    _migrated.clear()
