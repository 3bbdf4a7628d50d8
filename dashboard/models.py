"""The only tables we own: the connections people may look at, and a row for every removal."""

from __future__ import annotations

import uuid
from typing import Any
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse

SLUG = RegexValidator(r"\A[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z", "Use small letters, digits and hyphens.")
CONNECTION_ID = RegexValidator(r"\A[\x21-\x7e]{1,256}\Z", "Use 1 to 256 printable characters, no spaces.")


def typeable(label: str) -> None:
    """A label has to be one that a person can type: single spaces, nothing invisible, composed letters."""
    if label != normalize("NFC", " ".join(label.split())) or not label.isprintable():
        raise ValidationError("Use letters and signs that can be seen and typed, with single spaces between.")


class Colour(models.TextChoices):
    """The colour of a connection's pill: a second sign beside its label, never the only one."""

    BLUE = "blue"
    GREEN = "green"
    AMBER = "amber"
    VIOLET = "violet"
    ROSE = "rose"
    TEAL = "teal"
    SLATE = "slate"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def in_use(self) -> ConnectionQuerySet:
        return self.filter(archived_at=None)


class Connection(models.Model):
    """A vendor connection under a name of ours. Its raw id is treated like a credential: it goes to the
    service and nowhere else, so `str()` and every address use the slug."""

    slug = models.CharField(max_length=64, unique=True, validators=[SLUG])
    label = models.CharField(max_length=100, unique=True, validators=[typeable])
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.SLATE)
    connection_id = models.CharField(max_length=256, unique=True, validators=[CONNECTION_ID])
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("label", "slug")

    def __str__(self) -> str:
        return self.slug

    @property
    def tail(self) -> str:
        """The last four characters of the raw id, enough to tell two connections apart."""
        return self.connection_id[-4:] if len(self.connection_id) >= 12 else "····"

    def get_absolute_url(self) -> str:
        return reverse("connection", args=[self.slug])

    @property
    def media_url(self) -> str:
        return reverse("media-list", args=[self.slug])


class Removal(models.Model):
    """One destructive call: committed as `sent` before the bytes leave, its outcome written after.

    Names of the person, the connection and the item are copied, so that the record outlives them.
    """

    class Verb(models.TextChoices):
        DELETE = "delete"
        PURGE = "purge"

    class State(models.TextChoices):
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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=10, choices=Verb.choices)
    state = models.CharField(max_length=20, choices=State.choices, default=State.SENT)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="removals")
    connection_label = models.CharField(max_length=100)
    media_id = models.CharField(max_length=128, blank=True)
    person = models.CharField(max_length=200)
    role = models.CharField(max_length=20)
    ticket = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    request_id = models.CharField(max_length=40)
    token = models.UUIDField()
    before = models.JSONField(default=dict)
    sent_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    freed_bytes = models.BigIntegerField(null=True)
    purged_variants = models.BigIntegerField(null=True)
    service_text = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-sent_at",)
        indexes = [models.Index(fields=["connection", "media_id", "-sent_at"], name="removal_of_item")]
        constraints = [
            # Two people, two tabs or a double click: the database lets one of them through.
            models.UniqueConstraint(fields=["token", "connection", "media_id"], name="one_removal_a_press"),
            models.UniqueConstraint(
                fields=["connection", "media_id"],
                condition=models.Q(state="sent"),
                name="one_removal_in_flight",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.media_id or 'all'} of {self.connection_label}: {self.state}"

    @property
    def is_gone(self) -> bool:
        """True when what was to be removed is known not to be cached any more."""
        return self.state in (self.State.DELETED, self.State.ALREADY_GONE, self.State.VERIFIED_GONE)

    @property
    def variants_before(self) -> list[dict[str, Any]]:
        variants: list[dict[str, Any]] = self.before.get("variants", [])
        return variants
