"""The audit: what was done, by whom, from where, for which ticket, with which outcome. Written once.

`record` writes one event or raises; `note` does its best, for what must not stand in a request's way.
`verify` reads the whole chain; `queries` finds what a person may read of it.
"""

from .chain import verify
from .reconcile import find_difference
from .record import NotRecorded, note, record

__all__ = ["NotRecorded", "find_difference", "note", "record", "verify"]
