"""Identity: of a request, by the one backend that the settings choose, and of people who are away."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from django.conf import settings
from django.utils import timezone

from dashboard.identity import Person
from dashboard.models import Account
from dashboard.request import Request

from . import demo
from .config import AssertionConfig, AuthConfig, HeaderConfig
from .header import HeaderBackend

Identify = Callable[[Request], Person | None]


@cache
def get_identity_backend(sign_on: AuthConfig) -> Identify:
    """Return the function that identifies a request's person; it raises Refused or KeysUnavailable."""
    match sign_on.by:
        case AssertionConfig():
            from .assertion import AssertionBackend  # with cryptography, ten megabytes that no demo needs

            return AssertionBackend(sign_on.by, sign_on.grants)
        case HeaderConfig():
            return HeaderBackend(sign_on.by, sign_on.grants)
    return demo.identify


def fetch_keys_ahead(sign_on: AuthConfig) -> None:
    """Fetch the keys of assertions before anybody needs them; takes jwks.FETCH_SECONDS at most."""
    if isinstance(sign_on.by, AssertionConfig):
        get_identity_backend(sign_on).start()  # type: ignore[attr-defined]


def reauthorize(person: Person) -> Person:
    """Return the person with the groups of their last visit, if any, and the role that these give today.

    `signed_in_at` is the time of that visit; people of the demo are always here. An account that was changed
    outside the dashboard gives neither.
    """
    if settings.IS_DEMO:
        unknown = replace(person, role=None, groups=(), matched=())
        known = {one.subject: one for one in demo.DEMO_PEOPLE.values()}.get(person.subject, unknown)
        return replace(known, signed_in_at=timezone.now())
    account = Account.objects.owned_by(person).first()
    if account is None or not account.is_intact:
        return replace(person, role=None, groups=(), matched=(), signed_in_at=None)
    groups = tuple(account.groups)
    role, matched = settings.AUTH_CONFIG.grants.find_role(groups)
    return replace(person, role=role, groups=groups, matched=matched, signed_in_at=account.last_seen_at)
