"""A long record, written in bulk past the program: events as they are, but for their seals."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Final

_LINE: Final = json.dumps(
    {
        "connection_label": "Million",
        "reason": "Asked for by its owner",
        "result": {"duration_ms": 84, "freed_bytes": 12_372_328, "status": 200, "success": True},
        "role": "operator",
    }
)

_FILL: Final = """
WITH RECURSIVE n(i) AS (SELECT :after + 1 UNION ALL SELECT i + 1 FROM n WHERE i < :until)
INSERT INTO dashboard_event
    (sequence, at, code, verb, outcome, actor_name, actor_email, connection, media_id, ticket, line, hash)
SELECT i, strftime('%Y-%m-%d %H:%M:%f000', 1750000000 + i * 40, 'unixepoch'),
    'media.delete.' || iif(i % 2, 'sent', 'deleted'), 'delete', iif(i % 2, 'sent', 'deleted'),
    'Person ' || (i / 2 % 40), 'person' || (i / 2 % 40) || '@example.com', 'million', '44' || (i / 2),
    'ZD-' || (i / 20), :line, ''
FROM n"""


def fill(database: str, until: int) -> None:
    """Let the record have this many events. Its indexes are taken down meanwhile and built at the end."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        execute = connection.execute
        execute("PRAGMA synchronous = OFF")
        execute("PRAGMA cache_size = -200000")
        named = "FROM sqlite_master WHERE type = 'index' AND tbl_name = 'dashboard_event' AND sql IS NOT NULL"
        indexes = execute(f"SELECT name, sql {named}").fetchall()
        (after,) = execute("SELECT coalesce(max(sequence), 0) FROM dashboard_event").fetchone()
        execute("BEGIN IMMEDIATE")
        for name, _ in indexes:
            execute(f"DROP INDEX {name}")
        execute(_FILL, {"after": after, "until": until, "line": _LINE})
        for _, sql in indexes:
            execute(sql)
        execute("COMMIT")
