"""How a worker's threads are shared: no connection has more than its part, whatever its jobs wait for."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dashboard.models import Job

CONNECTION_SHARE: Final = 4
"""One of so many threads, and at least one, may work on jobs of the same kind and connection."""


class ThreadShares:
    """The jobs that the threads of this process work on. Safe for many threads."""

    def __init__(self) -> None:
        self.threads = 0
        """The number of threads there are; 0, in a process that is no worker, sets no limit."""
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, int]] = Counter()

    @contextmanager
    def take(self, job: Job) -> Iterator[bool]:
        """Count a job as worked on while the block lasts; False if its connection has its share already."""
        share = job.kind, job.connection_id
        with self._lock:
            fits = not self.threads or self._taken[share] < max(self.threads // CONNECTION_SHARE, 1)
            self._taken[share] += fits
        try:
            yield fits
        finally:
            with self._lock:
                self._taken[share] -= fits


thread_shares: Final = ThreadShares()
