"""Old events leave the database for a file; a checkpoint names the last of them, and the chain goes on."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TextIO

from django.db import transaction

from dashboard.identity import Caller
from dashboard.models import Event

from . import chain, triggers
from .record import hold_the_end, record

_STEP = 2000


def trim(before: datetime, file: TextIO, caller: Caller) -> int:
    """Write every event older than `before` to `file`, a line each, then take them away; how many they were.

    The newest event always stays. Only whole beginnings are taken, so what a clock that jumped dated later
    stays with all that follows it. Raises DatabaseError where this connection may not lift the guards.
    """
    first_to_keep = (
        Event.objects.filter(at__gte=before).order_by("sequence").values_list("sequence", flat=True).first()
    )
    newest = Event.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    if newest is None:
        return 0
    old = Event.objects.filter(sequence__lt=min(first_to_keep or newest, newest))
    last = old.order_by("-sequence").first()
    if last is None:
        return 0
    count = 0
    for event in old.order_by("sequence").iterator(chunk_size=_STEP):
        file.write(f"{chain.sealed_line(event)}\n")
        count += 1
    file.flush()
    os.fsync(file.fileno())
    taken = {"events": count, "last_sequence": last.sequence, "last_hash": last.hash}
    with transaction.atomic():
        hold_the_end()  # before the table is locked: who holds the one waits for the other
        with triggers.lifted():
            Event.objects.filter(sequence__lte=last.sequence).delete()
        record(chain.CHECKPOINT, caller, result=taken)
    return count
