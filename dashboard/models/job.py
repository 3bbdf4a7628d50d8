"""Jobs of the worker, one for each piece of work that outlasts a request, and the worker processes."""

import hashlib
import uuid
from typing import Final

from django.db import models
from django.urls import reverse
from django.utils import timezone

from dashboard.identity import Caller, Person, Role

from .actor import ActorFields, OwnedManager
from .connection import Connection


class JobState(models.TextChoices):
    """The state of a job, with its words on the screen."""

    WAITING = "waiting", "Waiting for a worker"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Job(ActorFields):
    """A bulk removal, a scan or an export, and its progress; `runner` leases a scan or an export."""

    class Kind(models.TextChoices):
        REMOVE = "remove", "Bulk removal"
        SCAN = "scan", "Scan"
        EXPORT = "export", "Export"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="jobs")
    connection_label = models.CharField(max_length=100)
    groups = models.JSONField(default=list)
    mode = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    token = models.UUIDField()
    ticket = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    typed = models.CharField(max_length=200, blank=True)
    resumed_by_issuer = models.CharField(max_length=255, blank=True)
    resumed_by_subject = models.CharField(max_length=255, blank=True)
    """Who resumed it last: for them it goes on while the person who asked for it stays away."""
    retry_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="retries")
    query = models.TextField(blank=True)
    """The filters of an export, as MediaQuery.to_url() writes them."""
    form = models.CharField(max_length=10, blank=True)
    total = models.PositiveIntegerField(null=True)
    seen = models.PositiveBigIntegerField(default=0)
    cursor = models.TextField(blank=True)
    progress = models.JSONField(default=dict)
    """The state of a scan or export beside its cursor, and its result once it is done."""
    size_bytes = models.BigIntegerField(null=True)
    why = models.CharField(max_length=300, blank=True)
    """The reason why it is paused, stopped or failed, in words for the page."""
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    runner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    """The time at which a paused job goes on by itself; None if somebody has to resume it."""
    crashes = models.PositiveSmallIntegerField(default=0)
    """Runs that ended as nobody foresaw."""

    OPEN: Final = (JobState.WAITING, JobState.RUNNING, JobState.PAUSED)
    """States in which there is still something to do."""

    objects = OwnedManager()

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["connection", "kind", "-created_at"], name="job_of_connection"),
            models.Index(
                fields=["state"],
                name="job_to_do",
                condition=models.Q(state__in=["waiting", "running", "paused"]),
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["token"], name="one_job_a_press")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection_label}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def digest(self) -> str:
        """The SHA-256 of a bulk removal's media ids in order, by which its first event names them."""
        ids = self.removals.order_by("position").values_list("media_id", flat=True)
        return hashlib.sha256("\n".join(ids).encode()).hexdigest()

    @property
    def caller(self) -> Caller:
        """The person who asked for it and their place, as they were then, for its events."""
        role = Role[self.role.upper()] if self.role else None
        person = Person(
            self.person,
            self.email,
            role,
            issuer=self.issuer,
            subject=self.subject,
            matched=tuple(self.groups),
            mode=self.mode,
        )
        return Caller(person, self.address, self.agent, self.request_id)


class Worker(models.Model):
    """A worker process that lives, or did; its heartbeat comes every few seconds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.host} {self.id}"
