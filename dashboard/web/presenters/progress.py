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
        self.word = JobState(job.state).label
        self.badge = get_job_badge(job)
        self.is_moving = job.state in (JobState.WAITING, JobState.RUNNING)
        self.needs_worker = job.is_open and not lifecycle.worker_is_alive()
        self.text = format_count(self.done if self.total is None else self.total, noun)
        if self.total is not None:
            self.text = f"{self.done:,} of {self.text}"
        self.seconds = 0.0  # since it began, its pauses among them
        if job.started_at:
            self.seconds = ((job.finished_at or timezone.now()) - job.started_at).total_seconds()
        self.took = format_span(self.seconds)
        self.quarter = 4 * self.done // self.total if self.total else 0  # of 4: what is worth an announcement
        self.rate = self.left = ""
        things, seconds = lately or (self.done, self.seconds)
        if job.state == JobState.RUNNING and things and seconds >= _RATE_UNKNOWN_SECONDS:
            per_second = things / seconds
            self.rate = format_rate(per_second, noun)
            if self.total is not None:
                self.left = f"about {format_span((self.total - self.done) / per_second)} left"

    @property
    def announcement(self) -> str:
        """Return what a screen reader is told: at the start, at quarters, at the end, and at a standstill."""
        if self.job.state != JobState.RUNNING:
            return f"{self.word}: {self.text}"
        if not self.quarter:
            return "Running"
        return "Nearly done" if self.quarter == 4 else f"{25 * self.quarter} % done"
