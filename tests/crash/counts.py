"""What presses count in the database, many times each."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings

from dashboard import budgets, policy_reports
from dashboard.policy_reports import Violation
from tests import make


def spend(kind: str, amount: int, limit: int, times: int) -> str:
    """Do so many things of a kind, each of this amount; how much of it was let through."""
    settings.DASHBOARD_BUDGETS = {kind: limit}
    taken = 0
    for _ in range(times):
        with suppress(budgets.BudgetSpent):
            budgets.spend(make.OMAR, kind, amount)
            taken += amount
    return str(taken)


def report(number: int) -> str:
    """Count so many reports: of one kind, and of kinds beyond what a day tells apart."""
    for kind in range(number):
        hosts = "a.example", f"{kind}.example"
        policy_reports.count(Violation("img-src", host, "home") for host in hosts)
    return "counted"
