"""Scans as tests begin and run them, and what they counted."""

from __future__ import annotations

from typing import Any

import msgspec
from django_tasks_db.models import DBTaskResult

from dashboard.models import Connection, Job
from dashboard.scans import scan
from dashboard.scans.statistics import ScanStatistics
from tests import make

SOME_ID = "conn_canary_some_000000000000d00d"
ITEMS = 730
"""What the connection of the fixture `some` holds: eight pages."""


def begun(of: Connection) -> Job:
    return scan.begin(of, make.OMAR)


def after(job: Job) -> Job:
    """The job once it has been run. The task of one that is over is no work that waits."""
    scan.run(job.pk)
    job.refresh_from_db()
    if not job.is_open:
        DBTaskResult.objects.filter(args_kwargs__args__0=str(job.pk)).delete()
    return job


def statistics_of(job: Job) -> ScanStatistics:
    progress = scan.load_progress(job)
    assert progress is not None
    return progress.statistics


def sums(job: Job) -> dict[str, Any]:
    """All that was counted, but for the moment it was counted from and what is told by that."""
    kept = msgspec.to_builtins(statistics_of(job))
    moment = ("now_ms", "expired", "within_hour", "within_day", "later", "soonest", "ages", "accesses")
    return {name: value for name, value in kept.items() if name not in moment}
