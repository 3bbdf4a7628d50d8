"""A job that pages through a connection: a scan counts what it reads, an export writes it to a file.

Cursor and progress are kept in one update about once a second, so nothing is counted or written twice.
"""

import time
from abc import ABC, abstractmethod
from contextlib import closing
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec
from msgspec import Struct, field

from dashboard.encryption import DecryptionError
from dashboard.models import Job, JobState
from dashboard.vault import BadRequest, MediaPage, MediaQuery, VaultError

from . import lifecycle, standing
from .known_items import KnownItems
from .paging import CursorLoop, EndlessWalk, Stretch, paginate
from .retry_policy import MAX_TRIES, counts_as_try, describe_error, seconds_to_next_try, should_pause

CHECKPOINT_SECONDS: Final = 1.0
"""Time between two checkpoints, and so the work that a killed worker costs at most."""


class WalkProgress(Struct, kw_only=True):
    """Facts that a walk keeps in its job beside the cursor."""

    tries: int = 0
    started_over: bool = False
    """True once the service had forgotten the cursor and the walk began again from the first page."""
    stretch: Stretch = field(default_factory=Stretch)


ProgressT = TypeVar("ProgressT", bound=WalkProgress)


class Walker(ABC, Generic[ProgressT]):
    """A run of a paged job, from where the run before it stopped."""

    cursor_loop_message: ClassVar[str]
    """Text for the job's page where the service's pages lead in a circle."""

    def __init__(self, job: Job, query: MediaQuery, progress: ProgressT) -> None:
        self.job = job
        self.query = query
        self.progress = progress
        self.cursor = job.cursor
        self.seen = job.seen
        self.known: KnownItems
        self.message = ""
        self._pages_seen: set[bytes] = set()
        self._checkpoint_at = time.monotonic()

    @abstractmethod
    def on_page(self, page: MediaPage) -> None:
        """Do the job's work with a page. May raise CursorLoop."""

    @abstractmethod
    def new_progress(self) -> ProgressT:
        """Return the progress of a walk that has not begun."""

    def restore(self) -> None:
        """Bring what lies outside the database to the state of `progress`: as a run starts or starts over."""

    def complete(self) -> None:
        self.finish(JobState.DONE)

    def on_cursor_loop(self) -> None:
        self.finish(JobState.FAILED, self.cursor_loop_message)

    def run(self) -> None:
        """Page on until the job is over or has to pause. Raises lifecycle.Interrupted."""
        self.check_standing()
        with closing(KnownItems()) as self.known:
            self.restore()
            while not self.read_pages():
                pass

    def read_pages(self) -> bool:
        """Page to the end, or to an error; True if there is no more to do in this run."""
        query = self.query.replace(cursor=self.cursor or None)
        pages = paginate(
            self.job.connection, query, seen=self._pages_seen, while_waiting=self.maybe_checkpoint
        )
        try:
            with closing(pages):
                for page in pages:
                    self._work_on(page)
        except CursorLoop:
            self.on_cursor_loop()
        except EndlessWalk as reason:
            self.progress.stretch = Stretch()
            self.checkpoint()
            lifecycle.pause(self.job, str(reason), None)
        except VaultError as error:
            return self._is_over_after(error)
        except DecryptionError as error:
            self.finish(JobState.FAILED, f"{error.reason}.")
        else:
            self.complete()
        return True

    def maybe_checkpoint(self) -> None:
        """Checkpoint if the last one is CHECKPOINT_SECONDS ago, or this process is to end."""
        if lifecycle.stopping.is_set() or time.monotonic() - self._checkpoint_at >= CHECKPOINT_SECONDS:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Keep cursor and progress in one update: neither is ahead. Raises lifecycle.Interrupted."""
        self._checkpoint_at = time.monotonic()
        lifecycle.checkpoint(self.job, why=self.message, **self.columns())
        self.check_standing()

    def check_standing(self) -> None:
        """Fail or pause the job if the worker may not act for its person now: then raise Interrupted."""
        try:
            standing.check(self.job)
        except (standing.RightLost, DecryptionError) as lost:
            self.finish(JobState.FAILED, str(lost))
            raise lifecycle.Interrupted(str(self.job.pk)) from lost
        except standing.StandingEnded as ended:
            lifecycle.pause(self.job, str(ended), None)
            raise lifecycle.Interrupted(str(self.job.pk)) from ended

    def columns(self) -> dict[str, Any]:
        """Return what a checkpoint writes into the job's row."""
        progress: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self.progress))
        return {"seen": self.seen, "cursor": self.cursor, "progress": progress}

    def finish(self, state: JobState, message: str = "", **columns: Any) -> None:
        """End the job; nothing changes where it was stopped or taken over meanwhile."""
        lifecycle.finish(self.job, state, message, **{**self.columns(), **columns})

    def forget(self) -> None:
        """Take back all that was done, to begin from the first page."""
        self.cursor, self.seen, self.progress = "", 0, self.new_progress()
        self._pages_seen.clear()
        self.known.clear()

    def _work_on(self, page: MediaPage) -> None:
        self.on_page(page)
        self.seen += len(page.items)
        self.cursor = page.next_cursor or ""
        self.progress.tries, self.message = 0, ""
        if self.cursor:  # whoever found work kept without a cursor would do it again from the first page
            self.maybe_checkpoint()
        self.progress.stretch.add(page)

    def _is_over_after(self, error: VaultError) -> bool:
        """Fail, pause, restart or wait, as the error demands; False if the walk goes on at once."""
        if isinstance(error, BadRequest):
            if not (self.cursor and error.is_about_cursor) or self.progress.started_over:
                self.finish(JobState.FAILED, describe_error(error))
                return True
            self._restart()
            return False
        self.progress.tries += counts_as_try(error)
        self.message = describe_error(error)
        if self.progress.tries >= MAX_TRIES:
            self.finish(JobState.FAILED, f"Given up after {MAX_TRIES} tries. {self.message}")
            return True
        seconds = seconds_to_next_try(error, self.progress.tries)
        self.checkpoint()
        if should_pause(error, seconds):
            lifecycle.pause(self.job, self.message, seconds)
            return True
        return self._gives_way_waiting(seconds)

    def _restart(self) -> None:
        """Begin once more from the first page: the service has forgotten the cursor."""
        self.forget()
        self.progress.started_over = True
        self.restore()
        self.checkpoint()

    def _gives_way_waiting(self, seconds: float) -> bool:
        """Wait here, with all that was read; or pause and return True if another job needs the thread."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if lifecycle.others_wait(self.job):
                lifecycle.pause(self.job, self.message, left)
                return True
            lifecycle.stopping.wait(min(left, CHECKPOINT_SECONDS))
            self.checkpoint()
        return False
