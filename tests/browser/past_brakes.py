"""What holds people back, as pictures show it: each is written here, and taken back after its pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from dashboard import audit, policy_reports
from dashboard.audit.nightly import BROKEN, CHECKER, VERIFIED
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.jobs.standing import StandingEnded
from dashboard.models import Budget, Connection, Job, JobState, PolicyReport, RemovalState
from dashboard.policy_reports import Violation
from tests.browser import past_runs
from tests.browser.numbers import RUN_LEFT_ALONE
from tests.make import omar

FAULT: Final = "Event 118 was changed after it was written"
DAYS: Final = timedelta(days=2)


def reach(kind: str, role: str = "operator") -> None:
    """Somebody has done as much of this kind as they may, and was refused some minutes ago."""
    who, ago = DEMO_PEOPLE[role], timezone.now() - timedelta(minutes=23)
    spent = {"count": settings.DASHBOARD_BUDGETS[kind], "started_at": ago, "refused_at": ago}
    Budget.objects.filter(issuer=who.issuer, subject=who.subject, kind=kind).delete()
    Budget.objects.create(issuer=who.issuer, subject=who.subject, person=who.name, kind=kind, **spent)


def reach_several() -> None:
    reach("deletions")
    reach("exports", "viewer")
    reach("reveals", "admin")


def give_back() -> None:
    Budget.objects.all().delete()


def rename_outside(label: str = "Creator B") -> None:
    """Give a connection another label, or its own again, as whoever may write to the database does."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE dashboard_connection SET label = %s WHERE slug = 'creator-b'", [label])


def break_audit() -> None:
    audit.record(BROKEN, CHECKER, reason=FAULT, result={"events": 214, "last": 214, "days": 7})


def mend_audit() -> None:
    audit.record(VERIFIED, CHECKER, result={"events": 215, "last": 215, "days": 7})


def leave_alone() -> None:
    """A bulk removal whose person has been away for longer than the worker may act for them."""
    if Job.objects.filter(pk=RUN_LEFT_ALONE).exists():
        return
    studio, away = (
        Connection.objects.get(slug="studio-a"),
        StandingEnded("Omar Haddad", timezone.now() - DAYS),
    )
    began = timezone.now() - DAYS
    times = {"created_at": began, "started_at": began, "moved_at": began + DAYS / 2}
    deleted, facts = [RemovalState.DELETED] * 18, {"state": JobState.PAUSED, "why": str(away), **times}
    past_runs.begun(studio, omar(), RUN_LEFT_ALONE, 400, "ZD-4820", deleted, **facts)


def block() -> None:
    """What browsers have reported of the policy."""
    policy_reports.pace.clear()
    reported = [Violation("script-src-elem", "cdn.example.net", "media-list")] * 14
    policy_reports.count([*reported, Violation("img-src", "data", "media-item")])


def unblock() -> None:
    PolicyReport.objects.all().delete()
