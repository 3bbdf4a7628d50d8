"""The only tables we own: people, connections, the ledger of removals, the events of the audit, the jobs of
the worker, and what a person keeps at hand."""

from .actor import ActorFields, actor_columns_of
from .connection import (
    CONNECTION_ID,
    SLUG,
    Account,
    Colour,
    Connection,
    ConnectionQuerySet,
    shorten_id,
    validate_groups,
    validate_label,
)
from .event import INDEXED, Event
from .job import Job, JobState, Worker
from .removal import Removal, RemovalState
from .transitions import transition
from .workspace import Lookup, SavedView, TrayItem

__all__ = [
    "CONNECTION_ID",
    "INDEXED",
    "SLUG",
    "Account",
    "ActorFields",
    "Colour",
    "Connection",
    "ConnectionQuerySet",
    "Event",
    "Job",
    "JobState",
    "Lookup",
    "Removal",
    "RemovalState",
    "SavedView",
    "TrayItem",
    "Worker",
    "actor_columns_of",
    "shorten_id",
    "transition",
    "validate_groups",
    "validate_label",
]
