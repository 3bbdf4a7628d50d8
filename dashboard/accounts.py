"""The accounts of people: a row for each person, written when their name, email or groups are new."""

import logging
import time
from datetime import date
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from dashboard import audit
from dashboard.models import Account

from .identity import Caller, Person

logger = logging.getLogger(__name__)

MAX_PEOPLE_REMEMBERED: Final = 2000
RETRY_SECONDS: Final = 60.0
"""Seconds until the next try after the database refused a row."""

Profile = tuple[str, str, tuple[str, ...], date]


class Accounts:
    """Keeps the rows up to date. A person whom this process has already seen today costs no query."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Profile] = {}
        self._not_before = float("-inf")

    def record_visit(self, person: Person, caller: Caller) -> None:
        """Record the person if anything is new. Never raises: a full database stops no reader."""
        subject = person.issuer, person.subject
        now: Profile = person.name, person.email, person.groups, timezone.now().date()
        if self._seen.get(subject) == now or time.monotonic() < self._not_before:
            return
        if len(self._seen) >= MAX_PEOPLE_REMEMBERED:
            self._seen.clear()
        self._seen[subject] = now
        try:
            _save_account(person, caller)
        except DatabaseError as broken:
            logger.error("An account could not be written: %s", type(broken).__name__)
            self.forget()
            self._not_before = time.monotonic() + RETRY_SECONDS

    def forget(self) -> None:
        self._seen.clear()
        self._not_before = float("-inf")


def _save_account(person: Person, caller: Caller) -> None:
    now = timezone.now()
    values = {"name": person.name, "email": person.email, "groups": list(person.groups), "last_seen_at": now}
    account, is_new = Account.objects.get_or_create(
        issuer=person.issuer, subject=person.subject, defaults=values
    )
    if is_new:
        return
    was, result = ({"name": one.name, "email": one.email} for one in (account, person))
    # Of two processes that see the new name at once, the one whose update finds the old one tells of it.
    changed = Account.objects.filter(pk=account.pk, **was).update(**values)
    if changed and was != result:
        audit.note("access.renamed", caller, before=was, result=result)


accounts: Final = Accounts()
record_visit = accounts.record_visit
