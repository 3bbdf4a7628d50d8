"""The audit: what was done, by whom, from where, for which ticket, with which outcome. Written once."""

from .chain import verify
from .columns import describe_row
from .reconcile import find_difference
from .record import NotRecorded, note, record
from .rows import find_changed_row

__all__ = ["NotRecorded", "describe_row", "find_changed_row", "find_difference", "note", "record", "verify"]
