"""What somebody may do now who is not here: the worker asks before it acts for them."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from dashboard.identity import Person
from dashboard.models import Account

from .demo import DEMO_PEOPLE


def standing(person: Person) -> Person:
    """The person with the groups that the sign-on named last, and the role that these give by today's
    settings; without groups and role where they are not known here."""
    if settings.IS_DEMO:
        known = {one.subject: one for one in DEMO_PEOPLE.values()}.get(person.subject)
        return replace(person, role=None, groups=(), matched=()) if known is None else known
    account = Account.objects.owned_by(person).first()
    groups = tuple(account.groups) if account else ()
    role, matched = settings.SIGN_ON.grants.of(groups)
    return replace(person, role=role, groups=groups, matched=matched)
