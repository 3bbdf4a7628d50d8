"""The worker's side of a bulk removal: claim a few items, read them again, remove them two at a time.

Several workers may drain one job; each row is sent by whoever claimed it. Threads make the calls and touch no
database; this one writes what was meant before each call, and what became of it after.
"""

from __future__ import annotations

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
from dashboard.auth.reauthorize import reauthorize
from dashboard.encryption import DecryptionError
from dashboard.identity import Role
from dashboard.jobs import lifecycle, retry_policy
from dashboard.models import Connection, Job, Removal
from dashboard.vault import (
    WORKER_TIMEOUTS,
    Busy,
    KeyRefused,
    MediaItem,
    UnexpectedResponse,
    Unreachable,
    UnreadableItem,
    VaultError,
)

from . import actions, bulk, claims, errors, ledger, recovery
from .outcomes import Outcome, attempt, outcome_of

State = Removal.State
logger = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Calls that remove something, under way at once; the client allows no more."""

SHARE: Final = 20
"""Items claimed, and read again, at a time."""

EVERY: Final = 2.0
"""Seconds between two signs of life of whoever drains."""

IN_A_ROW: Final = 3
"""Lost answers one after the other from which on a service is given a rest."""

LOST: Final = UnexpectedResponse("Several answers of the service were lost, one after the other.")

LONGEST_WAIT: Final = 10.0
"""Seconds that whoever drains waits itself, where the service asks for it; for more the job is paused."""

WAITS_IN_A_ROW: Final = 4
"""Short waits one after the other of which the last pauses the job all the same."""


class _Resting(Exception):
    """The service needs a rest: why, and for how many seconds (None: until somebody presses Go on)."""

    def __init__(self, why: str, seconds: float | None) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds


def run(pk: UUID) -> None:
    """Get on with a bulk removal until nothing is left, it is stopped or paused, or this process ends."""
    job = _join(pk)
    if job is None:
        return
    drain = _Drain(job)
    try:
        drain.work()
    except lifecycle.Interrupted:
        logger.info("bulk removal %s: let go", job.pk)
    except _Resting as rest:
        _pause(job, rest)
    finally:
        claims.give_back(job, drain.number)


def _join(pk: UUID) -> Job | None:
    """The job, as one of those who drain it; None where it is over or rests."""
    now = timezone.now()
    ready = Job.objects.filter(pk=pk, state__in=(Job.State.WAITING, Job.State.RUNNING))
    rested = Job.objects.filter(pk=pk, state=Job.State.PAUSED, next_try_at__lte=now)
    lease = now + lifecycle.JOB_LEASE
    changes: dict[str, Any] = {"state": Job.State.RUNNING, "lease_until": lease, "moved_at": now, "why": ""}
    if not (ready.update(**changes) or rested.update(**changes, next_try_at=None)):
        return None
    Job.objects.filter(pk=pk, started_at=None).update(started_at=now)
    return Job.objects.select_related("connection").get(pk=pk)


class _Drain:
    """One worker's part in a job: what it has claimed under its number, and the calls it has under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.number = uuid4()
        self.flying: dict[Future[Outcome], Removal] = {}
        self.lost_in_a_row = self.waits_in_a_row = 0
        self.rests = int(job.progress.get("rests", 0))
        self.next_beat = 0.0

    def work(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delete") as pool:
            try:
                while rows := self._claimed():
                    items = self._read(rows)
                    for row in rows:
                        self._remove(pool, row, items.get(row.media_id))
                    while self.flying:
                        self._land()
            finally:
                self._let_go()
        _finish(self.job)

    def _let_go(self) -> None:
        """Give back what is claimed, for others to send while the last calls come back here."""
        try:
            claims.give_back(self.job, self.number)
        finally:
            while self.flying:
                self._land(quietly=True)

    def _claimed(self) -> list[Removal]:
        self._beat(now=True)
        self._check_standing()
        return claims.claim(self.job, self.number, SHARE)

    def _read(self, rows: list[Removal]) -> Mapping[str, MediaItem | UnreadableItem]:
        """The items as they are now: what the record keeps of them, and a key that is refused shows here."""
        try:
            self._wait_for_the_service()
            return service.read_items(self.job.connection, [row.media_id for row in rows], WORKER_TIMEOUTS)
        except (VaultError, DecryptionError) as error:
            raise self._rest_after(error) from None

    def _remove(
        self, pool: ThreadPoolExecutor, row: Removal, item: MediaItem | UnreadableItem | None
    ) -> None:
        while len(self.flying) >= AT_ONCE:
            self._land()
        self._beat()
        self._check_standing()
        caller, connection = self.job.caller, self.job.connection
        if item is None:
            if not claims.close(row, self.number, caller, State.ALREADY_GONE, result={"found_by": "reading"}):
                raise lifecycle.Interrupted
            return
        self._wait_for_the_service()
        if not claims.send(row, self.number, caller, actions.snapshot(item)):
            raise lifecycle.Interrupted
        if not ledger.may_send(row):
            late = outcome_of(Unreachable("To write the record took too long."))
            actions.write_down(row, late, caller)
            return
        self.flying[pool.submit(_call, connection, row.media_id, row.before)] = row

    def _land(self, at_most: float = EVERY, *, quietly: bool = False) -> None:
        """Wait for a call to come back, showing signs of life meanwhile, and write down what became of it."""
        done, _ = wait(self.flying, timeout=at_most, return_when=FIRST_COMPLETED)
        for future in done:
            row = self.flying.pop(future)
            try:
                self._write_down(row, future)
            except (_Resting, lifecycle.Interrupted, errors.OutcomeNotRecorded) as end:
                if not quietly:
                    raise
                logger.info("bulk removal %s: %s", self.job.pk, end)
        if not done and not quietly:
            self._beat()

    def _write_down(self, row: Removal, future: Future[Outcome]) -> None:
        if broken := future.exception():  # nobody foresaw it: what became of the item is not known
            logger.error("removal %s broke off", row.pk, exc_info=broken)
        outcome = Outcome(State.UNKNOWN) if broken else future.result()
        rest = self._judge(outcome)
        if not (_was_not_taken(outcome) and self._put_off(row, outcome)):
            actions.write_down(row, outcome, self.job.caller)
        if rest:
            raise rest

    def _put_off(self, row: Removal, outcome: Outcome) -> bool:
        """The service did not take the call, so the item is planned again; False where the job is over."""
        facts = {"claim": None, "lease_until": None, "settled_at": None}
        try:
            with transaction.atomic():  # a Stop comes before this, or finds the planned row
                job = Job.objects.select_for_update().only("state").get(pk=self.job.pk)
                return job.is_open and ledger.move(
                    row, State.PLANNED, self.job.caller, result=outcome.result, **facts
                )
        except DatabaseError as broken:
            raise errors.OutcomeNotRecorded(row) from broken

    def _judge(self, outcome: Outcome) -> _Resting | None:
        """Whether the service, or our key, is in a state in which going on makes no sense."""
        match outcome:
            case Outcome(is_lost=True):
                self.lost_in_a_row += 1
                return None if self.lost_in_a_row < IN_A_ROW else self._rest_after(LOST)
            case Outcome(error=Busy(retry_after=float() as seconds)) if seconds <= LONGEST_WAIT:
                self.waits_in_a_row += 1  # the pace knows of it, too, so the next call waits
                if self.waits_in_a_row < WAITS_IN_A_ROW:
                    return None
                return self._rest_after(Busy("It goes on asking."))
            case Outcome(error=VaultError() as error) if _was_not_taken(outcome):
                return self._rest_after(error)
        self.lost_in_a_row = self.waits_in_a_row = self.rests = 0
        self.job.progress = {**self.job.progress, "rests": 0}
        return None

    def _rest_after(self, error: VaultError | DecryptionError) -> _Resting:
        """A rest that gets longer with each in a row; after the last somebody has to look."""
        if isinstance(error, DecryptionError):
            return _Resting("The connection's ID cannot be opened by any key.", None)
        rests = self.rests + 1  # two calls that fail at once are one
        self.job.progress = {**self.job.progress, "rests": rests}
        seconds = None if rests >= retry_policy.MAX_TRIES else retry_policy.seconds_to_next_try(error, rests)
        return _Resting(retry_policy.describe_error(error), seconds)

    def _wait_for_the_service(self) -> None:
        """Keep to the pace that the service asks for."""
        until = time.monotonic() + service.reserve_call(self.job.connection)
        while (left := until - time.monotonic()) > 0:
            if self.flying:  # a call that comes back may say that there is no use in waiting
                self._land(min(left, EVERY))
            else:
                lifecycle.stopping.wait(min(left, EVERY / 2))
            self._beat()

    def _beat(self, *, now: bool = False) -> None:
        """Prolong the leases every few seconds; raises lifecycle.Interrupted where it is time to let go."""
        if now or lifecycle.stopping.is_set() or time.monotonic() >= self.next_beat:
            lifecycle.checkpoint(self.job, progress=self.job.progress)
            claims.prolong(self.job, self.number)
            self.next_beat = time.monotonic() + EVERY

    def _check_standing(self) -> None:
        """What the person may do is asked again before anything is sent for them."""
        person = self.job.caller.person
        assert person is not None  # noqa: S101 - every job has somebody who began it
        now = reauthorize(person)
        connection = Connection.objects.in_use().filter(pk=self.job.connection_id).first()
        if connection is None:
            _halt(self.job, f"{self.job.connection_label} was archived.")
        elif not (now.may(Role.OPERATOR) and connection.is_open_to(now.groups)):
            _halt(self.job, f"{self.job.person} may not delete in {self.job.connection_label} any more.")


def _was_not_taken(outcome: Outcome) -> bool:
    """True where nothing was done, and trying the same again makes sense later."""
    refused = outcome.state in (State.REFUSED, State.REJECTED)
    return refused and isinstance(outcome.error, Busy | Unreachable | KeyRefused)


def _call(connection: Connection, media_id: str, before: Mapping[str, Any]) -> Outcome:
    return attempt(lambda: service.delete_for_worker(connection, media_id), before)


def _halt(job: Job, why: str) -> None:
    """End it for good: what was not sent is cancelled."""
    job.why = why
    with transaction.atomic():
        if lifecycle.stop(job, why):
            bulk.tell(job, recovery.KEEPER, "stopped", {"cancelled": claims.cancel(job)})
    raise lifecycle.Interrupted(why)


def _pause(job: Job, rest: _Resting) -> None:
    with transaction.atomic():
        if lifecycle.pause(job, rest.why[:300], rest.seconds, progress=job.progress):
            bulk.tell(job, recovery.KEEPER, "paused", {"seconds": rest.seconds and round(rest.seconds)})


def _finish(job: Job) -> None:
    """The end, once no row is in anybody's hands; what a dead worker sent is found out by reading first."""
    for row in list(job.removals.filter(state=State.SENT).select_related("connection")):
        recovery.recover(row)
    if job.removals.filter(state__in=(State.PLANNED, State.CLAIMED, State.SENT)).exists():
        soon = timezone.now() + timedelta(seconds=EVERY)
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(lease_until=soon)
        return
    with transaction.atomic():
        if lifecycle.finish(job):
            states = {state: count for state, count in sorted(claims.states(job).items()) if count}
            bulk.tell(job, recovery.KEEPER, "finished", {"items": job.total, **states})


def record_pause_after_crashes(job: Job) -> None:
    """Record that a bulk removal waits for somebody; raise audit.NotRecorded."""
    bulk.tell(job, recovery.KEEPER, "paused", {"seconds": None})
