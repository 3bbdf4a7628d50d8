"""The current filter of the list as a file."""

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

from django.utils import timezone

from . import audit, export_stream
from .access import Caller
from .models import Connection
from .vault import MediaQuery


def file_name(connection: Connection, form: str) -> str:
    """What a file is called where it is kept: `media-studio-a-2026-11-21.csv`."""
    return f"media-{connection.slug}-{timezone.now():%Y-%m-%d}.{form}"


def now(caller: Caller, connection: Connection, query: MediaQuery, form: str) -> export_stream.Download:
    """All that fits, as it is read: its first page is there, and that it is taken away is recorded.

    Raises what Download raises, and audit.NotRecorded; then nothing is given out.
    """
    file = export_stream.Download(connection, query, form, caller.request_id)
    try:
        audit.record("media.exported", caller, connection=connection, result=told(query, form))
    except audit.NotRecorded:
        file.close()
        raise
    return file


def told(query: MediaQuery, form: str) -> dict[str, object]:
    """What the record says of an export: its format, and the filters by the service's names."""
    return {"format": form, "filters": dict(parse_qsl(query.as_url()))}


def run(pk: UUID) -> None:
    raise NotImplementedError
