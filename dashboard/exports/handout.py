"""Download of a file that a worker wrote, by the person who began the export."""

import os
from functools import partial
from typing import Final

from django.utils import timezone

from dashboard import budgets
from dashboard.identity import Caller
from dashboard.models import Job
from dashboard.private import open_private
from dashboard.problems import Action, Problem

from . import files as export_files
from .downloads import DownloadBody, TooManyDownloads
from .job import decode_query, file_expires_at
from .stream import event_payload

CHUNK_BYTES: Final = 64 * 1024


class FileMissing(Problem):
    """The export has nothing to download, or nothing any more; `reason` is a sentence."""

    title = "No file here"
    status = 410

    def __init__(self, job: Job, reason: str) -> None:
        super().__init__(reason)
        self.advice = reason
        self.action = Action(job, "To the export")


def open_download(caller: Caller, job: Job) -> tuple[DownloadBody, int]:
    """Record it; return the file and its length. Raises FileMissing, TooManyDownloads, and as record_act."""
    expires_at = file_expires_at(job)
    if expires_at is None:
        raise FileMissing(job, "There is no file: this export has not come to its end.")
    if expires_at < timezone.now():
        raise FileMissing(job, "The file lay here for a day and was deleted. Export again.")
    try:
        file = os.fdopen(open_private(export_files.get_path(job), os.O_RDONLY), "rb")
    except OSError:
        raise FileMissing(
            job,
            "The file is not on this machine. Tell your administrator that web server and worker need to see "
            "the same folder (DASHBOARD_FILES).",
        ) from None
    result = {"job": str(job.pk), "size_bytes": job.size_bytes, **event_payload(decode_query(job), job.form)}
    try:
        with DownloadBody(caller.person) as body:
            body.set_content(iter(partial(file.read, CHUNK_BYTES), b""), file.close)
            budgets.record_act(caller, "exports", "media.exported", connection=job.connection, result=result)
    except TooManyDownloads:
        file.close()
        raise
    return body, os.fstat(file.fileno()).st_size
