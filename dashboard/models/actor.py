"""Columns that name a person by issuer and subject, with copies of name and email that outlive them."""

from typing import Any, TypeVar

from django.db import models

from dashboard.identity import Person, Role

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class OwnedManager(models.Manager[_Row]):
    """The manager of rows that belong to people."""

    def owned_by(self, owner: "Person | OwnerFields") -> models.QuerySet[_Row]:
        """Return the rows of this person, or of the owner of this row."""
        return self.filter(issuer=owner.issuer, subject=owner.subject)


class OwnerFields(models.Model):
    """The person to whom a row belongs."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        abstract = True

    def is_owned_by(self, person: Person | None) -> bool:
        return person is not None and (self.issuer, self.subject) == (person.issuer, person.subject)


class ActorFields(OwnerFields):
    """The person who asked for something, as they were then. The oldest removals name no issuer."""

    person = models.CharField(max_length=255)
    email = models.CharField(max_length=255, blank=True)
    issuer = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    role = models.CharField(max_length=20)

    class Meta:
        abstract = True

    def tell_email(self, person: Person | None) -> str:
        """Return the email for an admin and for the actor themself, "" for colleagues."""
        is_admin = person is not None and person.may(Role.ADMIN)
        return self.email if is_admin or self.is_owned_by(person) else ""

    @property
    def actor_columns(self) -> dict[str, Any]:
        """The columns of the actor with their values, for another row of the same person."""
        return {name: getattr(self, name) for name in ("person", "email", "issuer", "subject", "role")}


def actor_columns_of(person: Person) -> dict[str, Any]:
    """Return the columns that name this person, with their values."""
    return {
        "person": person.name,
        "email": person.email,
        "issuer": person.issuer,
        "subject": person.subject,
        "role": person.role.word if person.role else "",
    }
