"""Things that a person keeps at hand: the tray of a connection, look-ups, saved views."""

import uuid
from collections.abc import Collection

from django.db import models
from django.urls import reverse
from django.utils import timezone

from .actor import OwnedManager, OwnerFields
from .connection import Connection


class TrayItem(OwnerFields):
    """An item that a person has selected for removal.

    What it holds beside the id is what the list showed: good for a sum, never for a removal.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="trays")
    media_id = models.CharField(max_length=128)
    variants = models.PositiveIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    retry_of = models.UUIDField(null=True)
    """The job that failed to remove it."""
    added_at = models.DateTimeField(default=timezone.now)

    objects = OwnedManager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject", "connection", "media_id"], name="once_in_a_tray"
            )
        ]

    def __str__(self) -> str:
        return self.media_id


class Lookup(OwnerFields):
    """Many ids looked for at once: the pasted ids and each connection's answers, kept for a day.

    `answers` holds each item's facts, or None if it is not cached, by connection's key and id; `trouble` the
    reasons why others have no answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connections = models.ManyToManyField(Connection, related_name="lookups")
    person = models.CharField(max_length=255)
    ticket = models.CharField(max_length=100, blank=True)
    ids = models.JSONField(default=list)
    """Each id once, in the order pasted."""
    repeated = models.JSONField(default=dict)
    """The number of repetitions of an id beyond the first, by id."""
    malformed = models.JSONField(default=list)
    """Each text that is no id: the text, shortened, the reason, and the number of times it stood there."""
    answers = models.JSONField(default=dict)
    trouble = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    objects = OwnedManager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("lookup", args=[self.pk])


class SavedView(OwnerFields):
    """Filters of the list under a name: for one connection or any, for one person or everybody."""

    person = models.CharField(max_length=255)
    name = models.CharField(max_length=60)
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    is_shared = models.BooleanField(default=False)
    groups = models.JSONField(default=list)
    """Of one that is shared for any connection: the author's groups that connections named then."""
    query = models.TextField(blank=True)
    """The filters as MediaQuery.to_url() writes them, without a cursor."""
    created_at = models.DateTimeField(default=timezone.now)

    objects = OwnedManager()

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject", "name"], name="one_view_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    def is_open_to(self, groups: Collection[str]) -> bool:
        """Return True for people of one of its groups, and for everybody if it has none."""
        return not self.groups or not set(self.groups).isdisjoint(groups)
