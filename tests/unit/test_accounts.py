"""Accounts: a row a subject, a new name told once, and no query for who was seen today."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import audit
from dashboard.accounts import accounts
from dashboard.auth.backend import reauthorize
from dashboard.identity import Person, Role
from dashboard.models import Account, Event
from tests.assertions import GROUPS, ISSUER
from tests.make import Browser, assertion_browser, rewrite

pytestmark = pytest.mark.usefixtures("connections", "behind_sign_on")
HERE = "/c/small/"


def seen(subject: str = "u-1", **claims: Any) -> Browser:
    browser = assertion_browser(GROUPS["viewer"], subject=subject, **claims)
    assert browser.get(HERE).status_code == 200
    return browser


def events(code: str) -> list[dict[str, Any]]:
    return [json.loads(event.line) for event in Event.objects.filter(code=code).order_by("sequence")]


def test_a_person_gets_a_row_once() -> None:
    browser = seen()
    (account,) = Account.objects.all()
    assert (account.issuer, account.subject) == (ISSUER, "u-1")
    assert (account.name, account.email) == ("Vera Lind", "vera@example.com")
    with CaptureQueriesContext(database) as asked:
        assert browser.get("/c/small/media/").status_code == 200
    assert len(asked.captured_queries) == 1


def test_the_same_email_is_not_the_same_person() -> None:
    seen("u-1")
    seen("u-2")
    assert Account.objects.count() == 2
    assert events("access.renamed") == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_new_email_is_the_same_person_and_is_told_once(restarted: bool) -> None:
    seen()
    if restarted:
        accounts.forget()
    for _ in range(3):
        seen(email="vera.new@example.com")
    account = Account.objects.get()
    assert account.email == "vera.new@example.com"
    (event,) = events("access.renamed")
    assert event["before"]["email"] == "vera@example.com"
    assert event["result"]["email"] == "vera.new@example.com"
    assert event["actor_subject"] == "u-1"


def test_who_came_in_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """One for a visit, not for a page; a refusal is an event instead."""
    caplog.set_level(logging.INFO, "dashboard.accounts")
    browser = seen()
    for address in (HERE, "/audit/", "/views/", "/nowhere"):
        browser.get(address)
    browser.post("/preferences/", {})
    assert assertion_browser(GROUPS["viewer"], subject="u-2", aud="another").get(HERE).status_code == 401
    [line] = [record for record in caplog.records if record.name == "dashboard.accounts"]
    assert line.getMessage().startswith(f"signed in by assertion: u-1 of {ISSUER}, vouched for at 20")
    assert line.request_id  # type: ignore[attr-defined]


def test_a_database_that_takes_no_writes_locks_nobody_out(caplog: pytest.LogCaptureFixture) -> None:
    tried: list[str] = []

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            tried.append(sql)
            raise DatabaseError("attempt to write a readonly database")
        return execute(sql, *rest)

    with database.execute_wrapper(refuse):
        seen()
        seen()
    assert len(tried) == 1
    assert "could not be written" in caplog.text
    assert "vera" not in caplog.text
    accounts.forget()
    seen()
    assert Account.objects.count() == 1


def test_a_person_without_a_role_has_a_row_too() -> None:
    assert assertion_browser("staff").get(HERE).status_code == 403
    assert Account.objects.get().subject == "u-1"


def test_a_refused_assertion_is_an_event_without_the_assertion() -> None:
    answer = Browser(headers={"X-SSO-Assertion": "canary.of.atoken"}).get(HERE)
    assert answer.status_code == 401
    (event,) = events("access.refused")
    assert (event["reason"], event["address"]) == ("unreadable", "127.0.0.1")
    assert "canary" not in str(event)


def test_a_missing_assertion_is_an_event() -> None:
    Browser().get(HERE)
    assert [event["reason"] for event in events("access.refused")] == ["missing"]


def test_a_role_that_does_not_reach_is_an_event() -> None:
    for subject in ("u-1", "u-2", "u-1"):
        assertion_browser(GROUPS["viewer"], subject=subject).get("/c/small/purge/")
    told = [(event["actor_subject"], event["reason"]) for event in events("access.denied")]
    assert told == [("u-1", "connection-purge needs admin"), ("u-2", "connection-purge needs admin")]


def test_no_role_is_an_event_with_the_groups() -> None:
    assertion_browser(*(f"group-{n}" for n in range(100))).get(HERE)
    (event,) = events("access.no_role")
    assert event["actor_email"] == "vera@example.com"
    assert event["result"]["groups"] == [f"group-{n}" for n in range(20)]


def test_a_database_that_is_full_refuses_in_the_same_words() -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")):
            raise DatabaseError("database or disk is full")
        return execute(sql, *rest)

    with database.execute_wrapper(refuse):
        assert Browser().get(HERE).status_code == 401
        assert assertion_browser("staff").get(HERE).status_code == 403
        assert assertion_browser(GROUPS["viewer"]).get("/c/small/purge/").status_code == 403


def test_groups_are_kept_as_the_sign_on_names_them_last() -> None:
    seen()
    assert Account.objects.get().groups == [GROUPS["viewer"]]
    assertion_browser("nobody", subject="u-1").get(HERE)
    assert Account.objects.get().groups == ["nobody"]


def test_what_somebody_may_do_is_known_while_they_are_away() -> None:
    person = Person("Vera Lind", "vera@example.com", None, issuer=ISSUER, subject="u-1")
    assert reauthorize(person).role is None, "never seen"
    seen()
    assert reauthorize(person).role is Role.VIEWER
    assertion_browser(GROUPS["admin"], subject="u-1").get(HERE)
    now = reauthorize(person)
    assert (now.role, now.groups, now.matched) == (Role.ADMIN, (GROUPS["admin"],), (GROUPS["admin"],))
    assertion_browser("nobody", subject="u-1").get(HERE)
    assert reauthorize(person).role is None


WITHDRAWN = [
    ("viewer", "operator", "viewer"),
    ("operator", "admin", "operator"),
    ("admin", "viewer", "admin"),
    ("viewer", "admin", "viewer"),
]


@pytest.mark.parametrize("roles", WITHDRAWN)
@pytest.mark.parametrize(
    "address", [HERE, "/c/small/media/", "/keys/", "/views/", "/nowhere", "/c/nowhere/", "/"]
)
def test_the_row_has_what_was_seen_last_by_whichever_process(
    address: str, roles: tuple[str, str, str]
) -> None:
    here, elsewhere, again = (assertion_browser(GROUPS[role], "staff", subject="u-1") for role in roles)
    here.get(address)
    remembered = dict(accounts._seen)
    accounts.forget()  # as another process, which has seen nobody
    elsewhere.get(address)
    assert Account.objects.get().groups == [GROUPS[roles[1]], "staff"]
    accounts._seen.update(remembered)
    again.get(address)
    assert Account.objects.get().groups == [GROUPS[roles[2]], "staff"]


@pytest.mark.parametrize(
    "groups",
    [[], ["nobody"], [GROUPS["viewer"]], [GROUPS["viewer"], "änderung"], ["staff", GROUPS["viewer"]]],
)
def test_whatever_else_the_row_says_is_set_right(groups: list[str]) -> None:
    browser = assertion_browser(GROUPS["viewer"], "staff")
    assert browser.get(HERE).status_code == 200
    rewrite(Account.objects, groups=groups)
    browser.get(HERE)
    assert Account.objects.get().groups == [GROUPS["viewer"], "staff"]


def test_a_withdrawal_of_every_role_is_seen_too() -> None:
    operator, nobody = assertion_browser(GROUPS["operator"]), assertion_browser("staff")
    assert nobody.get(HERE).status_code == 403
    remembered = dict(accounts._seen)
    operator.get(HERE)
    accounts._seen.update(remembered)
    assert nobody.get(HERE).status_code == 403
    assert Account.objects.get().groups == ["staff"]


@pytest.mark.parametrize("away", [timedelta(minutes=6), timedelta(days=30), timedelta(days=-30)])
def test_a_press_counts_as_a_visit_however_the_row_came_to_be_old(away: timedelta) -> None:
    browser = seen()
    rewrite(Account.objects, last_seen_at=timezone.now() - away)
    browser.post("/preferences/", {})
    assert abs(timezone.now() - Account.objects.get().last_seen_at) < timedelta(minutes=1)


def test_pages_do_not_write_for_each_of_their_requests() -> None:
    browser = seen()
    at = Account.objects.get().last_seen_at
    for address in (HERE, "/keys/", "/views/"):
        with CaptureQueriesContext(database) as asked:
            assert browser.get(address).status_code == 200
        assert not [
            query for query in asked.captured_queries if query["sql"].startswith(("UPDATE", "INSERT"))
        ]
    assert Account.objects.get().last_seen_at == at


@pytest.mark.parametrize(
    "change",
    [
        f"groups = '[\"{GROUPS['admin']}\"]'",
        "subject = 'u-2'",
        "issuer = 'elsewhere'",
        f"last_seen_at = '{timezone.now() + timedelta(days=9):%Y-%m-%d %H:%M:%S}+00:00'",
        "signature = ''",
    ],
)
def test_a_row_that_was_changed_outside_gives_nothing_until_its_person_comes_again(change: str) -> None:
    browser = seen()
    subject = "u-2" if "u-2" in change else "u-1"
    person = Person("", "", None, issuer="elsewhere" if "elsewhere" in change else ISSUER, subject=subject)
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE dashboard_account SET {change}")
    now = reauthorize(person)
    assert (now.role, now.groups, now.signed_in_at) == (None, (), None)
    assert audit.find_changed_row() == (
        f"account {Account.objects.get().pk}",
        "was changed outside the dashboard",
    )
    if person.issuer == ISSUER and subject == "u-1":
        accounts.forget()
        browser.get(HERE)
        assert (reauthorize(person).role, audit.find_changed_row()) == (Role.VIEWER, None)


def test_every_column_is_signed_or_gives_no_right() -> None:
    columns = {field.name for field in Account._meta.concrete_fields}
    assert columns == {*Account.SIGNED, "signature", "id", "name", "email", "first_seen_at"}
