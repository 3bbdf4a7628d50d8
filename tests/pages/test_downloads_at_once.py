"""Every way to take something away: each holds a thread, so there are few at once, and one a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard.auth.config import AuthConfig
from dashboard.exports import files
from dashboard.exports.downloads import MAX_DOWNLOADS
from dashboard.models import Connection, Event, Job, JobState
from tests import make
from tests.answers import leave, text
from tests.assertions import GROUPS, ISSUER
from tests.make import Browser, assertion_browser, event, no_events

MEDIA, AUDIT = "/c/big/export/now/?format=csv", "/audit/export/?format=jsonl"
TAKEN = ("audit.exported", "media.exported")


@pytest.fixture
def people(connections: None, behind_sign_on: AuthConfig) -> list[Browser]:
    """One more than may download at once."""
    return [
        assertion_browser(GROUPS["admin"], subject=f"person-{number}") for number in range(MAX_DOWNLOADS + 1)
    ]


@pytest.fixture(params=["media", "audit", "file"])
def way(request: pytest.FixtureRequest, people: list[Browser], tmp_path: Path) -> Iterator[list[str]]:
    """For each of the people an address at which they take something away, none read to its end yet."""
    small = Connection.objects.get(slug="small")
    event(of=small)
    if request.param != "file":
        yield [{"media": MEDIA, "audit": AUDIT}[request.param]] * len(people)
        return
    with override_settings(DASHBOARD_FILES=tmp_path):
        yield [file_of(small, number) for number in range(len(people))]


def file_of(of: Connection, number: int) -> str:
    who = {"issuer": ISSUER, "subject": f"person-{number}"}
    job = make.job(
        of, kind=Job.Kind.EXPORT, form="csv", state=JobState.DONE, finished_at=timezone.now(), **who
    )
    files.get_path(job).write_bytes(b"a" * 1000)
    return f"{job.get_absolute_url()}file/"


def taken() -> int:
    return Event.objects.filter(code__in=TAKEN).count()


def test_so_many_at_once_and_no_more(people: list[Browser], way: list[str]) -> None:
    under_way = [one.get(address) for one, address in zip(people, way, strict=True)][:-1]
    assert [answer.status_code for answer in under_way] == [200] * MAX_DOWNLOADS
    recorded = taken()
    refused = people[-1].get(way[-1])
    assert refused.status_code == 503
    assert "Too many downloads" in text(refused)
    assert taken() == recorded, "what was not taken away is not recorded"
    leave(under_way.pop())
    answer = people[-1].get(way[-1])
    assert answer.status_code == 200
    for one in (*under_way, answer):
        leave(one)


@pytest.mark.parametrize("other", [MEDIA, AUDIT, ""], ids=["media", "audit", "same"])
def test_one_a_person_whichever_way(people: list[Browser], way: list[str], other: str) -> None:
    first = people[0].get(way[0])
    recorded = taken()
    second = people[0].get(other or way[0])
    assert second.status_code == 429
    assert "One download at a time" in text(second)
    assert taken() == recorded
    for one, address in list(zip(people, way, strict=True))[1:2]:
        answer = one.get(address)
        assert answer.status_code == 200, "another person's"
        leave(answer)
    leave(first)
    for _ in range(3):  # read or not, each gives its place back
        answer = people[0].get(way[0])
        assert answer.status_code == 200
        leave(answer)


def test_what_fails_before_it_begins_keeps_no_place(people: list[Browser], way: list[str]) -> None:
    for _ in range(MAX_DOWNLOADS + 1):
        with database.execute_wrapper(no_events):
            assert people[0].get(way[0]).status_code == 503
    answer = people[0].get(way[0])
    assert answer.status_code == 200
    leave(answer)


def test_a_record_that_cannot_be_read_keeps_no_place(people: list[Browser]) -> None:
    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "ORDER BY" in sql and '"dashboard_event"' in sql and armed:
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    armed: list[bool] = []
    event(of=Connection.objects.get(slug="small"))
    answer = people[0].get(AUDIT)
    armed.append(True)
    with database.execute_wrapper(broken), pytest.raises(OperationalError):
        list(answer)
    leave(answer)
    answer = people[0].get(AUDIT)
    assert answer.status_code == 200
    leave(answer)
