"""People, and the connections that they look into."""

from collections.abc import Collection
from functools import cached_property
from typing import Self
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from dashboard import encryption

from .actor import OwnedManager, OwnerFields
from .signed import SignedFields

SLUG_PATTERN = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
SLUG = RegexValidator(rf"\A{SLUG_PATTERN}\Z", "Use small letters, digits and hyphens.")
CONNECTION_ID = RegexValidator(r"\A[\x21-\x7e]{1,256}\Z", "Use 1 to 256 printable characters, no spaces.")


def validate_label(label: str) -> None:
    """Raise ValidationError unless a person can type the label: single spaces, all visible, composed."""
    if label != normalize("NFC", " ".join(label.split())) or not label.isprintable():
        raise ValidationError("Use letters and signs that can be seen and typed, with single spaces between.")


def shorten_id(connection_id: str) -> str:
    """Return the last four characters of a vendor's id, or dots for one too short to hide the rest."""
    return connection_id[-4:] if len(connection_id) >= 12 else "····"


def validate_groups(groups: object) -> None:
    """Raise ValidationError unless `groups` is a list of at most 50 names, as the sign-on writes them."""
    if not isinstance(groups, list) or len(groups) > 50:
        raise ValidationError("Name at most 50 groups.")
    for name in groups:
        typed = isinstance(name, str) and name.isprintable() and name == name.strip()
        if not (typed and 0 < len(name) <= 200):
            raise ValidationError("A group's name has 1 to 200 characters that can be seen.")


class Account(SignedFields, OwnerFields):
    """A person as the sign-on knows them: by issuer and subject, never by an email, which changes hands."""

    SIGNED = ("issuer", "subject", "groups", "last_seen_at")
    """What the worker goes by; name and email only tell."""

    name = models.CharField(max_length=255)
    email = models.CharField(max_length=255, blank=True)
    groups = models.JSONField(default=list)
    """The groups that the sign-on named last; the worker, which sees nobody sign in, goes by them."""
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()
    """The time of the last visit, to within accounts.VISIT_INTERVAL."""

    objects = OwnedManager()

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
    """Connections, by use and by the vendor's id."""

    def in_use(self) -> Self:
        return self.filter(archived_at=None)

    def find_by_raw_id(self, connection_id: str) -> "Connection | None":
        """Return the connection with this vendor id, by whichever key its digest was made, or None."""
        return self.filter(id_digest__in=encryption.compute_digests(connection_id)).first()


class Connection(SignedFields):
    """A vendor connection under a name of ours. Its id goes to the service only, like a credential."""

    SIGNED = (
        *("slug", "label", "colour", "groups", "sealed_id", "id_digest", "tail", "created_at", "archived_at"),
    )

    slug = models.CharField(max_length=64, unique=True, validators=[SLUG])
    label = models.CharField(max_length=100, unique=True, validators=[validate_label])
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.SLATE)
    groups = models.JSONField(default=list, blank=True, validators=[validate_groups])
    sealed_id = models.TextField()
    id_digest = models.CharField(max_length=64, unique=True)
    tail = models.CharField(max_length=4)
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()
    has_selection: bool | None = None
    """True if the person for whom it was read has selected something anywhere; None if that was not asked."""
    account_groups: str | None = None
    """The groups in the account of the person for whom it was read, as JSON; None if that was not asked."""

    class Meta:
        ordering = ("label", "slug")

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def connection_id(self) -> str:
        """The vendor's id in the clear, for the one call that needs it; raises encryption.DecryptionError."""
        self.check_signature()
        slug, _, connection_id = encryption.decrypt(self.sealed_id).partition(" ")
        if slug != self.slug or self.id_digest not in encryption.compute_digests(connection_id):
            raise encryption.RowChanged("The ID is another connection's.")
        return connection_id

    def set_connection_id(self, connection_id: str) -> None:
        """Encrypt the vendor's id, for this slug, by the newest key, and keep its last four characters."""
        self.__dict__["connection_id"] = connection_id
        self.sealed_id = encryption.encrypt(f"{self.slug} {connection_id}")
        self.id_digest = encryption.compute_digest(connection_id)
        self.tail = shorten_id(connection_id)

    def is_open_to(self, groups: Collection[str]) -> bool:
        """Return True for people of one of its groups, and for everybody if it names none.

        A row that was changed outside the dashboard is open to nobody.
        """
        return self.is_intact and (not self.groups or not set(self.groups).isdisjoint(groups))

    def get_absolute_url(self) -> str:
        return reverse("connection", args=[self.slug])

    @cached_property
    def media_url(self) -> str:
        return reverse("media-list", args=[self.slug])
