"""The accounts of people: a row for each, with their name, email and groups, and when they were here."""

import json
import logging
import time
from datetime import timedelta
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

VISIT_INTERVAL: Final = timedelta(minutes=5)
"""A row says when somebody was here to within this time: a page does not write for each of its requests."""


class Accounts:
    """Keeps the rows up to date. What this process has seen counts only beside what the row says."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, str, float]] = {}
        """Name, email and the end of VISIT_INTERVAL, by issuer and subject."""
        self._not_before = float("-inf")

    def is_recorded(self, person: Person, groups: str | None) -> bool:
        """Return True if there is nothing to record, given the groups that the row has, as JSON.

        The row is what counts: another process may have seen the person in other groups since.
        """
        return self._is_seen(person) and groups is not None and tuple(json.loads(groups)) == person.groups

    def _is_seen(self, person: Person) -> bool:
        name, email, until = self._seen.get((person.issuer, person.subject), ("", "", float("-inf")))
        return (name, email) == (person.name, person.email) and time.monotonic() < until

    def record_visit(self, person: Person, caller: Caller) -> None:
        """Record the person if the row says otherwise. Never raises: a full database stops no reader."""
        if time.monotonic() < self._not_before:
            return
        if not self._is_seen(person):
            self._remember(person)
            logger.info(
                "signed in by %s: %s of %s, vouched for at %s",
                *(person.mode, person.subject, person.issuer, person.signed_in_at),
                extra={"request_id": caller.request_id},
            )
        try:
            _save_account(person, caller)
        except DatabaseError as broken:
            logger.error("An account could not be written: %s", type(broken).__name__)
            self.forget()
            self._not_before = time.monotonic() + RETRY_SECONDS

    def _remember(self, person: Person) -> None:
        if len(self._seen) >= MAX_PEOPLE_REMEMBERED:
            self._seen.clear()
        until = time.monotonic() + VISIT_INTERVAL.total_seconds()
        self._seen[person.issuer, person.subject] = person.name, person.email, until

    def forget(self) -> None:
        self._seen.clear()
        self._not_before = float("-inf")


def _save_account(person: Person, caller: Caller) -> None:
    now = timezone.now()
    said = {"name": person.name, "email": person.email, "groups": list(person.groups)}
    values = {**said, "last_seen_at": now}
    account, is_new = Account.objects.get_or_create(
        issuer=person.issuer, subject=person.subject, defaults=values
    )
    is_recent = account.is_intact and abs(now - account.last_seen_at) < VISIT_INTERVAL
    if is_new or (is_recent and all(getattr(account, column) == value for column, value in said.items())):
        return
    if not account.is_intact:
        logger.error("account %s was changed outside the dashboard: it is written anew", account.pk)
    was, result = ({"name": one.name, "email": one.email} for one in (account, person))
    for column, value in values.items():
        setattr(account, column, value)
    account.sign()
    # Of two processes that see the new name at once, the one whose update finds the old one tells of it.
    changed = Account.objects.filter(pk=account.pk, **was).update(**values, signature=account.signature)
    if changed and was != result:
        audit.note("access.renamed", caller, before=was, result=result)


accounts: Final = Accounts()
is_recorded = accounts.is_recorded
record_visit = accounts.record_visit
