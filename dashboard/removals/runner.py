"""The worker's side of a bulk removal: claim a few items, read them again, remove them two at a time.

Threads make the calls; the runner's own writes the intent before each call, and its outcome after.
"""

import logging
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import DatabaseError, transaction
from django.utils import timezone

from dashboard import service
from dashboard.encryption import DecryptionError
from dashboard.jobs import lifecycle, retry_policy, standing
from dashboard.models import Connection, Job, JobState, Removal, RemovalState
from dashboard.vault import (
    WORKER_TIMEOUTS,
    Busy,
    MediaItem,
    UnexpectedResponse,
    Unreachable,
    UnreadableItem,
    VaultError,
)

from . import actions, bulk, claims, errors, ledger, recovery
from .outcomes import Outcome, attempt_call, classify_error, was_not_taken

logger = logging.getLogger(__name__)

CONCURRENCY: Final = 2
"""Calls that remove something, under way at once; the client allows no more."""

ITEMS_PER_CLAIM: Final = 20
HEARTBEAT_SECONDS: Final = 2.0
MAX_LOST_IN_A_ROW: Final = 3
"""Lost answers one after the other from which on a service is given a rest."""

ANSWERS_LOST: Final = UnexpectedResponse("Several answers of the service were lost, one after the other.")

MAX_WAIT_SECONDS: Final = 10.0
"""Seconds that a runner waits itself if the service asks for it; for longer waits the job is paused."""

MAX_WAITS_IN_A_ROW: Final = 4
"""Short waits one after the other of which the last pauses the job all the same."""


class _Backoff(Exception):
    """The service needs a pause, for this reason and so many seconds; None until somebody resumes the job."""

    def __init__(self, why: str, seconds: float | None) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds


def run(pk: UUID) -> None:
    """Run a bulk removal until nothing is left, it is stopped or paused, or this process ends."""
    job = _join(pk)
    if job is None:
        return
    runner = _Runner(job)
    try:
        runner.work()
    except lifecycle.Interrupted:
        logger.info("bulk removal %s: let go", job.pk)
    except _Backoff as rest:
        _pause(job, rest)
    finally:
        claims.release(job, runner.number)


def _join(pk: UUID) -> Job | None:
    now = timezone.now()
    ready = Job.objects.filter(pk=pk, state__in=(JobState.WAITING, JobState.RUNNING))
    rested = Job.objects.filter(pk=pk, state=JobState.PAUSED, next_try_at__lte=now)
    lease = now + lifecycle.JOB_LEASE
    changes: dict[str, Any] = {"state": JobState.RUNNING, "lease_until": lease, "moved_at": now, "why": ""}
    if not (ready.update(**changes) or rested.update(**changes, next_try_at=None)):
        return None
    Job.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return Job.objects.select_related("connection").get(pk=pk)


class _Runner:
    """A worker's part in a job: the rows leased under its number, and the calls under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.number = uuid4()
        self.calls: dict[Future[Outcome], Removal] = {}
        self.lost_in_a_row = self.waits_in_a_row = 0
        self.rests = int(job.progress.get("rests", 0))
        self.next_heartbeat = 0.0

    def work(self) -> None:
        with ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="delete") as pool:
            try:
                while rows := self._acquire():
                    items = self._read(rows)
                    for row in rows:
                        self._remove(pool, row, items.get(row.media_id))
                    while self.calls:
                        self._collect()
            finally:
                self._release()
        _finish(self.job)

    def _release(self) -> None:
        """Release what is leased, for others to send while the last calls come back here."""
        try:
            claims.release(self.job, self.number)
        finally:
            while self.calls:
                self._collect(quietly=True)

    def _acquire(self) -> list[Removal]:
        self._heartbeat(now=True)
        self._reauthorize()
        return claims.acquire(self.job, self.number, ITEMS_PER_CLAIM)

    def _read(self, rows: list[Removal]) -> Mapping[str, MediaItem | UnreadableItem]:
        """Return the items as they are now, for the record. A key that is refused shows here."""
        try:
            self._wait_for_service()
            return service.read_items(self.job.connection, [row.media_id for row in rows], WORKER_TIMEOUTS)
        except (VaultError, DecryptionError) as error:
            raise self._back_off_after(error) from None

    def _remove(
        self, pool: ThreadPoolExecutor, row: Removal, item: MediaItem | UnreadableItem | None
    ) -> None:
        while len(self.calls) >= CONCURRENCY:
            self._collect()
        self._heartbeat()
        self._reauthorize()
        caller, connection = self.job.caller, self.job.connection
        if item is None:
            if not claims.close(
                row, self.number, caller, RemovalState.ALREADY_GONE, result={"found_by": "reading"}
            ):
                raise lifecycle.Interrupted
            return
        self._wait_for_service()
        if not claims.send(row, self.number, caller, actions.take_snapshot(item)):
            raise lifecycle.Interrupted
        if not ledger.may_send(row):
            late = classify_error(Unreachable("To write the record took too long."))
            actions.write_down(row, late, caller)
            return
        self.calls[pool.submit(_call, connection, row.media_id, row.before)] = row

    def _collect(self, at_most: float = HEARTBEAT_SECONDS, *, quietly: bool = False) -> None:
        """Wait for a call to come back, sending heartbeats meanwhile, and write down its outcome."""
        done, _ = wait(self.calls, timeout=at_most, return_when=FIRST_COMPLETED)
        for future in done:
            row = self.calls.pop(future)
            try:
                self._write_down(row, future)
            except (_Backoff, lifecycle.Interrupted, errors.OutcomeNotRecorded) as end:
                if not quietly:
                    raise
                logger.info("bulk removal %s: %s", self.job.pk, end)
        if not done and not quietly:
            self._heartbeat()

    def _write_down(self, row: Removal, future: Future[Outcome]) -> None:
        if broken := future.exception():  # nobody foresaw it: what became of the item is not known
            logger.error("removal %s broke off", row.pk, exc_info=broken)
        outcome = Outcome(RemovalState.UNKNOWN) if broken else future.result()
        rest = self._classify_outcome(outcome)
        if not (was_not_taken(outcome) and self._defer(row, outcome)):
            actions.write_down(row, outcome, self.job.caller)
        if rest:
            raise rest

    def _defer(self, row: Removal, outcome: Outcome) -> bool:
        """Plan an item again whose call the service did not take, and return False if the job is over."""
        facts = {"claim": None, "lease_until": None, "settled_at": None}
        try:
            with transaction.atomic():  # a Stop comes before this, or finds the planned row
                job = Job.objects.select_for_update().only("state").get(pk=self.job.pk)
                return job.is_open and ledger.move(
                    row, RemovalState.PLANNED, self.job.caller, result=outcome.result, **facts
                )
        except DatabaseError as broken:
            raise errors.OutcomeNotRecorded(row) from broken

    def _classify_outcome(self, outcome: Outcome) -> _Backoff | None:
        match outcome:
            case Outcome(is_lost=True):
                self.lost_in_a_row += 1
                return None if self.lost_in_a_row < MAX_LOST_IN_A_ROW else self._back_off_after(ANSWERS_LOST)
            case Outcome(error=Busy(retry_after=float() as seconds)) if seconds <= MAX_WAIT_SECONDS:
                self.waits_in_a_row += 1  # the pace knows of it, too, so the next call waits
                if self.waits_in_a_row < MAX_WAITS_IN_A_ROW:
                    return None
                return self._back_off_after(Busy("It goes on asking.", status=429))
            case Outcome(error=VaultError() as error) if was_not_taken(outcome):
                return self._back_off_after(error)
        self.lost_in_a_row = self.waits_in_a_row = self.rests = 0
        self.job.progress = {**self.job.progress, "rests": 0}
        return None

    def _back_off_after(self, error: VaultError | DecryptionError) -> _Backoff:
        """Return a backoff, longer with each in a row; after the last somebody has to resume the job."""
        if isinstance(error, DecryptionError):
            return _Backoff(f"{error.reason}.", None)
        if not retry_policy.counts_as_try(error):
            pause = retry_policy.seconds_to_next_try(error, self.rests)
            return _Backoff(retry_policy.describe_error(error), pause)
        rests = self.rests + 1  # two calls that fail at once are one
        self.job.progress = {**self.job.progress, "rests": rests}
        seconds = None if rests >= retry_policy.MAX_TRIES else retry_policy.seconds_to_next_try(error, rests)
        return _Backoff(retry_policy.describe_error(error), seconds)

    def _wait_for_service(self) -> None:
        until = time.monotonic() + service.reserve_call(self.job.connection)
        while (left := until - time.monotonic()) > 0:
            if self.calls:  # a call that comes back may say that there is no use in waiting
                self._collect(min(left, HEARTBEAT_SECONDS))
            elif lifecycle.others_wait(self.job):
                raise _Backoff(retry_policy.describe_error(Busy(retry_policy.LIMIT_REACHED)), left)
            else:
                lifecycle.stopping.wait(min(left, HEARTBEAT_SECONDS / 2))
            self._heartbeat()

    def _heartbeat(self, *, now: bool = False) -> None:
        """Extend the leases every few seconds. Raise lifecycle.Interrupted when it has to end."""
        if now or lifecycle.stopping.is_set() or time.monotonic() >= self.next_heartbeat:
            lifecycle.checkpoint(self.job, progress=self.job.progress)
            claims.extend_lease(self.job, self.number)
            self.next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS

    def _reauthorize(self) -> None:
        try:
            standing.check(self.job)
        except DecryptionError as error:
            raise self._back_off_after(error) from None
        except standing.RightLost as lost:
            _halt(self.job, str(lost))
        except standing.StandingEnded as ended:
            raise _Backoff(str(ended), None) from None


def _call(connection: Connection, media_id: str, before: Mapping[str, Any]) -> Outcome:
    return attempt_call(lambda: service.delete_for_worker(connection, media_id), before)


def _halt(job: Job, why: str) -> None:
    job.why = why
    with transaction.atomic():
        if lifecycle.stop(job, why):
            bulk.record_step(job, recovery.RECONCILER, "stopped", {"cancelled": claims.cancel(job)})
    raise lifecycle.Interrupted(why)


def _pause(job: Job, rest: _Backoff) -> None:
    with transaction.atomic():
        if lifecycle.pause(job, rest.why[:300], rest.seconds, progress=job.progress):
            seconds = rest.seconds and round(rest.seconds)
            bulk.record_step(job, recovery.RECONCILER, "paused", {"seconds": seconds})


def _finish(job: Job) -> None:
    """End the job once no row is under way; rows that a dead worker sent are recovered by reading first."""
    for row in list(job.removals.filter(state=RemovalState.SENT).select_related("connection")):
        recovery.recover(row)
    if job.removals.filter(
        state__in=(RemovalState.PLANNED, RemovalState.CLAIMED, RemovalState.SENT)
    ).exists():
        soon = timezone.now() + timedelta(seconds=HEARTBEAT_SECONDS)
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_until=soon)
        return
    with transaction.atomic():
        if lifecycle.finish(job):
            states = {state: count for state, count in sorted(claims.states(job).items()) if count}
            bulk.record_step(job, recovery.RECONCILER, "finished", {"items": job.total, **states})


def record_pause_after_crashes(job: Job) -> None:
    """Record that a bulk removal waits for somebody; raise audit.NotRecorded."""
    bulk.record_step(job, recovery.RECONCILER, "paused", {"seconds": None})
