"""`/audit/<number>/`: one event in full, at an address that stays."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from dashboard.audit import chain
from dashboard.identity import Caller, Person, Role
from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, event, removal, rewrite

BEFORE = {
    "type": "video",
    "variants": [
        {
            "label": "thumb",
            "status": "stored",
            "content_type": "image/jpeg",
            "size_bytes": 48_000,
            "access_count": 1234,
            "created_at": "2026-01-02T03:04:05.678Z",
            "stored_at": None,
            "last_accessed_at": None,
        }
    ],
}


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def step(small: Connection) -> Event:
    """The second of three steps of a removal."""
    person = Person(
        "Omar Haddad",
        "Omar@example.com",
        Role.OPERATOR,
        issuer="https://id.example",
        subject="subject-7",
        groups=("trust", "all"),
        matched=("trust",),
        mode="assertion",
        signed_in_at=timezone.now(),
    )
    caller = Caller(person, "192.0.2.7", "Firefox 130", "request-7")
    record = removal(small)
    result = {
        "status": 200,
        "success": True,
        "freed_bytes": 1_234_567,
        "duration_ms": 81,
        "service_request_id": "up-9",
    }
    said: dict[str, Any] = {
        "caller": caller,
        "removal": record,
        "ticket": "ZD-7",
        "reason": "asked by its owner",
    }
    event("media.delete.sent", small, before=BEFORE, **said)
    made = event("media.delete.unknown", small, result=result, before=BEFORE, typed="Studio A", **said)
    event("media.delete.verified_gone", small, **said)
    return made


def test_works(admin: Browser, step: Event, sandbox: Sandbox) -> None:
    answer = admin.get(step.get_absolute_url())
    assert answer.status_code == 200
    page = unescape(text(answer))
    for shown in (
        *(
            "Omar Haddad",
            "omar@example.com",
            "https://id.example",
            "subject-7",
            "operator",
            "trust",
            "assertion",
        ),
        *("192.0.2.7", "Firefox 130", "request-7", "Studio A", "··a1b2", "4492994399", "asked by its owner"),
        *("1.2 MB (1,234,567 B)", "81", "up-9", "yes", "48.0 kB", "1,234", "2026-01-02T03:04:05.678Z"),
        *(step.hash, json.loads(step.line)["previous"], chain.write_signed_line(step)),
    ):
        assert shown in page
    assert page.count("https://desk.example.com/tickets/ZD-7") == 1
    assert sandbox.calls == []


def test_the_steps_are_linked(viewer: Browser, step: Event) -> None:
    page = text(viewer.get(step.get_absolute_url()))
    assert f'rel="prev" href="/audit/{step.sequence - 1}/"' in page
    assert f'rel="next" href="/audit/{step.sequence + 1}/"' in page
    assert f'href="{step.removal.get_absolute_url()}"' in page  # type: ignore[union-attr]
    first = text(viewer.get(f"/audit/{step.sequence - 1}/"))
    assert 'rel="prev"' not in first


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("access.refused", "Sign-in refused"),
        ("audit.exported", "Export of the audit"),
        ("media.exported", "Export of media"),
        ("connection.changed", "Connection changed"),
        ("audit.checkpoint", "Checkpoint"),
    ],
)
def test_what_is_no_removal(admin: Browser, code: str, title: str) -> None:
    made = event(
        code,
        caller=Caller(),
        before={"groups": ["a", "b"]},
        result={"filters": {"ticket": "ZD-1"}, "more": 3},
    )
    page = text(admin.get(made.get_absolute_url()))
    for shown in (title, "not signed in", "a, b", "ticket: ZD-1"):
        assert shown in page
    assert 'rel="prev"' not in page


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[1]",
        "no json",
        '{"groups":"x","before":[1],"result":7,"attempt":"2","signed_in_at":3,"reason":null}',
    ],
)
def test_one_that_was_tampered_with_says_so_and_is_in_nobodys_way(
    admin: Browser, step: Event, line: str
) -> None:
    number = Event.objects.count() + 1
    forged = Event(
        sequence=number, at=step.at, code=step.code, verb="delete", outcome="deleted", line=line, hash="-"
    )
    Event.objects.bulk_create([forged])
    page = text(admin.get(f"/audit/{number}/"))
    assert "signature of this event is not valid" in page
    assert "Not valid" in page
    assert admin.get("/audit/").status_code == 200
    for kind in ("csv", "jsonl"):
        assert admin.get(f"/audit/export/?format={kind}").getvalue()
    assert "Not valid" not in text(admin.get(step.get_absolute_url()))


def test_fragment(viewer: Browser, step: Event) -> None:
    assert viewer.fragment(step.get_absolute_url()).status_code == 200


def test_no_event_and_one_of_anothers_are_the_same(viewer: Browser, admin: Browser, step: Event) -> None:
    rewrite(Connection.objects.filter(slug="small"), groups=["vault-admins"])
    alone = event("access.refused")
    told = set()
    for number in (step.sequence, alone.sequence, 999_999, 10**40):
        for call in (viewer.get, viewer.fragment):
            answer = call(f"/audit/{number}/")
            assert answer.status_code == 404
            told.add((call.__name__, re.sub(rf"[0-9a-f]{{32}}|[\w-]{{64}}|/{number}/", "", text(answer))))
    assert len(told) == 2
    assert admin.get(step.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("number", ["x", "-1", "1.0"])
def test_bad_input(viewer: Browser, number: str) -> None:
    assert viewer.get(f"/audit/{number}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, step: Event, method: str) -> None:
    assert getattr(viewer, method)(step.get_absolute_url()).status_code == 405


def test_wrong_role(nobody: Browser, step: Event) -> None:
    assert nobody.get(step.get_absolute_url()).status_code == 302
