"""The only tables we own: people, connections, the ledger of removals, and the events of the audit."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from functools import cached_property
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse

from . import sealing

SLUG = RegexValidator(r"\A[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z", "Use small letters, digits and hyphens.")
CONNECTION_ID = RegexValidator(r"\A[\x21-\x7e]{1,256}\Z", "Use 1 to 256 printable characters, no spaces.")


def typeable(label: str) -> None:
    """A label has to be one that a person can type: single spaces, nothing invisible, composed letters."""
    if label != normalize("NFC", " ".join(label.split())) or not label.isprintable():
        raise ValidationError("Use letters and signs that can be seen and typed, with single spaces between.")


def tail_of(connection_id: str) -> str:
    """What is shown of a vendor's id: its last four characters, where the rest is long enough to stay one."""
    return connection_id[-4:] if len(connection_id) >= 12 else "····"


def group_names(groups: object) -> None:
    """Groups are a list of at most 50 exact names, as the sign-on writes them."""
    if not isinstance(groups, list) or len(groups) > 50:
        raise ValidationError("Name at most 50 groups.")
    for name in groups:
        typed = isinstance(name, str) and name.isprintable() and name == name.strip()
        if not (typed and 0 < len(name) <= 200):
            raise ValidationError("A group's name has 1 to 200 characters that can be seen.")


class Account(models.Model):
    """A person as the sign-on knows them: by issuer and subject, never by an email, which changes hands."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    email = models.CharField(max_length=255, blank=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_a_subject")]

    def __str__(self) -> str:
        return self.name


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

    def by_raw_id(self, connection_id: str) -> Connection | None:
        """The connection with this vendor id, whichever key its digest was made with."""
        return self.filter(id_digest__in=sealing.digests(connection_id)).first()


class Connection(models.Model):
    """A vendor connection under a name of ours. Its raw id is treated like a credential: it is stored
    encrypted, goes to the service and nowhere else, and `str()` and every address use the slug."""

    slug = models.CharField(max_length=64, unique=True, validators=[SLUG])
    label = models.CharField(max_length=100, unique=True, validators=[typeable])
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.SLATE)
    groups = models.JSONField(default=list, blank=True, validators=[group_names])
    sealed_id = models.TextField()
    id_digest = models.CharField(max_length=64, unique=True)
    tail = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("label", "slug")

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def connection_id(self) -> str:
        """The vendor's id in the clear, for the one call it is needed for; raises sealing.Unsealable."""
        return sealing.unseal(self.sealed_id)

    def give_id(self, connection_id: str) -> None:
        """Seal the vendor's id by the newest key, and keep the last four characters for telling it by."""
        self.__dict__["connection_id"] = connection_id
        self.sealed_id = sealing.seal(connection_id)
        self.id_digest = sealing.digest(connection_id)
        self.tail = tail_of(connection_id)

    def is_open_to(self, groups: Collection[str]) -> bool:
        """True for people of one of its groups, and for everybody where it names none."""
        return not self.groups or not set(self.groups).isdisjoint(groups)

    def get_absolute_url(self) -> str:
        return reverse("connection", args=[self.slug])

    @property
    def media_url(self) -> str:
        return reverse("media-list", args=[self.slug])


class Removal(models.Model):
    """One target of a removal and what is known of it: a row of the ledger, moved on from state to state.

    It is committed as `sent` before the bytes leave. Names of the person, the connection and the item are
    copied, so that the record outlives them; each step of its way is an Event.
    """

    class Verb(models.TextChoices):
        DELETE = "delete"
        PURGE = "purge"

    class State(models.TextChoices):
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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=10, choices=Verb.choices)
    state = models.CharField(max_length=20, choices=State.choices, default=State.SENT)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="removals")
    connection_label = models.CharField(max_length=100)
    media_id = models.CharField(max_length=128, blank=True)
    person = models.CharField(max_length=255)
    email = models.CharField(max_length=255, blank=True)
    issuer = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=20)
    ticket = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    request_id = models.CharField(max_length=40)
    token = models.UUIDField()
    retry_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="retries")
    attempt = models.PositiveSmallIntegerField(default=1)
    before = models.JSONField(default=dict)
    sent_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField(null=True)
    freed_bytes = models.BigIntegerField(null=True)
    purged_variants = models.BigIntegerField(null=True)
    service_text = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=255, blank=True)
    closing_note = models.CharField(max_length=1000, blank=True)

    OPEN: Final = (State.SENT, State.UNKNOWN)
    """States in which it is not known, or not yet, what became of a call: no second one may be made."""

    class Meta:
        ordering = ("-sent_at",)
        indexes = [
            models.Index(fields=["connection", "media_id", "-sent_at"], name="removal_of_item"),
            models.Index(
                fields=["state", "sent_at"],
                name="removal_to_look_at",
                condition=models.Q(state__in=["sent", "unknown", "unresolved"]),
            ),
        ]
        constraints = [
            # Two people, two tabs or a double click: the database lets one of them through.
            models.UniqueConstraint(fields=["token", "connection", "media_id"], name="one_removal_a_press"),
            models.UniqueConstraint(
                fields=["connection", "media_id"],
                condition=models.Q(state__in=["sent", "unknown"]),
                name="one_removal_in_flight",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.media_id or 'all'} of {self.connection_label}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("removal", args=[self.pk])

    @property
    def is_gone(self) -> bool:
        """True when what was to be removed is known not to be cached any more."""
        return self.state in (self.State.DELETED, self.State.ALREADY_GONE, self.State.VERIFIED_GONE)

    @property
    def needs_a_look(self) -> bool:
        """True while nobody knows what became of it: still out, or left unresolved and not closed."""
        return self.state in self.OPEN or self.may_be_closed

    @property
    def may_be_closed(self) -> bool:
        """True for one that nothing could settle, until an admin closes it."""
        return self.state == self.State.UNRESOLVED and self.closed_at is None

    @property
    def retry_url(self) -> str:
        """Where another attempt is asked for, linked to this one."""
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


INDEXED: Final = ("verb", "outcome", "actor_name", "actor_email", "connection", "media_id", "ticket")


class Event(models.Model):
    """One thing that happened, written once: the database refuses to change or delete a row.

    `line` is the whole of it as canonical JSON, and what `hash` seals; the columns beside it only repeat what
    lists are filtered by."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    code = models.CharField(max_length=60)
    verb = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    removal = models.ForeignKey(
        Removal, null=True, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    actor_name = models.CharField(max_length=255, blank=True)
    actor_email = models.CharField(max_length=255, blank=True)
    connection = models.CharField(max_length=64, blank=True)
    media_id = models.CharField(max_length=128, blank=True)
    ticket = models.CharField(max_length=100, blank=True)
    line = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("-at", "-sequence")
        indexes = [
            models.Index(fields=["at", "sequence"], name="event_at"),
            *(models.Index(fields=[name, "at", "sequence"], name=f"event_{name}") for name in INDEXED),
            models.Index(fields=["removal", "sequence"], name="event_removal"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.code}"

    def get_absolute_url(self) -> str:
        return reverse("audit-event", args=[self.sequence])
