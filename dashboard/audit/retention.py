"""Old events leave the database for a file; a checkpoint names the last of them, and the chain goes on."""

import os
from datetime import datetime
from typing import TextIO

from django.db import transaction

from dashboard.identity import Caller
from dashboard.models import Event, Removal

from . import chain, triggers
from .columns import IS_UNSENT_ITEM
from .record import lock_end_of_chain, record

_EVENTS_PER_READ = 2000


def trim(before: datetime, file: TextIO, caller: Caller) -> int:
    """Write the chain's events older than `before` to the file, then delete them; return their number.

    Only a whole beginning goes: an event that a clock dated too late stays, with all after it, and so does
    the newest.
    """
    events = Event.objects.order_by("sequence")
    first_to_keep = events.filter(at__gte=before).first() or events.last()
    old = events.filter(sequence__lt=first_to_keep.sequence if first_to_keep else 0)
    last = old.last()
    if last is None:
        return 0
    count = 0
    for event in old.iterator(chunk_size=_EVENTS_PER_READ):
        file.write(f"{chain.write_signed_line(event)}\n")
        count += 1
    file.flush()
    os.fsync(file.fileno())
    taken = {"events": count, "last_sequence": last.sequence, "last_hash": last.hash}
    with transaction.atomic():
        lock_end_of_chain()  # before the table is locked: who holds the one waits for the other
        with triggers.suspend():
            Event.objects.filter(sequence__lte=last.sequence).delete()
        taken["removals"] = Removal.objects.filter(events=None).exclude(IS_UNSENT_ITEM).count()
        record(chain.CHECKPOINT, caller, result=taken)
    return count
