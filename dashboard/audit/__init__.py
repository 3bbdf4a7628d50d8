"""The audit: what was done, by whom, from where, for which ticket, with which outcome. Written once.

`record` writes one event or raises; `note` does its best, for what must not stand in a request's way.
`verify` reads the whole chain; `history` finds what a person may read of it.
"""

from .books import differing_removals
from .chain import Break, verify
from .codes import CODES, OUTCOMES, VERBS
from .record import NotRecorded, note, record

__all__ = [
    "CODES",
    "OUTCOMES",
    "VERBS",
    "Break",
    "NotRecorded",
    "differing_removals",
    "note",
    "record",
    "verify",
]
