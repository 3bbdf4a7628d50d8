"""A job whose worker is killed in the middle, at one of its updates of the job's row."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.utils import timezone

from dashboard.models import Job, JobState


class Killed(BaseException):
    """What a process does not survive."""


def run_and_kill(run: Callable[[UUID], object], job: Job, point: int, *, committed: bool) -> bool:
    """Run the job until its update number `point`, committed or not, and end its lease; return False if it
    came to its end before that."""
    left = point

    def die(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal left
        if not sql.startswith('UPDATE "dashboard_job"'):
            return execute(sql, *rest)
        left -= 1
        if left == 0 and not committed:
            raise Killed
        answer = execute(sql, *rest)
        if left == 0:
            raise Killed
        return answer

    died = False
    with database.execute_wrapper(die):
        try:
            run(job.pk)
        except Killed:
            died = True
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=timezone.now())
    time.sleep(0.001)  # so that the lease has ended
    return died
