"""An export that the worker writes to a file: killed at any moment, it comes out byte for byte the same.

The file's length and the cursor that goes on from there are kept in one update.
"""

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.utils import timezone

from dashboard import audit, budgets
from dashboard.identity import Caller
from dashboard.jobs import lifecycle
from dashboard.jobs.paging import CursorLoop
from dashboard.jobs.walker import Walker, WalkProgress
from dashboard.models import Connection, Job, JobState
from dashboard.problems import Action, Problem
from dashboard.removals.errors import KeyReused
from dashboard.vault import MediaPage, MediaQuery

from . import files as export_files
from .rows import encode_header, make_encoder, read_ids
from .stream import event_payload

logger = logging.getLogger(__name__)

FILE_LIFETIME: Final = timedelta(days=1)
MAX_OPEN_EXPORTS: Final = 10
"""Exports that one person may have under way: each keeps a worker thread, and fills the disk."""

LOCKED_PAUSE_SECONDS: Final = 5.0
"""Time in which a process that lost its lease finds that out and releases the file."""

IDS_BETWEEN_CHECKPOINTS: Final = 1000
"""Ids of a file that are read back, in some milliseconds, before it is looked whether a checkpoint is due."""

ENDLESS_LIST_MESSAGE: Final = (
    "The service's pages lead in a circle, so the list has no end, and a file of it would be wrong."
)


class TooManyExports(Problem):
    """Nothing was begun: others of this person's have to end first; `newest` is the last of them."""

    title = "Too many exports at once"
    advice = (
        f"{MAX_OPEN_EXPORTS} of your exports are still being prepared, so this one was not begun. Wait until "
        "one of them is done, or stop one."
    )
    status = 409

    def __init__(self, newest: Job) -> None:
        super().__init__(str(newest.pk))
        self.action = Action(newest, "See the newest of them")


class ExportProgress(WalkProgress, kw_only=True):
    """Facts that an export keeps beside its cursor."""

    bytes: int = 0
    whole: bool = False
    """True once everything is written, and only the file's name is to be changed."""


def begin(caller: Caller, connection: Connection, query: MediaQuery, file_format: str, token: UUID) -> Job:
    """Return the form's new or earlier export.

    Raises KeyReused, TooManyExports, budgets.BudgetSpent and audit.NotRecorded.
    """
    job = lifecycle.new_job(
        Job.Kind.EXPORT, connection, caller, token=token, query=query.to_url(), form=file_format
    )
    own = Job.objects.owned_by(job).filter(kind=job.kind, state__in=Job.OPEN)
    try:
        with budgets.recorded(caller), transaction.atomic():
            lifecycle.open_job(job)
            budgets.take(caller, "exports")
            if own.count() > MAX_OPEN_EXPORTS:
                raise TooManyExports(own.exclude(pk=job.pk)[0])
            result = {"job": str(job.pk), **event_payload(query, file_format)}
            audit.record("media.export.planned", caller, connection=connection, result=result)
    except lifecycle.JobExists as there:
        if not there.job.is_owned_by(caller.person):
            raise KeyReused from None
        return there.job
    return job


def decode_query(job: Job) -> MediaQuery:
    """Return the filters that the job was begun with."""
    return MediaQuery.from_url(job.query)


def file_expires_at(job: Job) -> datetime | None:
    """Return the moment at which its file is deleted; None if there is none yet."""
    return job.finished_at + FILE_LIFETIME if job.finished_at and job.state == JobState.DONE else None


def delete_old_files() -> int:
    """Delete files that expired, and parts that nobody will finish; return their number."""
    found = list(export_files.find_all())
    jobs = Job.objects.in_bulk({number for _, number in found})
    old = [path for path, number in found if not _is_wanted(path, jobs.get(number))]
    export_files.remove(*old)
    return len(old)


def _is_wanted(path: Path, job: Job | None) -> bool:
    if job is None:  # of another database, or of one that was restored: it is kept for as long as others
        stat = export_files.read_stat(path)
        return stat is not None and time.time() - stat.st_mtime < FILE_LIFETIME.total_seconds()
    until = file_expires_at(job)
    is_done = until is not None and path.suffix != export_files.PARTIAL_SUFFIX
    return job.is_open or (is_done and until is not None and timezone.now() < until)


def run(pk: UUID) -> None:
    """Go on with an export until it is over, has to pause, or has to be released."""
    if job := lifecycle.acquire(pk, uuid4()):
        with suppress(lifecycle.Interrupted):
            _ExportWalker(job).run()


class _ExportWalker(Walker[ExportProgress]):
    """A run of an export, which keeps the length of its file together with the cursor."""

    cursor_loop_message = ENDLESS_LIST_MESSAGE

    def __init__(self, job: Job) -> None:
        super().__init__(job, decode_query(job), msgspec.convert(job.progress, ExportProgress))
        self.encode = make_encoder(job.form, job.connection)
        self.file: export_files.PartialFile
        self._ids_before: tuple[str | None, ...] = ()

    def run(self) -> None:
        """Write the file, unless the worker may not act for the person, or it is whole."""
        self.check_standing()
        try:
            if self._has_its_name():
                self.finish(JobState.DONE, size_bytes=self.progress.bytes)
                return
            with export_files.PartialFile(self.job) as self.file:
                super().run()
        except export_files.FileLocked:
            lifecycle.pause(self.job, "Another worker is about to let go of the file.", LOCKED_PAUSE_SECONDS)
        except OSError as error:
            logger.error("an export cannot be written: %s", error)
            self._fail(export_files.describe_error(error))
        except lifecycle.Interrupted:
            self._remove_unwanted_files()
            raise

    def new_progress(self) -> ExportProgress:
        return ExportProgress()

    def restore(self) -> None:
        """Cut the file to the length that is kept, or begin anew if it is shorter or lies elsewhere."""
        self._ids_before = ()
        if self.progress.bytes > self.file.length:
            self.forget()
        self.file.truncate(self.progress.bytes)
        for number, media_id in enumerate(read_ids(self.file.path, self.job.form), 1):
            self.known.add(media_id)  # so that it is not written again
            if number % IDS_BETWEEN_CHECKPOINTS == 0:
                self.maybe_checkpoint()
        if not self.file.length:
            self.file.write(encode_header(self.job.form))

    def read_pages(self) -> bool:
        """Write page after page, unless the file is whole; True if there is no more to do in this run."""
        if not self.progress.whole:
            return super().read_pages()
        self.complete()
        return True

    def on_page(self, page: MediaPage) -> None:
        """Write the items that are not in the file. Raises CursorLoop for the same page twice in a row."""
        ids = tuple(item.id for item in page.items)
        if ids == self._ids_before and any(ids):
            raise CursorLoop
        self._ids_before = ids
        self.file.write(self.encode(self.known.add_new(page.items)))

    def checkpoint(self) -> None:
        """Have the bytes on the disk before their number is kept."""
        self.file.sync()
        self.progress.bytes = self.file.length
        super().checkpoint()

    def complete(self) -> None:
        self.cursor, self.progress.whole = "", True
        self.checkpoint()
        self.file.rename_to(export_files.get_path(self.job))
        self.finish(JobState.DONE, size_bytes=self.progress.bytes)

    def finish(self, state: JobState, message: str = "", **columns: Any) -> None:
        """End the job, and leave no file of one that failed."""
        super().finish(state, message, **columns)
        self._remove_unwanted_files()

    def _has_its_name(self) -> bool:
        """Return True if a worker died after the file had its name, and before the job was done."""
        stat = export_files.read_stat(export_files.get_path(self.job))
        return self.progress.whole and stat is not None and stat.st_size == self.progress.bytes

    def _fail(self, message: str) -> None:
        self.finish(JobState.FAILED, message)

    def _remove_unwanted_files(self) -> None:
        self.job.refresh_from_db()
        if self.job.state in (JobState.STOPPED, JobState.FAILED):
            export_files.remove(export_files.get_partial_path(self.job), export_files.get_path(self.job))
