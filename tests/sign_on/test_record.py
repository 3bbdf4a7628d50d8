"""What the whole loop leaves behind: the record of what was done names whom the provider vouched for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from tests.postgresql import ROLE, postgresql_binaries, throwaway_postgresql
from tests.sign_on.loop import CLIENT, Loop
from tests.sign_on.visitor import ADDRESS, Visitor, raw_get

POSTGRESQL: Final = postgresql_binaries()
DATABASES: Final = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]


@pytest.fixture(params=DATABASES)
def recording_loop(loop: Loop, request: pytest.FixtureRequest) -> Iterator[Loop]:
    """The loop with its record in this database."""
    if request.param == "sqlite":
        yield loop
        return
    assert POSTGRESQL
    with throwaway_postgresql(POSTGRESQL) as url, loop.over(url, role=ROLE):
        yield loop


def test_a_removal_is_recorded_with_the_person_the_provider_vouched_for(
    recording_loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    loop, began = recording_loop, datetime.now(UTC)
    said_before = len(loop.dashboard.said())
    media_id = loop.sandbox.items()[0]["id"]
    browser = visitor()
    browser.claim_address("203.0.113.9")
    question = browser.open(f"/c/studio-a/media/{media_id}/delete/?ticket=ZD-7", "omar")
    done = browser.submit(question, f"/c/studio-a/media/{media_id}/delete/", reason="asked for")
    assert done.status_code == 200, done.text
    assert [call["path"].rpartition("/")[2] for call in loop.sandbox.calls("delete")] == [media_id]
    recorded = [event for event in events(loop) if event["media_id"] == media_id]
    assert [event["code"] for event in recorded] == ["media.delete.sent", "media.delete.deleted"]
    for event in recorded:
        assert event["actor_issuer"] == loop.issuer
        assert event["actor_subject"] == "omar"
        assert event["actor_name"] == "Omar Haddad"
        assert event["actor_email"] == "omar@example.com"
        assert (event["role"], event["groups"]) == ("operator", ["trust-and-safety"])
        assert (event["mode"], event["address"]) == ("assertion", ADDRESS)
        signed_in = datetime.fromisoformat(event["signed_in_at"])
        assert began - timedelta(seconds=1) <= signed_in <= datetime.now(UTC)
        assert (event["connection"], event["ticket"], event["reason"]) == ("studio-a", "ZD-7", "asked for")
    loop.manage("audit_verify")
    lines = loop.dashboard.said()[said_before:].splitlines()
    told = [json.loads(line) for line in lines if line.startswith('{"') and media_id in line]
    assert [line["code"] for line in told if "code" in line] == ["media.delete.sent", "media.delete.deleted"]
    assert "eyJ" not in loop.dashboard.said(), "an assertion in the log"


def test_who_is_refused_and_who_is_denied_is_recorded(loop: Loop, visitor: Callable[[], Visitor]) -> None:
    other = loop.key.sign(loop.claims("ada", aud=f"not-{CLIENT}"))
    status, _ = raw_get(
        loop, "/", [("X-Forwarded-Proto", "https"), ("X-SSO-Assertion", other)], at=loop.app_url
    )
    assert status == 401
    assert visitor().open("/c/studio-a/purge/", "vera").status_code == 403
    assert visitor().open("/", "max").status_code == 403
    recorded = events(loop)
    assert "wrong audience" in {one["reason"] for one in recorded if one["code"] == "access.refused"}
    assert "vera" in {one["actor_subject"] for one in recorded if one["code"] == "access.denied"}
    assert "max" in {one["actor_subject"] for one in recorded if one["code"] == "access.no_role"}


def events(loop: Loop) -> list[dict[str, Any]]:
    """Every event in the database, in order, read past the dashboard."""
    url = loop.dashboard.environment["DATABASE_URL"]
    select = "SELECT line FROM dashboard_event ORDER BY sequence"
    if url.startswith("postgresql"):
        with psycopg.connect(url) as server:
            return [json.loads(line) for (line,) in server.execute(select)]
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        return [json.loads(line) for (line,) in file.execute(select)]
