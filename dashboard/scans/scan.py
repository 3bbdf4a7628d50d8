"""Everything a connection has cached, counted by the worker.

A scan walks the whole connection and keeps where it is and what it has counted so far in one update, so that
whoever takes it up goes on from there and counts nothing twice. What is kept of a scan is its sums; which
items came already is only known to the process that walks, on its disk.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import Struct

from dashboard.encryption import Unsealable
from dashboard.identity import Caller
from dashboard.jobs import lifecycle, paging
from dashboard.jobs.repeats import KnownItems
from dashboard.jobs.retry_policy import TRIES, lets_go, wait_after, words
from dashboard.models import Connection, Job
from dashboard.vault import BadRequest, MediaQuery, VaultError

from .statistics import Tally

logger = logging.getLogger(__name__)

KEPT_EVERY: Final = 1.0
"""Seconds of work that a killed worker costs at most."""

CIRCLE: Final = (
    "The service's pages lead in a circle, so the walk ended there. What was counted up to it stands here; "
    "there may be more."
)

_PRESSES: Final = UUID("7a1c0b1e-5ca9-4c0e-8a11-6f1e5a7e9d01")


class Progress(Struct, kw_only=True):
    """What a scan has to remember beside its cursor, and its result once it is done."""

    tally: Tally
    tries: int = 0
    """Calls in a row that failed."""
    taken_up: int = 0
    """Times that another run went on with it: items of the runs before are not known again."""
    started_over: bool = False
    circle: bool = False
    repeats_known: bool = True
    """False where the disk had no room to remember the items by."""


@dataclass(frozen=True, slots=True)
class Found:
    """A scan that came to its end, and what it found."""

    job: Job
    progress: Progress

    @property
    def as_of(self) -> datetime:
        return self.job.finished_at or self.job.created_at


def begin(connection: Connection, caller: Caller) -> Job:
    """The connection's scan that is not over, or a new one. Raises JobNotOpened.

    The token of each is made of the one before, and no two jobs have the same: of two presses at the same
    instant the second finds what the first has begun.
    """
    job = connection.jobs.filter(kind=Job.Kind.SCAN).first()
    while job is None or not job.is_open:
        token = uuid5(_PRESSES, f"{connection.pk} after {job.pk if job else 'none'}")
        try:
            return lifecycle.open_job(lifecycle.new(Job.Kind.SCAN, connection, caller, token=token))
        except lifecycle.JobIsThere as there:
            job = there.job
    return job


def progress_of(job: Job) -> Progress | None:
    """How far a scan is, or what it found; None where it has counted nothing yet."""
    return msgspec.convert(job.progress, Progress) if job.progress else None


def last(connection: Connection) -> Found | None:
    """The connection's newest scan that came to its end."""
    job = lifecycle.last_done(connection, Job.Kind.SCAN)
    progress = progress_of(job) if job else None
    return Found(job, progress) if job and progress else None


def run(pk: UUID) -> None:
    """Get on with a scan until it is over, has to pause, or is to be let go of."""
    if job := lifecycle.take(pk, uuid4()):
        if job.connection.archived_at:  # of what is archived nothing is asked any more
            lifecycle.finish(job, Job.State.FAILED, f"{job.connection_label} was archived.")
            return
        with suppress(lifecycle.Interrupted):
            _Scan(job).run()


class _Scan:
    """One run of a scan, from where the run before came to."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cursor = job.cursor
        self.seen = job.seen
        self.progress = progress_of(job) or _from_the_start()
        if self.cursor:
            self.progress.taken_up += 1
        self.marks: set[bytes] = set()
        self.known = KnownItems()
        self.why = ""
        self.kept_at = time.monotonic()

    def run(self) -> None:
        try:
            while not self._walk():
                pass
        except paging.Circle:
            self.progress.circle = True
            self._finish(Job.State.DONE, CIRCLE)
        finally:
            self.known.close()

    def _walk(self) -> bool:
        """Walk to the end, or into something in the way; True when there is no more to do."""
        query = MediaQuery(cursor=self.cursor or None)
        try:
            for step in paging.steps(self.job.connection, query, seen=self.marks, look_up=self._keep_up):
                self._count(step)
                if step.next_cursor:  # what is kept without a cursor would be walked from the start again
                    self._keep_up()
        except VaultError as error:
            return self._is_over(error)
        except Unsealable as error:
            return self._finish(Job.State.FAILED, str(error) or "The connection's ID cannot be opened.")
        return self._finish(Job.State.DONE)

    def _count(self, step: paging.Step) -> None:
        progress, tally = self.progress, self.progress.tally
        fresh = self.known.fresh(step.items)
        tally.add(fresh)
        tally.repeats += len(step.items) - len(fresh)
        self.seen += len(step.items)
        self.cursor = step.next_cursor or ""
        progress.tries, self.why = 0, ""
        progress.repeats_known = progress.repeats_known and self.known.works

    def _keep_up(self) -> None:
        if time.monotonic() - self.kept_at >= KEPT_EVERY:
            self._keep()

    def _keep(self) -> None:
        """Cursor and sums in one update: neither is ever ahead of the other."""
        self.kept_at = time.monotonic()
        lifecycle.keep(self.job, why=self.why, **self._facts())

    def _facts(self) -> dict[str, Any]:
        kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self.progress))
        return {"seen": self.seen, "cursor": self.cursor, "progress": kept}

    def _is_over(self, error: VaultError) -> bool:
        """What an error means for the scan: a wait after which it goes on, a start from the first page, a
        pause, or its end."""
        progress = self.progress
        if isinstance(error, BadRequest):
            if not self.cursor or progress.started_over:
                return self._finish(Job.State.FAILED, words(error))
            self._start_over()
            return False
        progress.tries += 1
        if progress.tries >= TRIES:
            return self._finish(Job.State.FAILED, f"Given up after {TRIES} tries. {words(error)}")
        self.why, seconds = words(error), wait_after(error, progress.tries)
        if lets_go(error, seconds):
            self._keep()
            lifecycle.pause(self.job, self.why, seconds)
            return True
        until = time.monotonic() + seconds
        self._keep()
        while (left := until - time.monotonic()) > 0:
            lifecycle.stopping.wait(min(left, KEPT_EVERY))
            self._keep()
        return False

    def _start_over(self) -> None:
        """The service does not know our place any more: everything is counted anew, once."""
        self.cursor, self.seen = "", 0
        self.progress = _from_the_start()
        self.progress.started_over = True
        self.marks.clear()
        self.known.clear()
        self._keep()

    def _finish(self, state: Job.State, why: str = "") -> bool:
        """Always True, also where it was stopped or taken over meanwhile: there is nothing more to do."""
        facts = self._facts()
        if state == Job.State.DONE:
            facts["cursor"] = ""
        lifecycle.finish(self.job, state, why, **facts)
        return True


def _from_the_start() -> Progress:
    return Progress(tally=Tally(now_ms=int(time.time() * 1000)))
