"""What one person may do in a time, and what is told of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from dashboard import audit, budgets
from dashboard.budgets import KINDS, BudgetSpent, OwnLimit
from dashboard.identity import Caller, Person, Role
from dashboard.jobs.lifecycle import JobExists
from dashboard.models import Budget, Event, Removal, SavedView
from dashboard.removals import bulk
from dashboard.removals.ledger import Intent
from tests.make import OMAR, connection, facts_of, no_events, omar, saved_view

pytestmark = pytest.mark.django_db

ZED = Caller(Person("Zed", "zed@example.com", Role.OPERATOR, issuer="demo", subject="zed"))
NAMESAKE = Caller(Person("Omar Haddad", "omar@example.com", Role.OPERATOR, issuer="other", subject="omar"))
ADA = Caller(Person("Ada", "ada@example.com", Role.ADMIN, issuer="demo", subject="ada"))


@pytest.fixture(autouse=True)
def _three_of_each() -> Iterator[None]:
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(KINDS, 3)):
        yield


def refused(caller: Caller = OMAR, kind: str = "deletions", amount: int = 1) -> BudgetSpent:
    with pytest.raises(BudgetSpent) as spent:
        budgets.spend(caller, kind, amount)
    return spent.value


def age(by: timedelta) -> None:
    Budget.objects.update(started_at=timezone.now() - by)


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.is_standing])
def test_beyond_the_limit_nothing_is_counted_and_one_event_tells_it(kind: str) -> None:
    for _ in range(3):
        budgets.spend(OMAR, kind)
    assert not Event.objects.exists()
    for _ in range(5):
        problem = refused(kind=kind)
    assert Budget.objects.get().count == 3
    facts = facts_of("access.limited")
    assert (facts["actor_subject"], facts["reason"]) == ("omar", budgets.describe_limit(kind))
    assert problem.status == 429
    assert 0 < float(problem.retry_after or 0) <= KINDS[kind].period.total_seconds()
    assert f"{budgets.find_end(problem.budget):%H:%M} UTC" in problem.advice


def test_each_person_and_each_kind_has_its_own() -> None:
    budgets.spend(OMAR, "deletions", 3)
    for other in (ZED, NAMESAKE, ADA):
        budgets.spend(other, "deletions", 3)
    budgets.spend(OMAR, "exports", 3)
    refused()
    assert Budget.objects.count() == 5


def test_a_period_begins_with_the_first_act_and_the_next_with_the_next() -> None:
    budgets.spend(OMAR, "deletions", 3)
    age(timedelta(minutes=59))
    refused()
    age(timedelta(hours=1))
    budgets.spend(OMAR, "deletions", 3)
    refused()
    assert Event.objects.filter(code="access.limited").count() == 2


def test_a_clock_that_was_ahead_holds_nobody_back() -> None:
    budgets.spend(OMAR, "deletions", 3)
    age(-timedelta(days=2))
    budgets.spend(OMAR, "deletions")
    assert Budget.objects.get().count == 1


@pytest.mark.parametrize(("done", "asked"), [(2, 2), (0, 4), (3, 10**9)])
def test_an_amount_goes_through_whole_or_not_at_all(done: int, asked: int) -> None:
    budgets.spend(OMAR, "bulk", done)
    problem = refused(kind="bulk", amount=asked)
    assert f"You asked for {asked:,}, and {3 - done} are left." in problem.advice
    assert Budget.objects.get().count == done
    budgets.spend(OMAR, "bulk", 3 - done)


def test_what_is_rolled_back_is_not_counted() -> None:
    with transaction.atomic():
        budgets.take(OMAR, "bulk", 3)
        transaction.set_rollback(True)
    budgets.spend(OMAR, "bulk", 3)


def test_a_refusal_within_a_transaction_is_recorded_all_the_same() -> None:

    def save_and_take() -> None:
        with budgets.recorded(OMAR), transaction.atomic():
            saved_view("goes with it")
            budgets.take(OMAR, "bulk", 4)

    with pytest.raises(BudgetSpent):
        save_and_take()
    assert not SavedView.objects.exists()
    assert Event.objects.filter(code="access.limited").count() == 1


def test_what_cannot_be_recorded_is_not_counted() -> None:
    for _ in range(5):
        with database.execute_wrapper(no_events), pytest.raises(audit.NotRecorded):
            budgets.record_act(OMAR, "exports", "audit.exported")
    budgets.record_act(OMAR, "exports", "audit.exported")
    assert Budget.objects.get().count == Event.objects.count() == 1


def test_a_check_counts_nothing_and_its_refusal_is_recorded_once() -> None:
    for _ in range(3):
        budgets.check(OMAR, "exports")
        budgets.spend(OMAR, "exports")
    for _ in range(2):
        with pytest.raises(BudgetSpent):
            budgets.check(OMAR, "exports")
    assert Event.objects.get().code == "access.limited"
    age(timedelta(hours=1))
    budgets.check(OMAR, "exports")
    assert Budget.objects.get().count == 3


@pytest.mark.parametrize("done", [0, 1])
def test_more_than_the_limit_at_once_is_never_possible(done: int) -> None:
    """So nobody is told to wait for it, or to have the limit lifted."""
    budgets.spend(OMAR, "lookups", done)
    problem = refused(kind="lookups", amount=4)
    assert "too many at once" in problem.advice
    for misleading in ("goes on", "administrator"):
        assert misleading not in problem.advice
    assert problem.retry_after is None


def test_the_same_press_again_is_its_job_though_that_took_the_last() -> None:
    here, press = connection(), Intent(OMAR, uuid.uuid4())
    begun = bulk.begin(here, press, ["1", "2", "3"])
    with pytest.raises(JobExists) as there:
        bulk.begin(here, press, ["1", "2", "3"])
    assert there.value.job == begun.job
    with pytest.raises(BudgetSpent):
        bulk.begin(here, Intent(OMAR, uuid.uuid4()), ["4"])
    assert Removal.objects.count() == 3


def test_no_limit() -> None:
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(KINDS, 0)):
        budgets.spend(OMAR, "deletions", 10**6)
    assert not Budget.objects.exists()


def test_a_standing_limit_is_of_what_is_there() -> None:
    mine = SavedView.objects.filter(subject="gone")
    for name in "abc":
        saved_view(name)
    for _ in range(2):
        with pytest.raises(BudgetSpent) as spent, budgets.recorded(OMAR), transaction.atomic():
            budgets.take_place(OMAR, "views", mine)
    assert "Delete one" in spent.value.advice
    assert spent.value.retry_after is None
    assert Event.objects.count() == 1
    mine.filter(name="a").delete()
    with transaction.atomic():
        budgets.take_place(OMAR, "views", mine)
    assert budgets.list_spent() == []


def test_a_lifted_limit_begins_anew() -> None:
    budgets.spend(OMAR, "deletions", 3)
    assert budgets.list_spent() == []
    refused()
    (spent,) = budgets.list_spent()
    assert budgets.lift(spent.pk, ADA)
    facts = facts_of("access.limit_lifted")
    assert (facts["actor_name"], facts["result"]["person"], facts["result"]["kind"]) == (
        "Ada",
        "Omar Haddad",
        "deletions",
    )
    assert budgets.list_spent() == []
    assert not budgets.lift(spent.pk, ADA)
    budgets.spend(OMAR, "deletions", 3)
    refused()
    assert Event.objects.filter(code="access.limited").count() == 2


def test_nobody_lifts_a_limit_of_their_own() -> None:
    budgets.spend(ADA, "deletions", 3)
    refused(ADA)
    (spent,) = budgets.list_spent()
    with pytest.raises(OwnLimit):
        budgets.lift(spent.pk, ADA)
    refused(ADA)
    assert budgets.lift(spent.pk, ZED)


def test_nobody_lifts_what_has_ended_or_never_was() -> None:
    budgets.spend(OMAR, "deletions", 3)
    refused()
    age(timedelta(hours=2))
    assert not budgets.lift(Budget.objects.get().pk, ADA)
    assert not budgets.lift(0, ADA)
    assert not Event.objects.filter(code="access.limit_lifted").exists()


def test_a_limit_that_the_settings_lifted_holds_nobody_up() -> None:
    budgets.spend(OMAR, "deletions", 3)
    refused()
    with override_settings(DASHBOARD_BUDGETS={**settings.DASHBOARD_BUDGETS, "deletions": 0}):
        assert budgets.list_spent() == []


def test_a_limit_is_shown_under_the_name_that_its_person_has_now() -> None:
    budgets.spend(OMAR, "deletions", 3)
    age(timedelta(hours=1))
    budgets.spend(omar(name="Omar Haddad-Lind"), "deletions", 3)
    refused()
    assert [one.person for one in budgets.list_spent()] == ["Omar Haddad-Lind"]


def test_old_counts_are_deleted() -> None:
    budgets.spend(OMAR, "deletions")
    budgets.delete_old()
    assert Budget.objects.exists()
    age(timedelta(days=3))
    budgets.delete_old()
    assert not Budget.objects.exists()
