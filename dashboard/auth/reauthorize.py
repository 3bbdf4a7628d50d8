"""The current role of a person who is not here: the worker checks it before it acts for them."""

from dataclasses import replace

from django.conf import settings

from dashboard.identity import Person
from dashboard.models import Account

from .demo import DEMO_PEOPLE


def reauthorize(person: Person) -> Person:
    """Return the person with the groups of their last visit and the role that these give today.

    Somebody who is not known here has neither.
    """
    if settings.IS_DEMO:
        known = {one.subject: one for one in DEMO_PEOPLE.values()}.get(person.subject)
        return replace(person, role=None, groups=(), matched=()) if known is None else known
    account = Account.objects.owned_by(person).first()
    groups = tuple(account.groups) if account else ()
    role, matched = settings.AUTH_CONFIG.grants.find_role(groups)
    return replace(person, role=role, groups=groups, matched=matched)
