"""The queue's task: run the job of a number by the function that its kind needs."""

from typing import TYPE_CHECKING, Final

from django import VERSION
from django.db import transaction
from django.utils.module_loading import import_string

from dashboard.models import Job
from dashboard.outages import is_database_error, outages

from . import lifecycle
from .shares import thread_shares

if TYPE_CHECKING or VERSION >= (6,):
    from django.tasks import task
else:
    from django_tasks import task

RUNNERS: Final[dict[str, str]] = {
    Job.Kind.REMOVE: "dashboard.removals.runner.run",
    Job.Kind.SCAN: "dashboard.scans.scan.run",
    Job.Kind.EXPORT: "dashboard.exports.job.run",
}
"""The function that runs a job of each kind, by its path: the queue imports none of them."""

PAUSE_RECORDERS: Final[dict[str, str]] = {
    Job.Kind.REMOVE: "dashboard.removals.runner.record_pause_after_crashes",
}
"""The functions that record a pause, of the kinds whose pauses are recorded."""


@task()
def run(number: str) -> None:
    """Run a job as far as it goes. An unexpected error, which the queue would keep unmasked, is logged."""
    job = Job.objects.filter(pk=number).first()
    if job is None or not job.is_open:
        return
    try:
        with thread_shares.take(job) as is_taken:
            if is_taken:
                import_string(RUNNERS[job.kind])(job.pk)
            else:
                lifecycle.defer(job)
    except Exception as error:
        outages.log_failure(error, f"job {job.pk} broke off")
        if not is_database_error(error):
            record_crash(job)


def record_crash(job: Job) -> None:
    """Count a run that ended with an unexpected error; one too many pauses the job."""
    with transaction.atomic():
        if lifecycle.record_crash(job.pk) and (recorder := PAUSE_RECORDERS.get(job.kind)):
            job.refresh_from_db()
            import_string(recorder)(job)
