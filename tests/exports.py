"""Exports as tests begin and run them, and what they wrote."""

from __future__ import annotations

import uuid

from django_tasks_db.models import DBTaskResult

from dashboard.exports import files as export_files
from dashboard.exports import job as export
from dashboard.exports import stream as export_stream
from dashboard.exports.rows import encode_header
from dashboard.models import Connection, Job
from dashboard.vault import MediaQuery
from tests import make


def begun(of: Connection, form: str = "csv", query: MediaQuery | None = None) -> Job:
    return export.begin(make.OMAR, of, query or MediaQuery(), form, uuid.uuid4())


def after(job: Job) -> Job:
    """The job once it has been run. The task of one that is over is no work that waits."""
    export.run(job.pk)
    job.refresh_from_db()
    if not job.is_open:
        DBTaskResult.objects.filter(args_kwargs__args__0=str(job.pk)).delete()
    return job


def written(job: Job) -> bytes:
    return export_files.get_path(job).read_bytes()


def streamed(of: Connection, form: str = "csv", query: MediaQuery | None = None) -> bytes:
    """The same, as it is sent to somebody who waits for it."""
    file = export_stream.ExportStream(of, query or MediaQuery(), form)
    try:
        return b"".join(file)
    finally:
        file.close()


def left_lying() -> list[str]:
    """The endings of all files of exports there are."""
    return sorted(path.suffix for path, _ in export_files.find_all())


HEAD = encode_header("csv")
