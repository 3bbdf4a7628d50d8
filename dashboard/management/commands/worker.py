"""`manage.py worker`: carries out bulk removals, scans and exports until it is told to end."""

import signal
import sys
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from dashboard import worker
from dashboard.jobs import lifecycle
from dashboard.management.base import DashboardCommand


class Command(DashboardCommand):
    help = (
        "Carry out bulk removals, scans and exports. SIGTERM ends it: what is being sent comes to its end, "
        "the rest waits for the next worker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--lanes", type=int, default=worker.DEFAULT_THREADS, help="jobs it works on at once (%(default)s)"
        )

    def handle(self, *args: Any, lanes: int, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        worker.run_worker(max(1, lanes))

    @staticmethod
    def end(number: int, frame: FrameType | None) -> None:
        """Have all jobs released; the second signal ends the process at once."""
        if lifecycle.stopping.is_set():  # asked twice: at once, and the leases run out by themselves
            sys.exit(1)
        lifecycle.stopping.set()
