"""An export: the question before it, and its page beside that of every job with its filters and its file."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from django.urls import reverse
from django.utils import timezone

from dashboard.exports import files as export_files
from dashboard.exports import job as export
from dashboard.identity import Person
from dashboard.models import Connection, Job, JobState
from dashboard.spreadsheets import FORMATS
from dashboard.units import format_size
from dashboard.vault import DEFAULT_ITEMS_PER_PAGE, MediaQuery

from .job import JobPage
from .media_list import build_export_href, describe_filter, list_filters


class ExportPage:
    """The context of the question before an export: what will be exported, and where each way leads."""

    def __init__(self, connection: Connection, query: MediaQuery) -> None:
        self.query = query.replace(limit=DEFAULT_ITEMS_PER_PAGE)  # all that fits, whatever page one looks at
        self.scope = [describe_filter(name, query) for name in list_filters(query)]
        self.asked = self.query.to_url()
        self.fields = parse_qsl(self.asked)
        tail = f"?{self.asked}" if self.asked else ""
        self.href = build_export_href(connection, query)
        self.back_href = f"{connection.media_url}{tail}"
        self._now = reverse("media-export-now", args=[connection.slug])

    def now_href(self, form: str) -> str:
        """Return the address where the file begins at once."""
        return f"{self._now}?{urlencode([*self.fields, ('format', form)])}"


class ExportJob(JobPage):
    """An export: how much is written, and whether the reader may take the file away."""

    def __init__(self, job: Job, person: Person | None, within: Iterable[Connection]) -> None:
        super().__init__(job, person, within)
        self.asked = ExportPage(job.connection, export.decode_query(job))
        self.form = FORMATS.get(job.form, job.form)
        self.is_theirs = job.is_owned_by(person)
        size = job.size_bytes if job.state == JobState.DONE else job.progress.get("bytes")
        self.written = format_size(size or 0)
        until = export.file_expires_at(job)
        self.until = until if until and until > timezone.now() else None
        self.is_here = export_files.read_stat(export_files.get_path(job)) is not None  # on this machine
