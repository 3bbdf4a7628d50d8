"""The worker's process: threads that take tasks from the queue, and polls for jobs that nobody works on."""

import socket
import threading
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.db import close_old_connections, connection
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as Queue
from django_tasks_db.models import DBTaskResult

from dashboard import budgets, policy_reports, schema
from dashboard.audit import anchors, nightly
from dashboard.best_effort import best_effort
from dashboard.exports import job as export
from dashboard.lookups import store
from dashboard.models import Worker
from dashboard.outages import outages
from dashboard.removals import recovery

from .jobs import lifecycle
from .jobs.shares import thread_shares

DEFAULT_THREADS: Final = 8
POLL_INTERVAL_SECONDS: Final = 2.0
SHUTDOWN_SECONDS: Final = 45.0
"""Time that a thread has to release its job once the process is to end: longer than a call that removes."""

RETENTION: Final = timedelta(days=1)
"""Time for which finished tasks, and workers that are gone, are kept."""

MAX_TASK_DURATION: Final = timedelta(days=7)
"""A task that runs for longer was killed."""

_POLLS_PER_SECOND: Final = 8
"""How often the threads together look for a task, where there are not more than so many."""

_CLEANUP_INTERVAL: Final = timedelta(minutes=10)


class TaskRunner(Queue):
    """The queue's own worker, which takes no other task once this process is to end."""

    @property
    def running(self) -> bool:
        return not lifecycle.stopping.is_set()

    @running.setter
    def running(self, value: bool) -> None:
        """Ignore the value: nothing but `lifecycle.stopping` ends it."""


class WorkerThread(threading.Thread):
    """A thread that takes a task from the queues, runs it, and takes the next."""

    def __init__(self, *queues: str, interval: float = 0.0) -> None:
        super().__init__(name=f"worker {uuid4().hex[:6]}", daemon=True)
        self.runner = TaskRunner(
            queue_names=list(queues),
            interval=interval,
            batch=False,
            backend_name="default",
            startup_delay=True,  # so that the threads look for tasks in turn
            max_tasks=None,
            worker_id=uuid4().hex,
            excluded_queue_names=[],
        )

    def run(self) -> None:
        while not lifecycle.stopping.is_set():
            try:
                self.runner.run()
            except Exception as error:  # a database that is away is waited for
                outages.log_failure(error, "a thread of the worker broke off")
                lifecycle.stopping.wait(POLL_INTERVAL_SECONDS)
        connection.close()


def run_worker(thread_count: int = DEFAULT_THREADS) -> None:
    """Wait for migrations, work until `lifecycle.stopping` is set, then release all jobs."""
    if not schema.wait_until_migrated(lifecycle.stopping, "The worker"):
        return
    me = Worker(host=socket.gethostname()[:255])
    thread_shares.threads = thread_count
    interval = min(thread_count / _POLLS_PER_SECOND, 1.0)
    threads = [WorkerThread(*queues, interval=interval) for queues in assign_queues(thread_count)]
    recovery.start_reconciler(lifecycle.stopping)
    anchors.start_writer(lifecycle.stopping)
    nightly.start_checker(lifecycle.stopping)
    for thread in threads:
        thread.start()
    next_cleanup_at = timezone.now()
    while True:
        close_old_connections()
        now = timezone.now()
        due = now >= next_cleanup_at
        if poll(me, cleans_up=due) and due:
            next_cleanup_at = now + _CLEANUP_INTERVAL
        if lifecycle.stopping.wait(POLL_INTERVAL_SECONDS):
            break
    for thread in threads:
        thread.join(SHUTDOWN_SECONDS)
    with best_effort("taking a worker off the list"):
        Worker.objects.filter(pk=me.pk).delete()


def assign_queues(thread_count: int) -> list[list[str]]:
    """Return the queues of each thread: a quarter take removals alone, another no exports."""
    removals, scans, exports = lifecycle.REMOVAL_QUEUE, lifecycle.SCAN_QUEUE, lifecycle.EXPORT_QUEUE
    quarter = max(thread_count // 4, 1)
    some = [*[[removals]] * quarter, *[[removals, scans]] * quarter][: thread_count - 1]
    return [*some, *[[removals, scans, exports]] * (thread_count - len(some))]


def poll(me: Worker, *, cleans_up: bool = False) -> bool:
    """Send a heartbeat, and queue jobs that nobody works on. Return False if that failed."""
    try:
        beat = {"host": me.host, "started_at": me.started_at, "beat_at": timezone.now()}
        Worker.objects.update_or_create(pk=me.pk, defaults=beat)
        lifecycle.queue_due_jobs()
        if cleans_up:
            clean_up()
    except Exception as error:  # whatever it is, the threads go on
        outages.log_failure(error, "the worker's round failed")
        return False
    return True


def clean_up() -> None:
    """Delete workers that are gone, old tasks, and whatever has expired; each of these alone may fail."""
    now = timezone.now()
    with best_effort("forgetting workers that are gone"):
        Worker.objects.filter(beat_at__lt=now - RETENTION).delete()
    with best_effort("forgetting tasks that were run"):
        DBTaskResult.objects.finished().filter(finished_at__lt=now - RETENTION).delete()
        DBTaskResult.objects.running().filter(started_at__lt=now - MAX_TASK_DURATION).delete()
    with best_effort("deleting expired look-ups"):
        store.delete_expired()
    with best_effort("deleting counts of what people did"):
        budgets.delete_old()
    with best_effort("deleting counts of what browsers refused"):
        policy_reports.delete_old()
    with best_effort("deleting files of exports"):
        export.delete_old_files()
