"""A scan reads everything that a connection has cached, counts it, and keeps the sums alone."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4, uuid5

import msgspec
from django.db import DatabaseError, transaction
from msgspec import field

from dashboard import budgets
from dashboard.identity import Caller
from dashboard.jobs import lifecycle
from dashboard.jobs.walker import Walker, WalkProgress
from dashboard.models import Connection, Job, JobState
from dashboard.vault import MediaPage, MediaQuery

from .statistics import ScanStatistics

CURSOR_LOOP_MESSAGE: Final = (
    "The service's pages lead in a circle, so the walk ended there. What was counted up to it stands here; "
    "there may be more."
)

_TOKEN_NAMESPACE: Final = UUID("7a1c0b1e-5ca9-4c0e-8a11-6f1e5a7e9d01")


class ScanProgress(WalkProgress, kw_only=True):
    """Facts that a scan keeps beside its cursor. Their names in the database are of earlier versions."""

    statistics: ScanStatistics = field(name="tally")
    takeovers: int = field(name="taken_up", default=0)
    """Runs that went on with it: each knows only the items that it has read itself."""
    has_cursor_loop: bool = field(name="circle", default=False)
    repeats_known: bool = True
    """False if the disk had no room for the ids that were read."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A scan that is done, and its statistics."""

    job: Job
    progress: ScanProgress

    @property
    def as_of(self) -> datetime:
        return self.job.finished_at or self.job.created_at


def begin(connection: Connection, caller: Caller) -> Job:
    """Return the connection's open scan, or begin one, keyed by the scan before it.

    Raises lifecycle.JobNotOpened and budgets.BudgetSpent.
    """
    job = connection.jobs.filter(kind=Job.Kind.SCAN).first()
    while job is None or not job.is_open:
        token = uuid5(_TOKEN_NAMESPACE, f"{connection.pk} after {job.pk if job else 'none'}")
        try:
            with budgets.recorded(caller), transaction.atomic():
                new = lifecycle.open_job(lifecycle.new_job(Job.Kind.SCAN, connection, caller, token=token))
                budgets.take(caller, "scans")
            return new
        except lifecycle.JobExists as there:
            job = there.job
        except DatabaseError as broken:
            raise lifecycle.JobNotOpened(type(broken).__name__) from broken
    return job


def load_progress(job: Job) -> ScanProgress | None:
    """Return how far a scan is, or its result; None if it has counted nothing yet."""
    return msgspec.convert(job.progress, ScanProgress) if job.progress else None


def load_last_result(connection: Connection) -> ScanResult | None:
    """Return the connection's newest scan that is done, or None."""
    job = lifecycle.find_last_done(connection, Job.Kind.SCAN)
    progress = load_progress(job) if job else None
    return ScanResult(job, progress) if job and progress else None


def run(pk: UUID) -> None:
    """Go on with a scan until it is over, has to pause, or has to be released."""
    if job := lifecycle.acquire(pk, uuid4()):
        with suppress(lifecycle.Interrupted):
            _ScanWalker(job).run()


class _ScanWalker(Walker[ScanProgress]):
    """A run of a scan."""

    cursor_loop_message = CURSOR_LOOP_MESSAGE

    def __init__(self, job: Job) -> None:
        super().__init__(job, MediaQuery(), load_progress(job) or self.new_progress())
        if self.cursor:
            self.progress.takeovers += 1

    def new_progress(self) -> ScanProgress:
        return ScanProgress(statistics=ScanStatistics(now_ms=int(time.time() * 1000)))

    def on_page(self, page: MediaPage) -> None:
        progress, statistics = self.progress, self.progress.statistics
        new = self.known.add_new(page.items)
        statistics.add(new)
        statistics.repeats += len(page.items) - len(new)
        progress.repeats_known = progress.repeats_known and self.known.works

    def on_cursor_loop(self) -> None:
        """Keep what was counted: it is right up to there."""
        self.progress.has_cursor_loop = True
        self.finish(JobState.DONE, self.cursor_loop_message)
