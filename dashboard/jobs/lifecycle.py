"""Jobs of the worker: begun by a person, taken up by whichever worker is free, and never lost with one.

    waiting -> running -> done | failed
      |  ^       |  \\-> paused -> waiting
      v  \\-------/
    stopped

The queue only carries a job's number. A scan or an export is run by whoever holds its lease, which each of
its steps prolongs; the items of a bulk removal have leases of their own (ledger), so several may work on one.
What a dead worker left is queued again by `queue_due`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import audit
from dashboard.identity import Caller
from dashboard.logs import masked
from dashboard.models import Connection, Job, Worker

State = Job.State
Kind = Job.Kind

LEASE: Final = timedelta(seconds=30)
"""Longer than any read of a worker: a job without a step in this time has lost its runner."""

REMOVALS: Final = "removals"
WALKS: Final = "default"
"""The queues: scans and exports are walks over a whole connection."""

LONGEST_PAUSE: Final = timedelta(hours=1)
"""No job rests longer by itself."""

CLOCK_SKEW: Final = timedelta(minutes=1)
"""A moment that is further in the future than it may be was written by a clock that has jumped since."""

QUEUED_FOR: Final = timedelta(seconds=15)
"""A job that waits longer is queued once more: whoever took its task may be gone."""

ALIVE: Final = timedelta(seconds=15)
"""A worker beats every few seconds; one that has not for so long is gone."""

MOST_CRASHES: Final = 5
"""Runs that may end as nobody foresaw, after which a job rests until somebody has looked."""

CRASHED: Final = (
    f"It broke off {MOST_CRASHES} times by an error of the dashboard itself, which the worker's log names. "
    "Tell your administrator."
)

LONGEST_WHY: Final = 300

stopping: Final = threading.Event()
"""Set when this process is asked to end: every step looks here, gives its lease back and returns."""


class JobNotOpened(Exception):
    """The job could not be committed, so nothing was begun."""


class JobIsThere(Exception):
    """The same press, or a walk of the same kind over the same connection, has begun already: it is named."""

    def __init__(self, job: Job) -> None:
        super().__init__(str(job.pk))
        self.job = job


class Interrupted(Exception):
    """Whoever runs a job has to let go of it: it was stopped, taken over, or the process ends."""


def new(kind: Kind, connection: Connection, caller: Caller, **facts: Any) -> Job:
    """A job as it will be saved; `facts` are its other columns. `open_job` commits it."""
    person = caller.person
    assert person is not None  # noqa: S101 - nobody signed in begins no job
    for name in ("ticket", "reason"):
        facts[name] = masked(facts.get(name, ""))
    return Job(
        kind=kind,
        connection=connection,
        connection_label=connection.label,
        person=person.name,
        email=person.email,
        issuer=person.issuer,
        subject=person.subject,
        role=person.role.word if person.role else "",
        groups=list(person.matched),
        mode=person.mode,
        address=caller.address,
        agent=caller.agent,
        request_id=caller.request_id,
        **{"token": uuid4(), **facts},
    )


def open_job(job: Job) -> Job:
    """Commit the job and queue it, in one transaction or within the caller's. Raises JobIsThere for a token
    that was used, and JobNotOpened."""
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            queue(job)
    except IntegrityError as broken:
        if there := Job.objects.filter(token=job.token).first():
            raise JobIsThere(there) from None
        raise JobNotOpened(type(broken).__name__) from broken
    except (DatabaseError, audit.NotRecorded) as broken:
        raise JobNotOpened(type(broken).__name__) from broken
    return job


def queue(job: Job) -> None:
    """Have a worker run it; more than once does no harm."""
    from .queue import run  # the tasks know what runs each kind

    run.using(queue_name=REMOVALS if job.kind == Kind.REMOVE else WALKS).enqueue(str(job.pk))


def take(pk: UUID, runner: UUID) -> Job | None:
    """The job, held by `runner` from now on; None where there is nothing to do, or somebody else holds it."""
    now = timezone.now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=now)
    due = Q(state=State.PAUSED, next_try_at__lte=now)
    changes: dict[str, Any] = {
        "state": State.RUNNING,
        "runner": runner,
        "lease_until": now + LEASE,
        "why": "",
    }
    if Job.objects.filter(free | due, pk=pk).update(**changes, next_try_at=None, moved_at=now) != 1:
        return None
    Job.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return Job.objects.select_related("connection").get(pk=pk)


def keep(job: Job, **progress: Any) -> None:
    """Write down how far it is, and prolong its lease. Raises Interrupted where it was stopped or taken over,
    or where this process ends; what was to be written then is not written in the first two cases."""
    now = timezone.now()
    changes = {"lease_until": now + LEASE, "moved_at": now, **progress}
    if "why" in changes:
        changes["why"] = said(changes["why"])
    held = Job.objects.filter(pk=job.pk, runner=job.runner, state=State.RUNNING)
    if held.update(**changes) != 1:
        raise Interrupted(str(job.pk))
    for name, value in changes.items():
        setattr(job, name, value)
    if stopping.is_set():
        give_back(job)
        raise Interrupted(str(job.pk))


def give_back(job: Job) -> None:
    """Let go of it at once, so that another worker need not wait for the lease to end."""
    held = Job.objects.filter(pk=job.pk, runner=job.runner, state=State.RUNNING)
    with transaction.atomic():
        if held.update(state=State.WAITING, runner=None, lease_until=None) == 1:
            queue(job)


def pause(job: Job, why: str, seconds: float | None, **progress: Any) -> bool:
    """Let it rest for some seconds, or (None) until somebody presses Go on."""
    longest = LONGEST_PAUSE.total_seconds()
    again = None if seconds is None else timezone.now() + timedelta(seconds=min(seconds, longest))
    return _leave(job, State.PAUSED, why=said(why), next_try_at=again, **progress)


def finish(job: Job, state: State = State.DONE, why: str = "", **facts: Any) -> bool:
    """It is over; False where it was stopped or taken over meanwhile."""
    return _leave(job, state, why=said(why), finished_at=timezone.now(), **facts)


def said(why: str) -> str:
    """Why, as the column takes it: a long name or a service's own words may be in it."""
    text: str = masked(why)
    return text if len(text) <= LONGEST_WHY else f"{text[: LONGEST_WHY - 1]}…"


def broke_off(pk: UUID) -> bool:
    """Count a run that ended as nobody foresaw; True where it was one too many: then the job rests until
    somebody presses Go on. Until then it is taken up again once its lease has ended."""
    going = Job.objects.filter(pk=pk, state__in=(State.WAITING, State.RUNNING))
    if not going.update(crashes=F("crashes") + 1):
        return False
    rest: dict[str, Any] = {"state": State.PAUSED, "why": CRASHED, "crashes": 0, "runner": None}
    many = going.filter(crashes__gte=MOST_CRASHES)
    return many.update(**rest, lease_until=None, next_try_at=None) == 1


def stop(job: Job, why: str = "") -> bool:
    """End it now, whoever runs it: its next step finds that out. False where it was over already."""
    now = timezone.now()
    changes = {"state": State.STOPPED, "why": said(why), "finished_at": now, "runner": None}
    still_open = Job.objects.filter(pk=job.pk, state__in=Job.OPEN)
    if still_open.update(**changes, lease_until=None, next_try_at=None) != 1:
        job.refresh_from_db()
        return False
    job.refresh_from_db()
    return True


def resume(job: Job) -> bool:
    """Have a paused job go on now; False where it is not paused any more."""
    paused = Job.objects.filter(pk=job.pk, state=State.PAUSED)
    with transaction.atomic():
        if paused.update(state=State.WAITING, why="", next_try_at=None, runner=None, lease_until=None) != 1:
            return False
        queue(job)
    job.refresh_from_db()
    return True


def due() -> QuerySet[Job]:
    """Jobs that nobody works on: left by a dead worker, rested enough, or whose task is lost."""
    now = timezone.now()
    ended = Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + CLOCK_SKEW)
    left = Q(state=State.RUNNING) & (ended | Q(lease_until=None))
    farthest = now + LONGEST_PAUSE + CLOCK_SKEW
    rested = Q(state=State.PAUSED) & (Q(next_try_at__lte=now) | Q(next_try_at__gt=farthest))
    lost = Q(state=State.WAITING) & (Q(lease_until=None, created_at__lt=now - QUEUED_FOR) | ended)
    return Job.objects.filter(left | rested | lost)


def queue_due() -> int:
    """Queue what nobody works on, each at most once in QUEUED_FOR; how many that were.

    A task that still waits for a lane is enough: while all are busy for hours, the queue does not grow.
    """
    queued = 0
    ready = DBTaskResult.objects.filter(status="READY").values_list("args_kwargs", flat=True)
    waiting = {one["args"][0] for one in ready} if due().exists() else set()
    for job in due():
        if str(job.pk) in waiting:
            continue
        now = timezone.now()
        same = Job.objects.filter(pk=job.pk, state=job.state, lease_until=job.lease_until)
        changes: dict[str, Any] = {"state": State.WAITING, "runner": None, "lease_until": now + QUEUED_FOR}
        with transaction.atomic():
            if same.update(**changes, next_try_at=None) == 1:
                queue(job)
                queued += 1
    return queued


def worker_is_alive() -> bool:
    """True while any worker has said so lately."""
    return Worker.objects.filter(beat_at__gt=timezone.now() - ALIVE).exists()


def last_done(connection: Connection, kind: Kind) -> Job | None:
    """The newest of a connection's jobs of this kind that came to its end."""
    return connection.jobs.filter(kind=kind, state=State.DONE).order_by("-finished_at").first()


def running(connection: Connection, kind: Kind, **facts: Any) -> Job | None:
    """The newest of a connection's jobs of this kind that is not over."""
    return connection.jobs.filter(kind=kind, state__in=Job.OPEN, **facts).first()


def _leave(job: Job, state: State, **facts: Any) -> bool:
    now = timezone.now()
    changes: Mapping[str, Any] = {
        "state": state,
        "runner": None,
        "lease_until": None,
        "moved_at": now,
        **facts,
    }
    held = Job.objects.filter(pk=job.pk, runner=job.runner, state=State.RUNNING)
    if held.update(**changes) != 1:
        job.refresh_from_db()
        return False
    for name, value in changes.items():
        setattr(job, name, value)
    return True
