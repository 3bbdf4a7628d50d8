"""The events of the audit."""

from typing import Final

from django.db import models
from django.urls import reverse

from .removal import Removal

INDEXED: Final = ("verb", "outcome", "actor_name", "actor_email", "connection", "media_id", "ticket")
"""Columns by which the list is filtered."""

LISTED: Final = ("verb", "actor_name", "actor_email", "connection", "ticket")
"""Columns by which the list is filtered without the items of bulk removals, up to 10,000 in a row."""

MAX_SEQUENCE: Final = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""

_OF_NO_JOB: Final = models.Q(job__isnull=True)


class Event(models.Model):
    """A thing that happened, written once: `line` is all of it, which columns repeat for filters."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    code = models.CharField(max_length=60)
    verb = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    removal = models.ForeignKey(
        Removal, null=True, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    job = models.UUIDField(null=True)
    """The bulk removal within which it happened; the event that begins one is within none."""
    begun_job = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=255, blank=True)
    actor_email = models.CharField(max_length=255, blank=True)
    connection = models.CharField(max_length=64, blank=True)
    media_id = models.CharField(max_length=128, blank=True)
    ticket = models.CharField(max_length=100, blank=True)
    line = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("-at", "-sequence")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sequence__range=(1, MAX_SEQUENCE)), name="event_number_in_bounds"
            )
        ]
        indexes = [
            models.Index(fields=["at", "sequence"], name="event_at"),
            *(models.Index(fields=[name, "at", "sequence"], name=f"event_{name}") for name in INDEXED),
            models.Index(fields=["removal", "sequence"], name="event_removal"),
            models.Index(fields=["at", "sequence"], name="event_of_no_job", condition=_OF_NO_JOB),
            *(
                models.Index(
                    fields=[name, "at", "sequence"], name=f"event_alone_{name}", condition=_OF_NO_JOB
                )
                for name in LISTED
            ),
            models.Index(fields=["job", "sequence"], name="event_job", condition=models.Q(job__isnull=False)),
            models.Index(
                fields=["begun_job"], name="event_begun_job", condition=models.Q(begun_job__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.code}"

    def get_absolute_url(self) -> str:
        return reverse("audit-event", args=[self.sequence])
