"""The context of a job's page, and the list of a connection's jobs."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from dashboard.identity import Person, Role
from dashboard.models import Connection, Job, JobState, Removal, RemovalState
from dashboard.removals import bulk, claims
from dashboard.removals.ledger import RETRYABLE_STATES
from dashboard.units import format_count, format_size, format_utc

from .progress import Progress
from .removal import Badge, get_badge

Kind = Job.Kind

ITEMS_PER_PAGE: Final = 100
"""Items of a job that a page lists."""

MAX_RECENT_JOBS: Final = 20
"""Jobs that a connection's page lists."""

RATE_WINDOW_SECONDS: Final = 30.0
"""Seconds whose pace tells how long the rest takes."""

COUNT_BADGES: Final = {
    "deleted": ("Deleted", Badge("stored", "stored")),
    "already_gone": ("Already gone", Badge("removed", "removed")),
    "failed": ("Failed", Badge("expired", "alert")),
    "unknown": ("Unknown", Badge("unknown", "unknown")),
    "left": ("Left", Badge("pending", "pending")),
    "cancelled": ("Cancelled", Badge("removed", "x")),
}
"""The word and the badge of each of the counts of a bulk removal."""

_FAILURES_FIRST: Final = ("failed", "unknown", "deleted", "already_gone", "cancelled", "left")


class JobPage:
    """The context of every kind of job's page: its kind, its progress, and what the reader may do to it."""

    def __init__(self, job: Job, person: Person | None, within: Iterable[Connection]) -> None:
        self.job = job
        self.connection = next((one for one in within if one.pk == job.connection_id), None)
        self.may_stop = job.is_open and may_stop(job, person)
        self.may_resume = job.state == JobState.PAUSED and may_stop(job, person)
        self.href = job.get_absolute_url()
        self.retries = 0
        self.template = f"job/{job.kind}.html"
        self.audit_href = f"{reverse('audit')}?{urlencode({'job': str(job.pk)})}"

    @cached_property
    def progress(self) -> Progress:
        """Return its progress."""
        return Progress(self.job)

    @property
    def reload_reason(self) -> str:
        """Return the reason to read the page again while one watches, or "" once nothing more will come."""
        if self.job.state == JobState.PAUSED:
            return "Paused"
        return "In progress" if self.job.is_open else ""

    @property
    def title(self) -> str:
        """Return its title."""
        return write_title(self.job)


class OutcomeCount(NamedTuple):
    """A count of items; `href` is the list of what it counts."""

    name: str
    word: str
    number: int
    badge: Badge
    href: str


class ItemOutcome(NamedTuple):
    """An item of a bulk removal."""

    removal: Removal
    badge: Badge
    item_href: str


class RemovalJob(JobPage):
    """A bulk removal: its counts, its items with the failures first, and its receipt."""

    def __init__(
        self, job: Job, person: Person | None, within: Iterable[Connection], outcome: str = "", page: int = 1
    ) -> None:
        super().__init__(job, person, within)
        self.states = claims.states(job)
        self.counts = bulk.count_states(self.states)
        self.outcome, self.page = outcome, page
        self.href = self._href(outcome, page)
        self.matching = getattr(self.counts, outcome) if outcome else self.counts.total
        self.pages = max(1, -(-self.matching // ITEMS_PER_PAGE))
        self.all_href = self._href()
        self.previous_href = self._href(outcome, page - 1) if page > 1 else ""
        self.next_href = self._href(outcome, page + 1) if page < self.pages else ""
        self.tallies = [
            OutcomeCount(name, word, getattr(self.counts, name), badge, self._href(name))
            for name, (word, badge) in COUNT_BADGES.items()
        ]
        again = not job.is_open and person is not None and person.may(Role.OPERATOR) and self.connection
        self.retries = job.removals.filter(state__in=RETRYABLE_STATES).count() if again else 0

    @cached_property
    def progress(self) -> Progress:
        """Return its progress, with the rate of the last seconds while it runs."""
        job, now = self.job, timezone.now()
        lately = None
        if job.state == JobState.RUNNING and job.started_at:
            seconds = min(RATE_WINDOW_SECONDS, (now - job.started_at).total_seconds())
            settled = job.removals.filter(settled_at__gt=now - timedelta(seconds=RATE_WINDOW_SECONDS)).count()
            lately = (settled, seconds)
        done = self.counts.done - self.counts.cancelled  # a bar that is full would say that all are gone
        return Progress(job, done=done, total=self.counts.total, lately=lately)

    @property
    def reload_reason(self) -> str:
        """Return the reason to read the page again, also after a stop: what was sent has yet to end."""
        out = 0 if self.job.is_open else self.job.removals.filter(state__in=Removal.OPEN).count()
        return f"Waiting for the outcome of {format_count(out, 'item')}" if out else super().reload_reason

    @property
    def title(self) -> str:
        """Return its title, with the number of items that are gone."""
        return write_title(self.job, self.counts.deleted + self.counts.already_gone)

    @property
    def current(self) -> list[str]:
        """Return the items whose calls are out now."""
        out = self.job.removals.filter(state=RemovalState.SENT).order_by("position")
        return list(out.values_list("media_id", flat=True)[:4])

    @cached_property
    def freed_bytes(self) -> int:
        """Return the bytes that it freed."""
        return int(self.job.removals.aggregate(Sum("freed_bytes"))["freed_bytes__sum"] or 0)

    @cached_property
    def outcomes(self) -> list[ItemOutcome]:
        """Return the items of this page; those that need a look stand first.

        Each state is read along its index up to where the page is full: a job may have thousands of items.
        """
        names = (self.outcome,) if self.outcome else _FAILURES_FIRST
        start, rows = (self.page - 1) * ITEMS_PER_PAGE, list[Removal]()
        for state in (state for name in names for state in bulk.COUNTED_STATES[name]):
            wanted = ITEMS_PER_PAGE - len(rows)
            if wanted and start < self.states[state]:
                found = self.job.removals.filter(state=state).order_by("position").defer("before")
                rows += found[start : start + wanted]
            start = max(0, start - self.states[state])
        base = self.connection.media_url if self.connection else ""
        return [
            ItemOutcome(row, get_badge(row.state), f"{base}{row.media_id}/" if base else "") for row in rows
        ]

    def receipt(self, link: str) -> str:
        """Return the text that a ticket may be told of it."""
        job = self.job
        counts = [
            f"{one.word}: {one.number:,}" for one in self.tallies if one.number or one.name == "deleted"
        ]
        lines = [
            f"{self.title} (··{job.connection.tail})",
            *counts,
            f"Freed: {format_size(self.freed_bytes)}",
            f"By: {job.person}, {format_utc(job.created_at)}, in {self.progress.took}",
            f"Ticket: {job.ticket or 'none'}",
            *([f"Reason: {job.reason}"] if job.reason else []),
            f"Record: {job.pk}",
            link,
        ]
        return "\n".join(" ".join(line.split()) for line in lines)

    def _href(self, outcome: str = "", page: int = 1) -> str:
        asked = {**({"outcome": outcome} if outcome else {}), **({"page": page} if page > 1 else {})}
        href = self.job.get_absolute_url()
        return f"{href}?{urlencode(asked)}" if asked else href


def may_stop(job: Job, person: Person | None) -> bool:
    """Return whether the person may end or resume the job: an operator any in a connection open to them,
    others their own walks."""
    if person is None or not job.connection.is_open_to(person.groups):
        return False
    own = job.is_owned_by(person)
    return person.may(Role.OPERATOR) or (own and job.kind != Kind.REMOVE)


def write_title(job: Job, gone: int = 0) -> str:
    """Return in words what the job does, or did: `Deleting 60 items of Studio A`."""
    items, of = format_count(job.total or 0, "item"), job.connection_label
    match Kind(job.kind), JobState(job.state):
        case Kind.REMOVE, JobState.DONE if gone == job.total:
            return f"Deleted {items} of {of}"
        case Kind.REMOVE, JobState.DONE | JobState.STOPPED | JobState.FAILED:
            return f"Deleted {gone:,} of {items} of {of}"
        case Kind.REMOVE, _:
            return f"Deleting {items} of {of}"
        case Kind.SCAN, state:
            return f"{'Scanning' if state in Job.OPEN else 'Scan of'} {of}"
        case _, state:
            return f"{'Exporting' if state in Job.OPEN else 'Export of'} {of}"


def list_recent_jobs(connection: Connection) -> list[JobPage]:
    """Return the newest of the connection's jobs."""
    newest = connection.jobs.select_related("connection")[:MAX_RECENT_JOBS]
    bulk_or_other = {True: RemovalJob, False: JobPage}
    return [bulk_or_other[job.kind == Kind.REMOVE](job, None, ()) for job in newest]
