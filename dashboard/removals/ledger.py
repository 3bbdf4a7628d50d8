"""The ledger of removals: rows that move from state to state, each step an event in the same transaction.

    sent -> deleted | already_gone | not_removed | rejected | refused
       \\-> unknown -> verified_gone | verified_present | recached | unresolved

The items of a bulk removal are planned and claimed before that (claims). Nothing here calls the service. What
was not committed did not happen; what was is never guessed.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, Error, IntegrityError, transaction
from django.db import connection as database
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard import audit, budgets
from dashboard.audit.chain import format_time
from dashboard.audit.event_codes import DELETE, PURGE
from dashboard.identity import Caller
from dashboard.jobs.lifecycle import CLOCK_SKEW
from dashboard.logs import mask_ids
from dashboard.models import Connection, Removal, RemovalState, TrayItem, actor_columns_of, transition
from dashboard.vault import PAGE_DELETE_TIMEOUTS, PURGE_TIMEOUTS, WORKER_DELETE_TIMEOUTS

from .errors import IntentNotRecorded, KeyReused, OutcomeNotRecorded, RemovalInFlight

logger = logging.getLogger(__name__)

CALL_DEADLINE: Final = {
    Removal.Verb.DELETE: timedelta(seconds=PAGE_DELETE_TIMEOUTS.total),
    Removal.Verb.PURGE: timedelta(seconds=PURGE_TIMEOUTS.total),
}

WORKER_CALL_DEADLINE: Final = timedelta(seconds=WORKER_DELETE_TIMEOUTS.total)
MAX_LOCK_WAIT: Final = timedelta(seconds=25)
"""Longer than two waits for a lock of the database, and a little."""

CALL_LEASE: Final = {verb: call + MAX_LOCK_WAIT for verb, call in CALL_DEADLINE.items()}
"""Longer than a call and its waits for locks: a row still `sent` after it has lost its process."""

CHECK_PAUSES: Final = tuple(timedelta(seconds=s) for s in (2, 8, 50, 540))
"""Pauses between checks of an unknown outcome: at +2, +10, +60 s and +10 min; then it is unresolved."""

ANSWERED_STATES: Final = (
    RemovalState.DELETED,
    RemovalState.ALREADY_GONE,
    RemovalState.NOT_REMOVED,
    RemovalState.REJECTED,
    RemovalState.REFUSED,
)
"""States that the call's answer gives; they outrank what was read while the answer was thought to be lost."""

CHECKED_STATES: Final = (RemovalState.VERIFIED_GONE, RemovalState.VERIFIED_PRESENT, RemovalState.RECACHED)
_BEFORE: Final[dict[str, tuple[RemovalState, ...]]] = {
    **dict.fromkeys(
        ANSWERED_STATES, (RemovalState.SENT, RemovalState.UNKNOWN, RemovalState.UNRESOLVED, *CHECKED_STATES)
    ),
    **dict.fromkeys(CHECKED_STATES, (RemovalState.UNKNOWN, RemovalState.UNRESOLVED)),
    RemovalState.PLANNED: (RemovalState.SENT,),  # of a bulk removal, where the service did not take the call
    RemovalState.UNKNOWN: (RemovalState.SENT,),
    RemovalState.UNRESOLVED: (RemovalState.UNKNOWN,),
}
"""The states from which each state may be reached."""

RETRYABLE_STATES: Final = (
    RemovalState.VERIFIED_PRESENT,
    RemovalState.NOT_REMOVED,
    RemovalState.REJECTED,
    RemovalState.REFUSED,
    RemovalState.UNRESOLVED,
)
"""States after which another attempt may be offered, as a new intent linked to this one."""


@dataclass(frozen=True, slots=True)
class Intent:
    """The person who removes, and what they said. `token` is the idempotency key: one press, one removal.

    It is of the moment in which it is made: what ends after that is news to the person.
    """

    caller: Caller
    token: UUID
    ticket: str = ""
    reason: str = ""
    typed: str = ""
    retry_of: UUID | None = None
    pressed_at: datetime = field(default_factory=timezone.now)


def open_row(
    connection: Connection,
    intent: Intent,
    *,
    verb: Removal.Verb,
    media_id: str = "",
    before: Mapping[str, Any] | None = None,
    state: RemovalState = RemovalState.SENT,
    check: Callable[[], object] = bool,
) -> Removal:
    """Commit the row, and its event, that must stand before anything is sent. ALREADY_GONE sends nothing.

    Raises IntentNotRecorded, budgets.BudgetSpent, and RemovalInFlight where another removal of this target is
    not over. `check` is called once no other of this target can begin; if it raises, nothing is committed.
    """
    person, now = intent.caller.person, timezone.now()
    assert person is not None  # noqa: S101 - nobody signed in presses no button
    earlier = _find_retried(connection, media_id, intent)
    removal = Removal(
        verb=verb,
        state=state,
        connection=connection,
        connection_label=connection.label,
        media_id=media_id,
        **actor_columns_of(person),
        ticket=mask_ids(intent.ticket),
        reason=mask_ids(intent.reason),
        token=intent.token,
        request_id=intent.caller.request_id,
        retry_of=earlier,
        attempt=earlier.attempt + 1 if earlier else 1,
        before=mask_ids(dict(before or {})),
        sent_at=now,
        lease_until=now + CALL_LEASE[verb] if state == RemovalState.SENT else None,
        settled_at=None if state == RemovalState.SENT else now,
    )
    try:
        with budgets.recorded(intent.caller), transaction.atomic(durable=True):
            removal.save(force_insert=True)
            check()
            if verb == Removal.Verb.DELETE:
                budgets.take(intent.caller, "deletions")
            record_step(removal, intent.caller, typed=intent.typed, before=removal.before)
    except IntegrityError:
        if other := find_in_flight(connection, media_id).first():
            raise RemovalInFlight(other) from None
        check()  # what stood in the way may have ended since
        raise KeyReused from None
    except (DatabaseError, audit.NotRecorded) as broken:
        raise IntentNotRecorded(type(broken).__name__) from broken
    unselect(removal)
    return removal


def move(
    removal: Removal,
    state: RemovalState,
    caller: Caller,
    *,
    result: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Move the row with its event, or reload it and return False. Raises OutcomeNotRecorded."""
    now = timezone.now()
    changes = {"state": state, "settled_at": now, **fields}
    if state == RemovalState.UNKNOWN:
        changes |= {"next_look_at": now + CHECK_PAUSES[0], "looks": 0}
    elif state not in Removal.OPEN:
        changes["next_look_at"] = None
    try:
        with transaction.atomic():
            moved = transition(removal, {"state": _BEFORE[state]}, **changes)
            if moved:
                outcome = "put_off" if state == RemovalState.PLANNED else ""
                record_step(removal, caller, outcome=outcome, result=result)
            else:
                removal.refresh_from_db()
    except (DatabaseError, audit.NotRecorded) as broken:
        logger.error("removal %s: outcome %s could not be written", removal.pk, state)
        raise OutcomeNotRecorded(removal) from broken
    unselect(removal)
    return moved


def unselect(removal: Removal) -> None:
    """Take what a committed removal took out of every tray, but for what was selected after it."""
    try:
        if not removal.is_gone or not _is_selected(removal):  # as mostly, and then nothing waits for a lock
            return
        rows = TrayItem.objects.filter(connection=removal.connection_id)
        if removal.verb == Removal.Verb.DELETE:
            rows = rows.filter(media_id=removal.media_id, added_at__lte=removal.settled_at)
        else:  # what is cached while a purge is under way may stay
            rows = rows.filter(added_at__lte=removal.sent_at)
        with transaction.atomic():
            rows.delete()
    except Error as broken:
        logger.warning("removal %s: what it took stays selected: %s", removal.pk, type(broken).__name__)


def _is_selected(removal: Removal) -> bool:
    sql = "SELECT 1 FROM dashboard_trayitem WHERE connection_id = %s AND (%s OR media_id = %s) LIMIT 1"
    with database.cursor() as cursor:
        cursor.execute(sql, [removal.connection_id, removal.verb == Removal.Verb.PURGE, removal.media_id])
        return cursor.fetchone() is not None


def may_send(removal: Removal) -> bool:
    """Return True while the lease outlasts the call: a slow disk, or a sleep, may have used it up."""
    assert removal.lease_until  # noqa: S101 - every row that is sent has one
    longest = WORKER_CALL_DEADLINE if removal.job_id else CALL_DEADLINE[Removal.Verb(removal.verb)]
    return timezone.now() + longest < removal.lease_until


def claim_check(removal: Removal) -> bool:
    """Claim the next check of an unknown outcome, and return False if another process has."""
    looks = removal.looks + 1
    pause = CHECK_PAUSES[min(looks, len(CHECK_PAUSES) - 1)]
    is_due = {"state": RemovalState.UNKNOWN, "looks": removal.looks}
    return transition(removal, is_due, looks=looks, next_look_at=timezone.now() + pause)


def return_check(removal: Removal) -> None:
    """Have a check that was claimed, and for which no call could be made, made a little later."""
    is_claimed = {"state": RemovalState.UNKNOWN, "looks": removal.looks}
    transition(removal, is_claimed, looks=removal.looks - 1, next_look_at=timezone.now() + CHECK_PAUSES[0])


def close(removal: Removal, caller: Caller, note: str) -> bool:
    """Close an unresolved removal with an admin's note, or return False. Raise audit.NotRecorded."""
    closer = caller.person.name if caller.person else ""
    fields = {"closed_at": timezone.now(), "closed_by": closer, "closing_note": mask_ids(note)}
    try:
        with transaction.atomic():
            is_open = {"state": RemovalState.UNRESOLVED, "closed_at": None}
            if not transition(removal, is_open, **fields):
                return False
            record_step(removal, caller, outcome="closed", reason=note)
    except (DatabaseError, audit.NotRecorded) as broken:
        raise audit.NotRecorded(type(broken).__name__) from broken
    return True


def find_in_flight(connection: Connection, media_id: str) -> QuerySet[Removal]:
    """Return the removals of this target that are not over: planned in a job, sent, or unknown."""
    return Removal.objects.filter(connection=connection, media_id=media_id, state__in=Removal.LOCKED)


def is_lost(removal: Removal) -> bool:
    """Return True for a row still `sent` whose process cannot be waiting for an answer any more."""
    return removal.state == RemovalState.SENT and Removal.objects.filter(_is_lost(), pk=removal.pk).exists()


def find_due() -> QuerySet[Removal]:
    """Return the rows to check now: lost by their process, or due for another check."""
    now = timezone.now()
    farthest = now + CHECK_PAUSES[-1] + CLOCK_SKEW  # put off further it was by a clock that has jumped since
    time_to_look = Q(next_look_at__lte=now) | Q(next_look_at=None) | Q(next_look_at__gt=farthest)
    return Removal.objects.filter(_is_lost() | Q(state=RemovalState.UNKNOWN) & time_to_look)


def find_needing_attention() -> QuerySet[Removal]:
    """Return the rows of which a person should know, newest first: still out, unknown, or unresolved."""
    return Removal.objects.filter(
        Q(state__in=Removal.OPEN) | Q(state=RemovalState.UNRESOLVED, closed_at=None)
    ).select_related("connection")


def _is_lost() -> Q:
    now = timezone.now()
    return Q(state=RemovalState.SENT) & (
        Q(lease_until__lt=now) | Q(lease_until=None) | Q(sent_at__gt=now + CLOCK_SKEW)
    )


def _find_retried(connection: Connection, media_id: str, intent: Intent) -> Removal | None:
    if intent.retry_of is None:
        return None
    return Removal.objects.filter(
        pk=intent.retry_of, connection=connection, media_id=media_id, state__in=RETRYABLE_STATES
    ).first()


def record_step(
    removal: Removal, caller: Caller, *, outcome: str = "", reason: str = "", **facts: Any
) -> None:
    """Record the step that a row has just made, within the same transaction."""
    noun = DELETE if removal.verb == Removal.Verb.DELETE else PURGE
    audit.record(
        f"{noun}.{outcome or removal.state}",
        caller,
        connection=removal.connection,
        media_id=removal.media_id,
        ticket=removal.ticket,
        reason=reason or removal.reason,
        removal=removal,
        job=removal.job_id,
        row=audit.describe_row(removal) | _describe_closing(removal, outcome),
        **facts,
    )


def _describe_closing(removal: Removal, outcome: str) -> dict[str, str]:
    return {"closed_at": format_time(removal.closed_at)} if outcome == "closed" and removal.closed_at else {}
