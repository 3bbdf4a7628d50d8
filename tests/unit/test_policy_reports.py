"""Counts of what browsers refused: how long they are kept, what a clock does to them, and their pace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard import policy_reports
from dashboard.models import PolicyReport
from dashboard.policy_reports import DAYS_KEPT, DAYS_SHOWN, MAX_WRITES_A_MINUTE, Pace, Violation

pytestmark = pytest.mark.django_db

INLINE = Violation("script-src", "inline", "media-list")


def days_ago(days: int, number: int = 1) -> None:
    day = timezone.now().date() - timedelta(days=days)
    PolicyReport.objects.create(day=day, count=number, **INLINE._asdict())


def test_days_are_counted_alone_and_shown_together() -> None:
    policy_reports.pace.clear()
    days_ago(DAYS_SHOWN, 1000)
    days_ago(DAYS_SHOWN - 1, 100)
    days_ago(1, 10)
    assert policy_reports.count([INLINE, INLINE, INLINE._replace(page="audit")])
    assert PolicyReport.objects.filter(**INLINE._asdict()).count() == 4
    today = timezone.now().date()
    assert policy_reports.list_recent(9) == [
        {**INLINE._asdict(), "total": 112, "last": today},
        {**INLINE._asdict(), "page": "audit", "total": 1, "last": today},
    ]
    assert len(policy_reports.list_recent(1)) == 1


def test_old_ones_are_deleted_and_so_is_what_a_clock_that_was_ahead_made_up() -> None:
    for days in (DAYS_KEPT + 1, DAYS_KEPT, 0, -1, -2, -400):
        days_ago(days)
    policy_reports.delete_old()
    today = timezone.now().date()
    assert sorted((today - one.day).days for one in PolicyReport.objects.all()) == [-1, 0, DAYS_KEPT]


def test_a_pace_begins_anew_each_minute() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    for _ in range(2):
        assert all(pace.admit() for _ in range(MAX_WRITES_A_MINUTE))
        assert not pace.admit()
        now[0] += 59
        assert not pace.admit()
        now[0] += 1
