"""What events say of a removal's row: a column is told by the event itself, or beside it, or says nothing."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from dashboard.logs import mask_ids
from dashboard.models import Removal, RemovalState

from .chain import format_time

BESIDE: Final = (
    *("connection_label", "request_id", "token", "position", "retry_of_id", "sent_at", "settled_at"),
    *("answer_status", "service_text", "freed_bytes", "purged_variants"),
)
"""Columns that every step of a removal tells beside its other facts."""

WITHIN: Final = (
    *("verb", "state", "connection", "media_id", "ticket", "reason", "job", "attempt", "before"),
    *("person", "email", "issuer", "subject", "role", "closed_at", "closed_by", "closing_note"),
)
"""Columns that the facts of a removal's steps tell."""

UNSENT: Final = (RemovalState.PLANNED, RemovalState.CLAIMED, RemovalState.CANCELLED)
IS_UNSENT_ITEM: Final = Q(job__isnull=False, state__in=UNSENT)
"""Items of bulk removals that have no event of their own yet, or none at all."""

UNTOLD: Final = ("id", "claim", "lease_until", "looks", "next_look_at")
"""The name of the row, and columns that only say who works on it until when; they change without an event."""


def describe_row(removal: Removal) -> dict[str, Any]:
    """Return the columns of BESIDE with their values as a line has them, without the empty ones."""
    values = {name: format_value(getattr(removal, name)) for name in BESIDE}
    return {name: value for name, value in values.items() if value not in ("", None)}


def format_value(value: Any) -> Any:
    """Return a column's value as a line has it."""
    match value:
        case datetime():
            return format_time(value)
        case UUID():
            return str(value)
    return mask_ids(value)
