"""Who has been here: a row for each person the sign-on named, written when something of it is new."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from datetime import date
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from dashboard import audit
from dashboard.models import Account

from .identity import Caller, Person

logger = logging.getLogger(__name__)

MOST_KEPT: Final = 2000
PAUSE: Final = 60.0
"""Seconds without another try once the database took nothing."""

Seen = tuple[str, str, tuple[str, ...], date]
"""Name, email, groups and day."""


class Accounts:
    """Keeps the rows up to date. What this process has seen today costs no query."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], Seen] = OrderedDict()
        self._lock = threading.Lock()
        self._not_before = float("-inf")

    def remember(self, person: Person, caller: Caller) -> None:
        """Never fails: a database that takes no writes must not keep anybody from reading."""
        subject = person.issuer, person.subject
        now: Seen = person.name, person.email, person.groups, timezone.now().date()
        with self._lock:
            if self._seen.get(subject) == now or time.monotonic() < self._not_before:
                return
            self._seen[subject] = now
            self._seen.move_to_end(subject)
            if len(self._seen) > MOST_KEPT:
                self._seen.popitem(last=False)
        try:
            _save(person, caller)
        except DatabaseError as broken:
            logger.error("An account could not be written: %s", type(broken).__name__)
            self.forget()
            self._not_before = time.monotonic() + PAUSE

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()
            self._not_before = float("-inf")


def _save(person: Person, caller: Caller) -> None:
    now = timezone.now()
    said = {"name": person.name, "email": person.email, "groups": list(person.groups), "last_seen_at": now}
    account, is_new = Account.objects.get_or_create(
        issuer=person.issuer, subject=person.subject, defaults=said
    )
    if is_new:
        return
    was = {"name": account.name, "email": account.email}
    # Of two processes that see the new name at once, the one whose update finds the old one tells of it.
    changed = Account.objects.filter(pk=account.pk, **was).update(**said)
    if changed and was != {"name": person.name, "email": person.email}:
        result = {"name": person.name, "email": person.email}
        audit.note("access.renamed", caller, before=was, result=result)


accounts: Final = Accounts()
remember = accounts.remember
