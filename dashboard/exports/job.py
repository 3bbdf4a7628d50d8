"""An export that the worker writes: begun by a person, killed at any moment, byte for byte the same.

The length of the file and the cursor that goes on from there are kept in one update: whoever takes the job up
cuts the file to that length and goes on. Where there is no such file, on another machine say, it begins anew.
"""

from __future__ import annotations

import logging
import time
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from dashboard import audit, service
from dashboard.auth.reauthorize import standing
from dashboard.encryption import Unsealable
from dashboard.identity import Caller, Person, Role
from dashboard.jobs import lifecycle, paging
from dashboard.jobs.repeats import KnownItems
from dashboard.jobs.retry_policy import TRIES, lets_go, wait_after, words
from dashboard.models import Connection, Job
from dashboard.removals.actions import FormUsed
from dashboard.vault import BadRequest, MediaQuery, VaultError

from . import files as export_files
from .rows import head, ids_in, writer
from .stream import told

logger = logging.getLogger(__name__)

KEPT_EVERY: Final = 1.0
"""Seconds of work that a killed worker costs at most."""

LIES_FOR: Final = timedelta(days=1)
"""How long a file waits for whoever had it written."""

MOST_OPEN: Final = 10
"""Exports that one person may have under way: each keeps a lane of the worker, and fills the disk."""

HELD_FOR: Final = 5.0
"""Seconds in which a process that lost its lease finds that out and lets go of the file."""

CIRCLE: Final = (
    "The service's pages lead in a circle, so the list has no end, and a file of it would be wrong."
)


class TooManyExports(Exception):
    """Nothing was begun: others of this person's have to end first; `job` is the newest of them."""

    def __init__(self, job: Job) -> None:
        super().__init__(str(job.pk))
        self.job = job


class Progress(Struct, kw_only=True):
    """What an export has to remember beside its cursor."""

    bytes: int = 0
    tries: int = 0
    """Calls in a row that failed."""
    started_over: bool = False
    whole: bool = False
    """True once everything is written: only its name is to be changed."""


def begin(caller: Caller, connection: Connection, query: MediaQuery, form: str, token: UUID) -> Job:
    """A job that writes all that fits, and its event; the one that was begun already for a form sent twice.

    Raises FormUsed for another's form, TooManyExports, and audit.NotRecorded where neither can be written.
    """
    job = lifecycle.new(Job.Kind.EXPORT, connection, caller, token=token, query=query.as_url(), form=form)
    mine = Job.objects.filter(kind=job.kind, issuer=job.issuer, subject=job.subject, state__in=Job.OPEN)
    try:
        with transaction.atomic():
            lifecycle.open_job(job)
            if mine.count() > MOST_OPEN:
                raise TooManyExports(mine.exclude(pk=job.pk)[0])
            result = {"job": str(job.pk), **told(query, form)}
            audit.record("media.export.planned", caller, connection=connection, result=result)
    except lifecycle.JobIsThere as there:
        if not is_of(there.job, caller.person):
            raise FormUsed from None
        return there.job
    except lifecycle.JobNotOpened as broken:
        raise audit.NotRecorded(str(broken)) from broken
    return job


def query_of(job: Job) -> MediaQuery:
    """The filters that the job was begun with."""
    return MediaQuery.from_url(job.query)


def is_of(job: Job, person: Person | None) -> bool:
    """Whether this person began it."""
    return person is not None and (job.issuer, job.subject) == (person.issuer, person.subject)


def may_see(job: Job) -> bool:
    """Whether whoever began it may see its connection now."""
    person = job.caller.person
    stands = standing(person) if person else None
    return job.connection in service.connections(stands if stands and stands.may(Role.VIEWER) else None)


def lies_until(job: Job) -> datetime | None:
    """When its file is deleted; None where there is none yet."""
    return job.finished_at + LIES_FOR if job.finished_at and job.state == Job.State.DONE else None


def trim() -> int:
    """Delete the files that lay for their day, and parts that nobody will finish; how many that were."""
    found = list(export_files.kept())
    known = Job.objects.in_bulk({number for _, number in found})
    late = [path for path, number in found if not _is_wanted(path, known.get(number))]
    export_files.remove(*late)
    return len(late)


def _is_wanted(path: Path, job: Job | None) -> bool:
    if job is None:  # of another database, or of one that was restored: it has its day
        return time.time() - export_files.written_at(path) < LIES_FOR.total_seconds()
    until = lies_until(job)
    is_done = until is not None and path.suffix != export_files.PART
    return job.is_open or (is_done and until is not None and timezone.now() < until)


def run(pk: UUID) -> None:
    """Get on with an export until it is over, has to pause, or is to be let go of."""
    if job := lifecycle.take(pk, uuid4()):
        with suppress(lifecycle.Interrupted):
            _Writing(job).run()


class _Writing:
    """One run of an export, from where the run before came to."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.query = query_of(job)
        self.written = writer(job.form, job.connection)
        self.cursor, self.seen = job.cursor, job.seen
        self.progress = msgspec.convert(job.progress, Progress)
        self.marks: set[bytes] = set()
        self.page_before: tuple[str | None, ...] = ()
        self.why = ""
        self.kept_at = time.monotonic()

    def run(self) -> bool:
        if not may_see(self.job):
            return self._fail(f"{self.job.person} may not see {self.job.connection_label} any more.")
        try:
            if self._is_there():
                return self._end(Job.State.DONE, size_bytes=self.progress.bytes)
            with export_files.Part(self.job) as self.part, closing(KnownItems()) as self.known:
                self._go_on()
                while not self._walk():
                    pass
        except export_files.Held:
            lifecycle.pause(self.job, "Another worker is about to let go of the file.", HELD_FOR)
        except OSError as error:
            logger.error("an export cannot be written: %s", error)
            self._fail(export_files.words(error))
        except lifecycle.Interrupted:
            self._clear_up()
            raise
        return True

    def _is_there(self) -> bool:
        """Whether a worker died after the file had its name, and before the job was done."""
        whole = export_files.length_of(export_files.file_of(self.job))
        return self.progress.whole and whole == self.progress.bytes

    def _go_on(self) -> None:
        """Cut the file to what is known of it, or begin anew where that is not there."""
        if self.progress.bytes > self.part.length:
            self.cursor, self.seen, self.progress = "", 0, Progress()
        self.part.go_on_at(self.progress.bytes)
        self.known.clear()
        for media_id in ids_in(self.part.path, self.job.form):  # what is in the file is not written again
            self.known.is_new(media_id)
            self._keep_up()
        if not self.part.length:
            self.part.write(head(self.job.form))

    def _walk(self) -> bool:
        """Walk to the end, or into something in the way; True when there is no more to do."""
        query = self.query.replacing(cursor=self.cursor or None)
        connection = self.job.connection
        try:
            if not self.progress.whole:
                for step in paging.steps(connection, query, seen=self.marks, look_up=self._keep_up):
                    self._write(step)
                    if step.next_cursor:  # what is kept without a cursor would be walked from the start again
                        self._keep_up()
        except VaultError as error:
            return self._is_over(error)
        except paging.Circle:
            return self._fail(CIRCLE)
        except Unsealable as error:
            return self._fail(str(error) or "The connection's ID cannot be opened.")
        return self._complete()

    def _write(self, step: paging.Step) -> None:
        page = tuple(item.id for item in step.items)
        if page == self.page_before and any(page):
            raise paging.Circle
        self.page_before = page
        self.part.write(self.written(self.known.fresh(step.items)))
        self.seen += len(step.items)
        self.cursor = step.next_cursor or ""
        self.progress.tries, self.why = 0, ""

    def _keep_up(self) -> None:
        if lifecycle.stopping.is_set() or time.monotonic() - self.kept_at >= KEPT_EVERY:
            self._keep()

    def _keep(self) -> None:
        """Length and cursor in one update, once the bytes are on the disk: neither is ever ahead."""
        self.kept_at = time.monotonic()
        self.part.sync()
        self.progress.bytes = self.part.length
        lifecycle.keep(self.job, why=self.why, **self._facts())

    def _facts(self) -> dict[str, Any]:
        return {"seen": self.seen, "cursor": self.cursor, "progress": msgspec.to_builtins(self.progress)}

    def _is_over(self, error: VaultError) -> bool:
        """What an error means: a wait after which it goes on, a start from the first page, a pause, or the
        end."""
        progress = self.progress
        if isinstance(error, BadRequest):
            if not self.cursor or progress.started_over:
                return self._fail(words(error))
            self._start_over()
            return False
        progress.tries += 1
        if progress.tries >= TRIES:
            return self._fail(f"Given up after {TRIES} tries. {words(error)}")
        self.why, seconds = words(error), wait_after(error, progress.tries)
        self._keep()
        if lets_go(error, seconds):
            lifecycle.pause(self.job, self.why, seconds)
            return True
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            lifecycle.stopping.wait(min(left, KEPT_EVERY))
            self._keep()
        return False

    def _start_over(self) -> None:
        """The service does not know our place any more: everything is written anew, once."""
        self.cursor, self.seen, self.progress = "", 0, Progress(started_over=True)
        self.marks.clear()
        self.page_before = ()
        self._go_on()
        self._keep()

    def _complete(self) -> bool:
        self.cursor, self.progress.whole = "", True
        self._keep()
        self.part.become(export_files.file_of(self.job))
        return self._end(Job.State.DONE, size_bytes=self.progress.bytes)

    def _fail(self, why: str) -> bool:
        self._end(Job.State.FAILED, why)
        return True

    def _end(self, state: Job.State, why: str = "", **facts: Any) -> bool:
        """Always True: also where it was stopped or taken over meanwhile, there is nothing more to do."""
        lifecycle.finish(self.job, state, why, **self._facts(), **facts)
        self._clear_up()
        return True

    def _clear_up(self) -> None:
        """Nothing of an export is left lying that was stopped or has failed."""
        self.job.refresh_from_db()
        if self.job.state in (Job.State.STOPPED, Job.State.FAILED):
            export_files.remove(export_files.part_of(self.job), export_files.file_of(self.job))
