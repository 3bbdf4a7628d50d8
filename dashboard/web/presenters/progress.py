"""The progress of a job, in the words and numbers that its page prints; the same for every kind of job."""

from typing import Final

from django.utils import timezone

from dashboard.jobs import lifecycle
from dashboard.models import Job, JobState
from dashboard.units import format_count, format_rate, format_span

from .removal import Badge

_BADGES: Final = {
    JobState.WAITING: Badge("pending", "pending"),
    JobState.RUNNING: Badge("storing", "play"),
    JobState.PAUSED: Badge("expired", "pause"),
    JobState.STOPPED: Badge("removed", "x"),
    JobState.DONE: Badge("stored", "stored"),
    JobState.FAILED: Badge("unknown", "alert"),
}

_RATE_UNKNOWN_SECONDS: Final = 2.0
"""Seconds of work from which on a rate is more than a guess."""


def get_job_badge(job: Job) -> Badge:
    """Return the badge of a job's state."""
    return _BADGES[JobState(job.state)]


class Progress:
    """The progress of a job in words. `done` of `total` things that are called `noun`; without a total
    nothing is said of what is left. Where `lately` is given, (things, seconds) of the last while, the
    rate is theirs, else the average of the whole."""

    def __init__(
        self,
        job: Job,
        *,
        done: int | None = None,
        total: int | None = None,
        noun: str = "item",
        lately: tuple[int, float] | None = None,
    ) -> None:
        self.job = job
        self.done = job.seen if done is None else done
        self.total = job.total if total is None else total
        self.noun = noun
        self.word = JobState(job.state).label
        self.mark = get_job_badge(job)
        self.is_moving = job.state in (JobState.WAITING, JobState.RUNNING)
        self.needs_worker = job.is_open and not lifecycle.worker_is_alive()
        self._lately = lately

    @property
    def text(self) -> str:
        """Return `31 of 60 items`, or `48,211 items` if nobody knows how many there are."""
        if self.total is None:
            return format_count(self.done, self.noun)
        return f"{self.done:,} of {format_count(self.total, self.noun)}"

    @property
    def seconds(self) -> float:
        """Return the seconds since it began, its pauses among them; 0 before it began."""
        if self.job.started_at is None:
            return 0
        return ((self.job.finished_at or timezone.now()) - self.job.started_at).total_seconds()

    @property
    def per_second(self) -> float | None:
        """Return its rate, or None while there is nothing to tell it by."""
        if self.job.state != JobState.RUNNING:
            return None
        things, seconds = self._lately or (self.done, self.seconds)
        return things / seconds if things and seconds >= _RATE_UNKNOWN_SECONDS else None

    @property
    def rate(self) -> str:
        """Return its rate in words."""
        return "" if self.per_second is None else format_rate(self.per_second, self.noun)

    @property
    def left(self) -> str:
        """Return how much longer it takes at this rate, or "" if that cannot be told."""
        if self.per_second is None or self.total is None:
            return ""
        return f"about {format_span((self.total - self.done) / self.per_second)} left"

    @property
    def took(self) -> str:
        """Return in words how long it took."""
        return format_span(self.seconds)

    @property
    def quarter(self) -> int:
        """Return how many quarters are behind it, 0 to 4: what is worth an announcement."""
        return 4 * self.done // self.total if self.total else 0

    @property
    def said(self) -> str:
        """Return what a screen reader is told: at the start, at quarters, at the end, and where it stands
        still."""
        if self.job.state != JobState.RUNNING:
            return f"{self.word}: {self.text}"
        if not self.quarter:
            return "Running"
        return "Nearly done" if self.quarter == 4 else f"{25 * self.quarter} % done"
