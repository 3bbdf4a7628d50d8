"""Where colleagues sat, by which browser, and their emails: for admins and themselves, page by page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Final

import pytest
from django.utils import timezone

from dashboard.audit import record
from dashboard.identity import Caller, Person, Role
from dashboard.models import Connection, Job, JobState, RemovalState
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, job, removal, signed_in
from tests.pages.addresses import ADDRESSES, EVERYWHERE, FILE, JOB, LOOKUP, RECORD, stand_ready, taken_back

MARKS: Final = {
    "email": "canary-mail@example.com",
    "address": "203.0.113.77",
    "agent": "CanaryBrowser/9",
    "subject": "canary-subject",
    "issuer": "canary-issuer",
    "group": "canary-group",
}
CLEO: Final = Person(
    "Cleo Canary",
    MARKS["email"],
    Role.OPERATOR,
    issuer=MARKS["issuer"],
    subject=MARKS["subject"],
    matched=(MARKS["group"],),
    mode="canary-mode",
    signed_in_at=timezone.now(),
)
CALLER: Final = Caller(CLEO, MARKS["address"], MARKS["agent"], "r")
OTHERS: Final = (
    "/audit/?steps=all",
    "/audit/?verb=delete",
    "/audit/?actor=Cleo+Canary",
    "/audit/2/",
    "/audit/3/",
)
FILES: Final = ("/audit/export/?format=csv", "/audit/export/?format=jsonl")
EXPORT: Final = "70b00000-0000-4000-8000-0000000000ff"


@pytest.fixture
def done_by_cleo(connections: None) -> None:
    """One of everything, done by somebody else."""
    stand_ready()
    small = Connection.objects.get(slug="small")
    actor = {"person": CLEO.name, "email": CLEO.email, "issuer": CLEO.issuer, "subject": CLEO.subject}
    for made in (Job.objects.get(pk=JOB), Job.objects.get(pk=FILE)):
        for name, value in {**actor, "address": CALLER.address, "agent": CALLER.agent}.items():
            setattr(made, name, value)
        made.save()
    job(small, id=EXPORT, kind=Job.Kind.SCAN, state=JobState.DONE, **actor)
    kept = removal(small, media_id="88888", **actor)
    type(kept).objects.filter(pk=RECORD).update(**actor)
    removal(small, media_id="66666", state=RemovalState.UNKNOWN, **actor)
    record("media.delete.deleted", CALLER, connection=small, removal=kept, media_id="88888")
    record("media.revealed", CALLER, connection=small, media_id="odd-many")
    record("media.exported", CALLER, connection=small)


def find_marks(answer: Any) -> set[str]:
    body = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
    return {mark for mark in (*MARKS.values(), "canary-mode") if mark in body}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_no_page_or_file_tells_colleagues(done_by_cleo: None, sandbox: Sandbox, role: str) -> None:
    browser = signed_in(role)
    more = [f"/jobs/{EXPORT}/", f"/removals/{RECORD}/", ADDRESSES["media-live"], f"/lookup/{LOOKUP}/export/"]
    for address in [*EVERYWHERE.values(), *OTHERS, *FILES, *more]:
        for headers in ({}, {"HX-Request": "true"}):
            with taken_back(sandbox):
                answer = browser.get(address, headers=headers)
                assert find_marks(answer) == set(), address


def test_names_stand_where_they_are_needed(done_by_cleo: None, viewer: Browser) -> None:
    for address in ("/audit/", "/audit/2/", f"/jobs/{JOB}/", f"/removals/{RECORD}/", "/c/small/jobs/"):
        assert "Cleo Canary" in text(viewer.get(address)), address
    assert "/audit/?actor=Cleo+Canary" in text(viewer.get("/audit/"))
    assert "operator" in text(viewer.get("/audit/2/"))
    assert "see from where it was asked" in text(viewer.get("/audit/2/"))


def test_admins_are_told(done_by_cleo: None, admin: Browser) -> None:
    assert find_marks(admin.get("/audit/2/")) == {*MARKS.values(), "canary-mode"}
    assert MARKS["email"] in find_marks(admin.get(f"/jobs/{JOB}/"))
    assert MARKS["email"] in find_marks(admin.get(f"/removals/{RECORD}/"))
    for file in FILES:
        assert find_marks(admin.get(file)) == {*MARKS.values(), "canary-mode"}


def test_everybody_is_told_of_themselves(done_by_cleo: None, operator: Browser) -> None:
    small = Connection.objects.get(slug="small")
    omar = Person("Omar Haddad", "omar@example.com", Role.OPERATOR, issuer="demo", subject="omar")
    record("media.revealed", Caller(omar, "192.0.2.7", "Firefox", "r"), connection=small, media_id="odd-many")
    page = text(operator.get("/audit/5/"))
    assert all(word in page for word in ("192.0.2.7", "Firefox", "omar@example.com", "Copy the"))


def test_a_file_has_every_column_and_leaves_those_of_colleagues_blank(
    done_by_cleo: None, viewer: Browser
) -> None:
    answers = [bytes(viewer.get(file).getvalue()).decode("utf-8-sig") for file in FILES]
    row = next(csv.DictReader(io.StringIO(answers[0], newline="")))
    line = json.loads(answers[1].splitlines()[0])
    for name in ("actor_email", "actor_issuer", "actor_subject", "address", "agent", "mode", "signed_in_at"):
        assert not line[name]
        assert name in row
    assert (line["actor_name"], line["role"], line["code"]) == ("Cleo Canary", "operator", "media.exported")
    assert line["hash"]
