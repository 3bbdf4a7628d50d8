"""The rows of a bulk removal: planned together, claimed a few at a time, sent one by one.

    planned -> claimed -> sent -> … (ledger)
     |  ^---------/----------/
     |            \\-> already_gone
     \\-> cancelled

A row is sent by an UPDATE that names its claim, so that whoever slept through the lease's end sends nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db import connection as database
from django.db.models import Count, Q
from django.utils import timezone

from dashboard import audit
from dashboard.identity import Caller
from dashboard.jobs.lifecycle import CLOCK_SKEW
from dashboard.logs import mask_ids
from dashboard.models import Connection, Job, Removal, RemovalState, transition

from . import errors, ledger

CLAIM_LEASE: Final = timedelta(seconds=30)
"""Claimed rows whose holder does not extend the lease in this time are free for others."""

_CHUNK: Final = 500


def plan(job: Job, connection: Connection, media_ids: Sequence[str]) -> list[Removal]:
    """Write a planned row for each of these items that no other removal locks; return the removals that do.

    Within the transaction that saves the job. Raises IntegrityError where another began in this very moment.
    """
    held = {row.media_id: row for row in _find_locking(connection, media_ids)}
    now = timezone.now()
    rows = [
        Removal(
            verb=Removal.Verb.DELETE,
            state=RemovalState.PLANNED,
            job=job,
            position=position,
            connection=connection,
            connection_label=job.connection_label,
            media_id=media_id,
            **job.actor_columns,
            ticket=job.ticket,
            reason=job.reason,
            token=job.token,
            request_id=job.request_id,
            sent_at=now,
        )
        for position, media_id in enumerate(one for one in media_ids if one not in held)
    ]
    _link_retries(job, rows)
    Removal.objects.bulk_create(rows, batch_size=_CHUNK)
    return [held[media_id] for media_id in media_ids if media_id in held]


def acquire(job: Job, number: UUID, at_most: int) -> list[Removal]:
    """Lease the next few planned rows under `number` and return them. Leases that ended are freed first."""
    now = timezone.now()
    rows = Removal.objects.filter(job=job)
    with transaction.atomic():
        jumped = now + CLAIM_LEASE + CLOCK_SKEW  # a lease beyond that is of a clock that has jumped since
        ended = Q(lease_until__lt=now) | Q(lease_until__gt=jumped)
        rows.filter(ended, state=RemovalState.CLAIMED).update(
            state=RemovalState.PLANNED, claim=None, lease_until=None
        )
        waiting = rows.filter(state=RemovalState.PLANNED).order_by("position")
        if database.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        chosen = list(waiting.values_list("pk", flat=True)[:at_most])
        rows.filter(pk__in=chosen, state=RemovalState.PLANNED).update(
            state=RemovalState.CLAIMED, claim=number, lease_until=now + CLAIM_LEASE
        )
    claimed = rows.filter(claim=number, state=RemovalState.CLAIMED)
    return list(claimed.select_related("connection").order_by("position"))


def extend_lease(job: Job, number: UUID) -> int:
    """Extend the lease of the rows held under `number`, and return how many they are."""
    held = Removal.objects.filter(job=job, claim=number, state=RemovalState.CLAIMED)
    return held.update(lease_until=timezone.now() + CLAIM_LEASE)


def release(job: Job, number: UUID) -> int:
    """Plan the rows held under `number` and not sent again, and return how many they are."""
    held = Removal.objects.filter(job=job, claim=number, state=RemovalState.CLAIMED)
    return held.update(state=RemovalState.PLANNED, claim=None, lease_until=None)


def send(removal: Removal, number: UUID, caller: Caller, before: Mapping[str, Any]) -> bool:
    """Commit the intent of a claimed row. Return False if its lease is lost; raise IntentNotRecorded."""
    now = timezone.now()
    lease = now + ledger.WORKER_CALL_DEADLINE + ledger.MAX_LOCK_WAIT
    facts = {"before": mask_ids(dict(before)), "sent_at": now, "lease_until": lease, "claim": None}
    return _leave(removal, number, caller, RemovalState.SENT, facts, before=facts["before"])


def close(
    removal: Removal, number: UUID, caller: Caller, state: RemovalState, *, result: Mapping[str, Any]
) -> bool:
    """End a claimed row for which nothing is sent. Return False if its lease is lost."""
    facts = {"settled_at": timezone.now(), "lease_until": None, "claim": None}
    return _leave(removal, number, caller, state, facts, result=result)


def cancel(job: Job) -> int:
    """Cancel every item that was not sent, and return how many they are."""
    waiting = Removal.objects.filter(job=job, state__in=(RemovalState.PLANNED, RemovalState.CLAIMED))
    return waiting.update(
        state=RemovalState.CANCELLED, settled_at=timezone.now(), claim=None, lease_until=None
    )


def states(job: Job) -> Counter[str]:
    """Return the number of the job's items in each state."""
    rows = Removal.objects.filter(job=job).order_by().values_list("state").annotate(Count("pk"))
    return Counter(dict(rows))


def _find_locking(connection: Connection, media_ids: Sequence[str]) -> list[Removal]:
    found: list[Removal] = []
    for start in range(0, len(media_ids), _CHUNK):
        part = media_ids[start : start + _CHUNK]
        rows = Removal.objects.filter(connection=connection, media_id__in=part, state__in=Removal.LOCKED)
        found += rows.select_related("job")
    return found


def _link_retries(job: Job, rows: list[Removal]) -> None:
    if job.retry_of is None:
        return
    failed = job.retry_of.removals.filter(state__in=ledger.RETRYABLE_STATES)
    before = {row.media_id: row for row in failed}
    for row in rows:
        if earlier := before.get(row.media_id):
            row.retry_of, row.attempt = earlier, earlier.attempt + 1


def _leave(
    removal: Removal, number: UUID, caller: Caller, state: RemovalState, facts: dict[str, Any], **told: Any
) -> bool:
    is_held = {"claim": number, "state": RemovalState.CLAIMED}
    try:
        with transaction.atomic(durable=True):
            if not transition(removal, is_held, state=state, **facts):
                return False
            ledger.record_step(removal, caller, **told)
    except (DatabaseError, audit.NotRecorded) as broken:
        raise errors.IntentNotRecorded(type(broken).__name__) from broken
    ledger.unselect(removal)
    return True
