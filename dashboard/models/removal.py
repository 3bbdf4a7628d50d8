"""The ledger of removals."""

import uuid
from typing import Any, Final
from urllib.parse import urlencode

from django.db import models
from django.urls import reverse

from .actor import ActorFields, OwnedManager
from .connection import Connection
from .job import Job


class RemovalState(models.TextChoices):
    """The state of a removal, with its words on the screen."""

    PLANNED = "planned", "Planned"
    CLAIMED = "claimed", "About to be sent"
    CANCELLED = "cancelled", "Cancelled"
    SENT = "sent", "Sent"
    DELETED = "deleted", "Deleted"
    ALREADY_GONE = "already_gone", "Already gone"
    NOT_REMOVED = "not_removed", "Not removed"
    REJECTED = "rejected", "Rejected by the service"
    REFUSED = "refused", "Never sent"
    UNKNOWN = "unknown", "Outcome unknown"
    VERIFIED_GONE = "verified_gone", "Gone, found by reading"
    VERIFIED_PRESENT = "verified_present", "Still there, found by reading"
    RECACHED = "recached", "Cached again since"
    UNRESOLVED = "unresolved", "Unresolved"


class Removal(ActorFields):
    """A target of a removal and what is known of it: a ledger's row, committed before the bytes leave."""

    class Verb(models.TextChoices):
        DELETE = "delete"
        PURGE = "purge"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=10, choices=Verb.choices)
    state = models.CharField(max_length=20, choices=RemovalState.choices, default=RemovalState.SENT)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="removals")
    connection_label = models.CharField(max_length=100)
    media_id = models.CharField(max_length=128, blank=True)
    ticket = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    request_id = models.CharField(max_length=40)
    token = models.UUIDField()
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="removals")
    """The bulk removal that it is one item of."""
    position = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    """The number under which the lease of a claimed row is held."""
    retry_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="retries")
    attempt = models.PositiveSmallIntegerField(default=1)
    before = models.JSONField(default=dict)
    sent_at = models.DateTimeField()
    """The time of the call, or of the request where nothing was sent."""
    lease_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField(null=True)
    freed_bytes = models.BigIntegerField(null=True)
    purged_variants = models.BigIntegerField(null=True)
    answer_status = models.PositiveSmallIntegerField(null=True)
    """HTTP status of the answer to the call; None where none came, and in rows from before there was this."""
    service_text = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=255, blank=True)
    closing_note = models.CharField(max_length=1000, blank=True)

    OPEN: Final = (RemovalState.SENT, RemovalState.UNKNOWN)
    """States in which it is not known, or not yet, what became of a call: no second one may be made."""

    LOCKED: Final = (RemovalState.PLANNED, RemovalState.CLAIMED, *OPEN)
    """States in which no other removal of the same target may begin."""

    objects = OwnedManager()

    class Meta:
        ordering = ("-sent_at",)
        indexes = [
            models.Index(fields=["connection", "media_id", "-sent_at"], name="removal_of_item"),
            models.Index(
                fields=["state", "sent_at"],
                name="removal_to_look_at",
                condition=models.Q(state__in=["sent", "unknown", "unresolved"]),
            ),
            models.Index(
                fields=["connection", "-settled_at"],
                name="removal_ended",
                condition=models.Q(settled_at__isnull=False),
            ),
            models.Index(
                fields=["job", "state", "position"],
                name="removal_of_job",
                condition=models.Q(job__isnull=False),
            ),
        ]
        constraints = [
            # Two people, two tabs or a double click: the database lets one of them through.
            models.UniqueConstraint(fields=["token", "connection", "media_id"], name="one_removal_a_press"),
            models.UniqueConstraint(
                fields=["connection", "media_id"],
                condition=models.Q(state__in=["planned", "claimed", "sent", "unknown"]),
                name="one_removal_in_flight",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.media_id or 'all'} of {self.connection_label}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("removal", args=[self.pk])

    @property
    def is_gone(self) -> bool:
        """Return True if the target is known not to be cached any more."""
        return self.state in (RemovalState.DELETED, RemovalState.ALREADY_GONE, RemovalState.VERIFIED_GONE)

    @property
    def needs_attention(self) -> bool:
        """Return True while nobody knows what became of it: still out, or unresolved and not closed."""
        return self.state in self.OPEN or self.may_be_closed

    @property
    def may_be_closed(self) -> bool:
        """Return True if reading could not tell what became of it, until an admin closes it."""
        return self.state == RemovalState.UNRESOLVED and self.closed_at is None

    @property
    def retry_url(self) -> str:
        """The address where another attempt, linked to this one, is asked for."""
        slug = self.connection.slug
        if self.verb == self.Verb.DELETE:
            asks = reverse("media-delete", args=[slug, self.media_id])
        else:
            asks = reverse("connection-purge", args=[slug])
        return f"{asks}?{urlencode({'ticket': self.ticket, 'retry_of': self.pk})}"

    @property
    def variants_before(self) -> list[dict[str, Any]]:
        variants: list[dict[str, Any]] = self.before.get("variants", [])
        return variants
