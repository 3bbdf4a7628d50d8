"""Many items removed as one: begun by a person, carried out by the worker (runner), stopped at any moment."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Count, Sum

from dashboard import audit, budgets
from dashboard.audit.event_codes import BULK
from dashboard.identity import Caller
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job, JobState, Removal, RemovalState

from . import claims
from .errors import ItemsLocked
from .ledger import Intent

MAX_ITEMS: Final = 10_000
MAX_ITEMS_UNTYPED: Final = 25
"""Of more items than these the number has to be typed by hand."""


@dataclass(frozen=True, slots=True)
class BegunRemoval:
    """A bulk removal that was committed, and the removals of others that lock some of its items."""

    job: Job
    locked: list[Removal]


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of a bulk removal's items by outcome."""

    total: int
    deleted: int
    already_gone: int
    failed: int
    """Not removed, rejected, never sent, still there, or cached again."""
    unknown: int
    """Sent, and the answer was lost: nobody knows yet, or ever, what became of it."""
    left: int
    """Not sent, or under way."""
    cancelled: int

    @property
    def done(self) -> int:
        return self.total - self.left


@dataclass(frozen=True, slots=True)
class BulkSummary:
    """A bulk removal with the counts of its items."""

    job: Job
    counts: Counts
    freed_bytes: int

    @property
    def is_done_in_part(self) -> bool:
        """True once it is over and some items were not removed, or nobody knows whether they were."""
        return self.job.state == JobState.DONE and bool(self.counts.failed or self.counts.unknown)


COUNTED_STATES: Final[dict[str, tuple[RemovalState, ...]]] = {
    "deleted": (RemovalState.DELETED, RemovalState.VERIFIED_GONE),
    "already_gone": (RemovalState.ALREADY_GONE,),
    "failed": (
        RemovalState.NOT_REMOVED,
        RemovalState.REJECTED,
        RemovalState.REFUSED,
        RemovalState.VERIFIED_PRESENT,
        RemovalState.RECACHED,
    ),
    "unknown": (RemovalState.UNKNOWN, RemovalState.UNRESOLVED),
    "left": (RemovalState.SENT, RemovalState.CLAIMED, RemovalState.PLANNED),
    "cancelled": (RemovalState.CANCELLED,),
}
"""The states of an item that each of the counts is of."""


def begin(
    connection: Connection, intent: Intent, media_ids: Sequence[str], retry_of: Job | None = None
) -> BegunRemoval:
    """Commit the job with a planned row for each item that no other removal locks, and have the worker begin.

    Raises ItemsLocked where that is none of them, lifecycle.JobExists, lifecycle.JobNotOpened, and
    budgets.BudgetSpent.
    """
    job = lifecycle.new_job(
        Job.Kind.REMOVE,
        connection,
        intent.caller,
        token=intent.token,
        ticket=intent.ticket,
        reason=intent.reason,
        typed=intent.typed,
        retry_of=retry_of,
    )
    media_ids = list(dict.fromkeys(media_ids))
    for _ in range(3):  # another removal of one of the items may begin in this very moment
        try:
            with budgets.recorded(intent.caller), transaction.atomic(durable=True):
                lifecycle.open_job(job)
                budgets.check(intent.caller, "bulk")  # before thousands of rows are written in vain
                locked = claims.plan(job, connection, media_ids)
                job.total = len(media_ids) - len(locked)
                job.save(update_fields=["total"])
                if not job.total:
                    raise ItemsLocked(locked)
                budgets.take(intent.caller, "bulk", job.total)
                plan = {"items": job.total, "held": len(locked), "digest": job.digest}
                record_step(job, intent.caller, "planned", plan)
        except IntegrityError:
            job._state.adding = True
        except (DatabaseError, audit.NotRecorded) as broken:
            raise lifecycle.JobNotOpened(type(broken).__name__) from broken
        else:
            return BegunRemoval(job, locked)
    raise lifecycle.JobNotOpened("Other removals of these items kept beginning.")


def stop(job: Job, caller: Caller) -> bool:
    """Cancel every item that was not sent. Return False if the job was over. Raise audit.NotRecorded."""
    with transaction.atomic():
        if not lifecycle.stop(job):
            return False
        record_step(job, caller, "stopped", {"cancelled": claims.cancel(job)})
    return True


def resume(job: Job, caller: Caller) -> bool:
    """Let a paused job go on now, and return False if it is not paused. Raise audit.NotRecorded."""
    with transaction.atomic():
        if not lifecycle.resume(job, caller.person):
            return False
        record_step(job, caller, "resumed", {})
    return True


def count_states(states: Counter[str]) -> Counts:
    """Return the number of items by outcome, given the number in each state."""
    of = {name: sum(states[state] for state in those) for name, those in COUNTED_STATES.items()}
    return Counts(total=sum(states.values()), **of)


def summarize(numbers: Collection[UUID]) -> dict[UUID, BulkSummary]:
    """Return the bulk removals of these numbers, by number: two queries, however many they are."""
    if not numbers:
        return {}
    states: dict[UUID, Counter[str]] = defaultdict(Counter)
    freed: Counter[UUID] = Counter()
    items: Any = Removal.objects.filter(job__in=numbers).order_by().values_list("job_id", "state")
    for job, state, count, bytes_ in items.annotate(Count("pk"), Sum("freed_bytes")):
        states[job][state] = count
        freed[job] += bytes_ or 0
    there = Job.objects.in_bulk(numbers)
    return {pk: BulkSummary(job, count_states(states[pk]), freed[pk]) for pk, job in there.items()}


def record_step(job: Job, caller: Caller, outcome: str, result: dict[str, object]) -> None:
    """Record a step of the job itself. Raise audit.NotRecorded."""
    begins = outcome == "planned"
    audit.record(
        f"{BULK}.{outcome}",
        caller,
        connection=job.connection,
        ticket=job.ticket,
        reason=job.reason if begins else job.why,
        job=None if begins else job.pk,
        typed=job.typed if begins else "",
        result={"job": str(job.pk), **result},
        row={"token": str(job.token)} if begins else None,
    )
