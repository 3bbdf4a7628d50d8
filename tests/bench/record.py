"""A long record, written in bulk past the program: events as they are, but for their seals. Every other
stretch of it is a bulk removal of sixty items, so that half of all events happened within one."""

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

_BEGINS: Final = _LINE.replace("{", '{"job": null, ', 1).replace(
    '"duration_ms": 84', '"items": 60, "job": "JOB"'
)

_LENGTH: Final = 122
"""Events of a bulk removal: that it was begun, two for each item, and that it is finished."""

_FILL: Final = f"""
WITH RECURSIVE
    n(i) AS (SELECT :after + 1 UNION ALL SELECT i + 1 FROM n WHERE i < :until),
    placed(i, run, place) AS (SELECT i, iif(i / {_LENGTH} % 2, i / {_LENGTH}, NULL), i % {_LENGTH} FROM n),
    told(i, run, verb, outcome, job) AS (
        SELECT i, run,
            iif(run IS NOT NULL AND place IN (0, {_LENGTH - 1}), 'bulk', 'delete'),
            CASE WHEN run IS NOT NULL AND place = 0 THEN 'planned'
                WHEN run IS NOT NULL AND place = {_LENGTH - 1} THEN 'finished'
                WHEN i % 2 THEN 'sent' ELSE 'deleted' END,
            iif(place = 0, NULL, printf('00000000000040008000%012x', run))
        FROM placed)
INSERT INTO dashboard_event
    (sequence, at, code, verb, outcome, job,
     actor_name, actor_email, connection, media_id, ticket, line, hash)
SELECT i, strftime('%Y-%m-%d %H:%M:%f000', 1750000000 + i * 40, 'unixepoch'),
    'media.' || verb || '.' || outcome, verb, outcome, iif(run IS NULL, NULL, job),
    'Person ' || (i / 2 % 40), 'person' || (i / 2 % 40) || '@example.com', 'million',
    iif(verb = 'bulk', '', '44' || (i / 2)), 'ZD-' || (i / 20),
    iif(outcome = 'planned',
        replace(:begins, 'JOB', printf('00000000-0000-4000-8000-%012x', run)), :line), ''
FROM told"""


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
        execute(_FILL, {"after": after, "until": until, "line": _LINE, "begins": _BEGINS})
        for _, sql in indexes:
            execute(sql)
        execute("COMMIT")
