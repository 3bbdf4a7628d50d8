"""Jobs of the worker: begun by a person, acquired by whichever worker is free, and never lost with one.

    waiting -> running -> done | failed
      |  ^       |  \\-> paused -> waiting
      v  \\-------/
    stopped

Whoever holds a job's lease runs it; the items of a bulk removal have leases of their own (ledger).
"""

import threading
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard import audit
from dashboard.identity import Caller, Person
from dashboard.logs import mask_ids
from dashboard.models import Connection, Job, JobState, Worker, transition
from dashboard.problems import Action, Problem

Kind = Job.Kind

JOB_LEASE: Final = timedelta(seconds=30)
"""Longer than any read of a worker: a job without a checkpoint in this time has lost its runner."""

REMOVAL_QUEUE: Final = "removals"
SCAN_QUEUE: Final = "default"
EXPORT_QUEUE: Final = "exports"
QUEUES: Final = {Kind.REMOVE: REMOVAL_QUEUE, Kind.SCAN: SCAN_QUEUE, Kind.EXPORT: EXPORT_QUEUE}
"""The queue of each kind of job: whichever threads are busy with one kind, others are left for the next."""

MAX_PAUSE: Final = timedelta(hours=1)
CLOCK_SKEW: Final = timedelta(minutes=1)
"""A moment that lies in the future by more than this was written by a clock that has jumped since."""

REQUEUE_AFTER: Final = timedelta(seconds=15)
"""A job that waits for longer is queued once more: whoever took its task may be gone."""

DEFER_SECONDS: Final = 2.0
"""Time after which a job whose connection has its share of the threads is tried again."""

PATIENCE: Final = timedelta(seconds=2)
"""A task that waits for longer finds no free thread: each looks for one more often."""

WORKER_TIMEOUT: Final = timedelta(seconds=15)
MAX_CRASHES: Final = 5
"""Runs that may end with an unexpected error, after which a job is paused until somebody resumes it."""

CRASH_MESSAGE: Final = (
    f"It broke off {MAX_CRASHES} times by an error of the dashboard itself, which the worker's log names. "
    "Tell your administrator."
)

MAX_MESSAGE_LENGTH: Final = 300

stopping: Final = threading.Event()
"""Set when this process is asked to end: every checkpoint looks here, releases the job and ends its run."""


class JobNotOpened(audit.NotRecorded):
    """The job could not be committed, so nothing was begun."""


class JobExists(Problem):
    """The idempotency key was used before: `job` is the one that it began."""

    title = "Begun already"
    advice = "It goes on; nothing was begun a second time."
    status = 303

    def __init__(self, job: Job) -> None:
        super().__init__(str(job.pk))
        self.job = job
        self.action = Action(job, "See it")


class Interrupted(Exception):
    """A run of a job has to end: the job was stopped or taken over, or this process ends."""


def new_job(kind: Kind, connection: Connection, caller: Caller, **columns: Any) -> Job:
    """Return a job that `open_job` saves; `columns` are its other columns."""
    person = caller.person
    assert person is not None  # noqa: S101 - nobody signed in begins no job
    for name in ("ticket", "reason"):
        columns[name] = mask_ids(columns.get(name, ""))
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
        **{"token": uuid4(), **columns},
    )


def open_job(job: Job) -> Job:
    """Save the job and queue it in one transaction. Raises JobExists for a used token, and JobNotOpened."""
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            queue(job)
    except IntegrityError as broken:
        if there := Job.objects.filter(token=job.token).first():
            raise JobExists(there) from None
        raise JobNotOpened(type(broken).__name__) from broken
    except (DatabaseError, audit.NotRecorded) as broken:
        raise JobNotOpened(type(broken).__name__) from broken
    return job


def queue(job: Job) -> None:
    """Queue the job for a worker; to queue it twice does no harm."""
    from .queue import run  # the tasks know what runs each kind

    run.using(queue_name=QUEUES[Kind(job.kind)]).enqueue(str(job.pk))


def defer(job: Job) -> None:
    """Leave a job that waits to be queued again a little later."""
    until = timezone.now() + timedelta(seconds=DEFER_SECONDS)
    Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(lease_until=until)


def others_wait(job: Job) -> bool:
    """Return True if other jobs wait for a thread, so that this one should give up its own while it rests.

    A job may itself be queued once more while it runs: that is nobody else.
    """
    waiting = DBTaskResult.objects.ready().filter(enqueued_at__lt=timezone.now() - PATIENCE)
    return waiting.exclude(args_kwargs__args__0=str(job.pk)).exists()


def acquire(pk: UUID, runner: UUID) -> Job | None:
    """Lease the job to `runner` and return it; None if there is nothing to do, or somebody else has it."""
    now = timezone.now()
    free = Q(state=JobState.WAITING) | Q(state=JobState.RUNNING, lease_until__lt=now)
    due = Q(state=JobState.PAUSED, next_try_at__lte=now)
    changes: dict[str, Any] = {
        "state": JobState.RUNNING,
        "runner": runner,
        "lease_until": now + JOB_LEASE,
        "why": "",
    }
    if Job.objects.filter(free | due, pk=pk).update(**changes, next_try_at=None, moved_at=now) != 1:
        return None
    Job.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return Job.objects.select_related("connection").get(pk=pk)


def checkpoint(job: Job, **columns: Any) -> None:
    """Write how far the job is, and prolong its lease.

    Raises Interrupted: nothing is written of one stopped or taken over; a process that ends frees it.
    """
    now = timezone.now()
    changes = {"lease_until": now + JOB_LEASE, "moved_at": now, **columns}
    if "why" in changes:
        changes["why"] = fit_message(changes["why"])
    if not transition(job, _is_run_here(job), **changes):
        raise Interrupted(str(job.pk))
    if stopping.is_set():
        release(job)
        raise Interrupted(str(job.pk))


def release(job: Job) -> None:
    """Give up the lease at once, so that another worker need not wait for its end."""
    with transaction.atomic():
        if transition(job, _is_run_here(job), state=JobState.WAITING, runner=None, lease_until=None):
            queue(job)


def pause(job: Job, message: str, seconds: float | None, **columns: Any) -> bool:
    """Pause the job for some seconds, or until it is resumed (None); return False if it was lost first."""
    longest = MAX_PAUSE.total_seconds()
    next_try_at = None if seconds is None else timezone.now() + timedelta(seconds=min(seconds, longest))
    return _end_run(job, JobState.PAUSED, why=fit_message(message), next_try_at=next_try_at, **columns)


def finish(job: Job, state: JobState = JobState.DONE, message: str = "", **columns: Any) -> bool:
    """End the job. Return False if it was stopped or taken over meanwhile."""
    return _end_run(job, state, why=fit_message(message), finished_at=timezone.now(), **columns)


def fit_message(message: str) -> str:
    """Return the message as its column takes it: a long name or a service's own words may be in it."""
    text: str = mask_ids(message)
    return text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[: MAX_MESSAGE_LENGTH - 1]}…"


def record_crash(pk: UUID) -> bool:
    """Count a run that ended with an unexpected error; return True if the job is paused for too many."""
    going = Job.objects.filter(pk=pk, state__in=(JobState.WAITING, JobState.RUNNING))
    if not going.update(crashes=F("crashes") + 1):
        return False
    paused: dict[str, Any] = {"state": JobState.PAUSED, "why": CRASH_MESSAGE, "crashes": 0, "runner": None}
    many = going.filter(crashes__gte=MAX_CRASHES)
    return many.update(**paused, lease_until=None, next_try_at=None) == 1


def stop(job: Job, message: str = "") -> bool:
    """End the job now, whoever runs it: its next checkpoint finds that out. Return False if it was over."""
    now = timezone.now()
    changes = {"state": JobState.STOPPED, "why": fit_message(message), "finished_at": now, "runner": None}
    still_open = Job.objects.filter(pk=job.pk, state__in=Job.OPEN)
    if still_open.update(**changes, lease_until=None, next_try_at=None) != 1:
        job.refresh_from_db()
        return False
    job.refresh_from_db()
    return True


def resume(job: Job, person: Person | None) -> bool:
    """Have a paused job go on now, for this person too. Return False if it is not paused any more."""
    changes = {"state": JobState.WAITING, "why": "", "next_try_at": None, "runner": None, "lease_until": None}
    if person is not None:
        changes |= {"resumed_by_issuer": person.issuer, "resumed_by_subject": person.subject}
    with transaction.atomic():
        if Job.objects.filter(pk=job.pk, state=JobState.PAUSED).update(**changes) != 1:
            return False
        queue(job)
    job.refresh_from_db()
    return True


def find_due_jobs() -> QuerySet[Job]:
    """Return the jobs that nobody works on: left by a dead worker, paused long enough, or without a task."""
    now = timezone.now()
    ended = Q(lease_until__lt=now) | Q(lease_until__gt=now + JOB_LEASE + CLOCK_SKEW)
    left = Q(state=JobState.RUNNING) & (ended | Q(lease_until=None))
    farthest = now + MAX_PAUSE + CLOCK_SKEW
    rested = Q(state=JobState.PAUSED) & (Q(next_try_at__lte=now) | Q(next_try_at__gt=farthest))
    lost = Q(state=JobState.WAITING) & (Q(lease_until=None, created_at__lt=now - REQUEUE_AFTER) | ended)
    return Job.objects.filter(left | rested | lost)


def queue_due_jobs() -> int:
    """Queue the jobs that nobody works on and that have no task waiting; return their number."""
    queued = 0
    ready = DBTaskResult.objects.filter(status="READY").values_list("args_kwargs", flat=True)
    waiting = {one["args"][0] for one in ready} if find_due_jobs().exists() else set()
    for job in find_due_jobs():
        if str(job.pk) in waiting:
            continue
        now = timezone.now()
        same = Job.objects.filter(pk=job.pk, state=job.state, lease_until=job.lease_until)
        changes: dict[str, Any] = {
            "state": JobState.WAITING,
            "runner": None,
            "lease_until": now + REQUEUE_AFTER,
        }
        with transaction.atomic():
            if same.update(**changes, next_try_at=None) == 1:
                queue(job)
                queued += 1
    return queued


def worker_is_alive() -> bool:
    """Return True if any worker had a heartbeat lately."""
    return Worker.objects.filter(beat_at__gt=timezone.now() - WORKER_TIMEOUT).exists()


def find_last_done(connection: Connection, kind: Kind) -> Job | None:
    """Return the newest of a connection's jobs of this kind that is done, or None."""
    return connection.jobs.filter(kind=kind, state=JobState.DONE).order_by("-finished_at").first()


def find_open(connection: Connection, kind: Kind, **columns: Any) -> Job | None:
    """Return the newest of a connection's jobs of this kind that is not over, or None."""
    return connection.jobs.filter(kind=kind, state__in=Job.OPEN, **columns).first()


def _end_run(job: Job, state: JobState, **columns: Any) -> bool:
    changes = {"state": state, "runner": None, "lease_until": None, "moved_at": timezone.now(), **columns}
    if not transition(job, _is_run_here(job), **changes):
        job.refresh_from_db()
        return False
    return True


def _is_run_here(job: Job) -> dict[str, Any]:
    return {"runner": job.runner, "state": JobState.RUNNING}
