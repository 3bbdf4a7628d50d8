"""The worker's process: lanes that take tasks from the queue, and rounds after what nobody works on.

The queue is django-tasks-db's, and so is what takes a task and runs it. It leaves a task that was killed as
running for ever; what was to be done is found again by the rounds, in the leases of our own rows.
"""

from __future__ import annotations

import logging
import socket
import threading
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.db import close_old_connections, connection
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as Queue
from django_tasks_db.models import DBTaskResult

from dashboard import schema
from dashboard.best_effort import best_effort
from dashboard.exports import job as export
from dashboard.lookups import store
from dashboard.models import Worker
from dashboard.removals import recovery

from .jobs import lifecycle

logger = logging.getLogger(__name__)

LANES: Final = 3
"""Jobs that one process works on at once."""

BEAT: Final = 2.0
"""Seconds between two rounds."""

PATIENCE: Final = 45.0
"""Seconds in which a lane lets go once the process is asked to end: longer than a call that removes."""

KEPT: Final = timedelta(days=1)
"""How long the queue remembers what it has run."""

LONGEST_TASK: Final = timedelta(days=7)
"""A task that runs for longer was killed."""

_POLL: Final = 0.5
_TIDY_EVERY: Final = timedelta(minutes=10)


class LaneQueue(Queue):
    """The queue's worker, which takes no other task once this process is asked to end; what runs then sees
    for itself that it is time to let go."""

    @property
    def running(self) -> bool:
        return not lifecycle.stopping.is_set()

    @running.setter
    def running(self, value: bool) -> None:
        """Nobody else says when."""


class Lane(threading.Thread):
    """One queue worker in a thread: takes a task, runs it, takes the next."""

    def __init__(self, *queues: str) -> None:
        super().__init__(name=f"lane {uuid4().hex[:6]}", daemon=True)
        self.queue = LaneQueue(
            queue_names=list(queues),
            interval=_POLL,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=uuid4().hex,
            excluded_queue_names=[],
        )

    def run(self) -> None:
        while not lifecycle.stopping.is_set():
            try:
                self.queue.run()
            except Exception:  # a database that is away is waited for
                logger.exception("a lane of the worker broke off")
                lifecycle.stopping.wait(BEAT)
        connection.close()


def work(lanes: int = LANES) -> None:
    """Work until `lifecycle.stopping` is set, then let go of everything and return. A database that lacks
    migrations is waited for."""
    if not schema.wait_until_migrated(lifecycle.stopping, "The worker"):
        return
    me = Worker(host=socket.gethostname()[:255])
    threads = [Lane(*queues) for queues in queues_of(lanes)]
    recovery.start_keeper(lifecycle.stopping)
    for thread in threads:
        thread.start()
    tidied = None
    while True:
        close_old_connections()
        now = timezone.now()
        due = tidied is None or now - tidied >= _TIDY_EVERY
        if look_after(me, tidies=due) and due:
            tidied = now
        if lifecycle.stopping.wait(BEAT):
            break
    for thread in threads:
        thread.join(PATIENCE)
    with best_effort("taking a worker off the list"):
        Worker.objects.filter(pk=me.pk).delete()


def queues_of(lanes: int) -> list[list[str]]:
    """What each lane takes. Of several one takes nothing but removals, which are not to wait for scans that
    last for hours."""
    return (
        [[lifecycle.REMOVAL_QUEUE], *[[lifecycle.REMOVAL_QUEUE, lifecycle.WALK_QUEUE]] * (lanes - 1)]
        if lanes > 1
        else [[lifecycle.REMOVAL_QUEUE, lifecycle.WALK_QUEUE]]
    )


def look_after(me: Worker, *, tidies: bool = False) -> bool:
    """One round: say that this process lives, and queue what nobody works on. False where that failed; a
    database that is away is waited for."""
    try:
        beat = {"host": me.host, "started_at": me.started_at, "beat_at": timezone.now()}
        Worker.objects.update_or_create(pk=me.pk, defaults=beat)
        lifecycle.queue_due_jobs()
        if tidies:
            tidy()
    except Exception:  # whatever it is, the lanes go on
        logger.exception("the worker's round failed")
        return False
    return True


def tidy() -> None:
    """Forget workers that are gone, tasks that were run or killed long ago, and what is kept for a day. What
    cannot be forgotten keeps nothing else from it, and is tried again at the next tidying."""
    now = timezone.now()
    with best_effort("forgetting workers that are gone"):
        Worker.objects.filter(beat_at__lt=now - KEPT).delete()
    with best_effort("forgetting tasks that were run"):
        DBTaskResult.objects.finished().filter(finished_at__lt=now - KEPT).delete()
        DBTaskResult.objects.running().filter(started_at__lt=now - LONGEST_TASK).delete()
    with best_effort("deleting expired look-ups"):
        store.trim()
    with best_effort("deleting files of exports"):
        export.delete_old_files()
