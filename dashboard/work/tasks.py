"""What the queue carries: the number of a job, to be run by what its kind needs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import VERSION

from dashboard.export import prepared as export
from dashboard.models import Job

from . import drain, scan

if TYPE_CHECKING or VERSION >= (6,):
    from django.tasks import task
else:
    from django_tasks import task

logger = logging.getLogger(__name__)

RUNNERS: Final[dict[str, Any]] = {
    Job.Kind.REMOVE: drain.run,
    Job.Kind.SCAN: scan.run,
    Job.Kind.EXPORT: export.run,
}


@task()
def run(number: str) -> None:
    """Get on with a job as far as it goes; one that is over, or that somebody else runs, is left alone."""
    job = Job.objects.filter(pk=number).first()
    if job is not None and job.is_open:
        RUNNERS[job.kind](UUID(number))
