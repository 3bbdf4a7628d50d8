"""`/budgets/<number>/lift/`: an admin lets somebody go on who has reached a limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings
from django.utils import timezone

from dashboard import budgets
from dashboard.models import Budget, Event
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, event, operations, signed_in

from .test_budget_refused import look_up


@pytest.fixture(autouse=True)
def _two_of_each() -> Iterator[None]:
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 2)):
        yield


@pytest.fixture
def spent(operator: Browser) -> Budget:
    for _ in range(3):
        look_up(operator, {})
    return Budget.objects.get(refused_at__isnull=False)


def test_an_admin_sees_it_first_in_the_audit_and_lifts_it(
    spent: Budget, operator: Browser, sandbox: Sandbox
) -> None:
    admin = signed_in("admin")
    shown = text(admin.get("/audit/"))
    assert "Needs a look" in shown
    assert f"{spent.person}: 2 looked-up IDs an hour" in shown
    here = f"/budgets/{spent.pk}/lift/"
    assert f'action="{here}"' in shown
    before = operations(sandbox)
    answer = admin.post(here)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/audit/")
    assert Event.objects.filter(code="access.limit_lifted").count() == 1
    assert here not in text(admin.get("/audit/"))
    assert operations(sandbox) == before
    assert look_up(operator, {}).status_code == 303
    assert admin.post(here).status_code == 303  # pressed twice, it is lifted once
    assert Event.objects.filter(code="access.limit_lifted").count() == 1


def test_by_script_the_list_stays_and_says_who_can_go_on(spent: Budget) -> None:
    admin = signed_in("admin")
    here = {"HX-Current-URL": "https://testserver/audit/?verb=access", "HX-Target": "list"}
    answer = admin.fragment(f"/budgets/{spent.pk}/lift/", {}, method="post", **here)
    said = text(answer)
    assert answer.status_code == 200
    assert said.startswith('<section id="list"')
    assert "What: Access" in said
    assert "Limit reached" not in said
    assert f"Limit lifted: {spent.person} can go on." in said
    assert "HX-Push-Url" not in answer.headers


@pytest.mark.parametrize("at", ["/c/small/media/", "https://elsewhere.example/audit/"])
def test_by_script_from_another_page_it_leads_to_the_audit(spent: Budget, at: str) -> None:
    path = f"/budgets/{spent.pk}/lift/"
    answer = signed_in("admin").fragment(path, {}, method="post", **{"HX-Current-URL": at})
    assert answer.headers["HX-Redirect"] == "/audit/"


def test_an_admins_own_limit_is_for_another_to_lift(admin: Browser) -> None:
    for _ in range(3):
        look_up(admin, {})
    here = f"/budgets/{Budget.objects.get().pk}/lift/"
    shown = text(admin.get("/audit/"))
    assert "Another administrator can lift it" in shown
    assert here not in shown
    assert admin.post(here).status_code == 403
    assert look_up(admin, {}).status_code == 429


def test_wrong_role(spent: Budget, operator: Browser, viewer: Browser) -> None:
    for browser in (operator, viewer):
        assert browser.post(f"/budgets/{spent.pk}/lift/").status_code == 403
        assert "/lift/" not in text(browser.get("/audit/"))
    assert Budget.objects.get(pk=spent.pk).count == 2


def test_wrong_method(spent: Budget, admin: Browser) -> None:
    assert admin.get(f"/budgets/{spent.pk}/lift/").status_code == 405


def test_what_has_ended_is_not_listed(spent: Budget, admin: Browser) -> None:
    Budget.objects.update(started_at=timezone.now() - timedelta(hours=2))
    event()
    assert "/lift/" not in text(admin.get("/audit/"))


def test_a_list_page_asks_nothing_of_it(operator: Browser) -> None:
    with database.execute_wrapper(_refuse_budgets):
        assert operator.get("/c/small/media/").status_code == 200


def _refuse_budgets(execute: Any, sql: str, *rest: Any) -> Any:
    assert "dashboard_budget" not in sql
    return execute(sql, *rest)
