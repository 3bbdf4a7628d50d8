"""A file that a worker wrote, handed out to whoever had it written."""

from __future__ import annotations

import os
from functools import partial
from typing import Final

from django.utils import timezone

from dashboard import audit
from dashboard.identity import Caller
from dashboard.models import Job
from dashboard.private import open_private

from . import files as export_files
from .downloads import Placed, TooManyDownloads
from .job import lies_until, query_of
from .stream import told

PIECE_BYTES: Final = 64 * 1024
"""What is read of a file, and sent, at once."""


class NoFile(Exception):
    """There is nothing to download, or nothing any more; the text says why, `job` what it is about."""

    def __init__(self, job: Job, why: str) -> None:
        super().__init__(why)
        self.job = job


def take_away(caller: Caller, job: Job) -> tuple[Placed, int]:
    """Its file, and how many bytes that is; that it is taken is recorded. Raises NoFile, TooManyDownloads,
    and audit.NotRecorded; then nothing is given out."""
    until = lies_until(job)
    if until is None:
        raise NoFile(job, "There is no file: this export has not come to its end.")
    if until < timezone.now():
        raise NoFile(job, "The file lay here for a day and was deleted. Export again.")
    try:
        file = os.fdopen(open_private(export_files.file_of(job), os.O_RDONLY), "rb")
    except OSError:
        raise NoFile(
            job,
            "The file is not on this machine. Tell your administrator that web server and worker need to see "
            "the same folder (DASHBOARD_FILES).",
        ) from None
    result = {"job": str(job.pk), "size_bytes": job.size_bytes, **told(query_of(job), job.form)}
    try:
        with Placed(caller.person) as placed:
            placed.holds(iter(partial(file.read, PIECE_BYTES), b""), file.close)
            audit.record("media.exported", caller, connection=job.connection, result=result)
    except TooManyDownloads:
        file.close()
        raise
    return placed, os.fstat(file.fileno()).st_size
