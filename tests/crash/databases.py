"""The program's database as somebody else sees it: read, changed and locked from outside."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg

from tests.postgresql import as_role

PATIENCE: Final = 20.0
"""Seconds that something may take on a busy machine."""


class Database(Protocol):
    name: str
    url: str
    """For the programs."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds: only what is committed."""

    def write(self, sql: str) -> int:
        """Change rows and commit; how many they were."""

    def locked(self) -> Any:
        """While the block lasts, everybody else's writing transaction waits before it can commit."""

    def wait_for_writers(self, count: int) -> None:
        """Return when so many wait for the lock."""

    def close(self) -> None:
        """Ask it nothing more."""


class Sqlite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "crash.sqlite3"
        self.url = f"sqlite:///{self._path}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection:
            return connection.execute(sql).fetchall()

    def write(self, sql: str) -> int:
        with closing(self._connect()) as connection:
            return connection.execute(sql).rowcount

    @contextmanager
    def locked(self) -> Iterator[None]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def wait_for_writers(self, count: int) -> None:
        time.sleep(0.4)  # nothing tells who waits for a file's lock

    def close(self) -> None:
        """Nothing is left open."""

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)


class Postgresql:
    name = "PostgreSQL"

    def __init__(self, owner_url: str) -> None:
        self.owner_url = owner_url
        self.url = as_role(owner_url)
        self._connection = psycopg.connect(owner_url, autocommit=True)  # one: the tests ask all the time

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql.encode()).fetchall()

    def write(self, sql: str) -> int:
        return self._connection.execute(sql.encode()).rowcount

    @contextmanager
    def locked(self) -> Iterator[None]:
        with psycopg.connect(self.owner_url) as connection:
            connection.execute(
                "LOCK TABLE dashboard_event IN EXCLUSIVE MODE"
            )  # reading goes on, as on SQLite
            yield
            connection.rollback()

    def wait_for_writers(self, count: int) -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        until = time.monotonic() + PATIENCE
        while self.rows(waiting)[0][0] < count:
            assert time.monotonic() < until, f"no {count} writers wait for the lock"
            time.sleep(0.02)

    def close(self) -> None:
        self._connection.close()
