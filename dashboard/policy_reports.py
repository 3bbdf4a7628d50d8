"""Counts of what the content security policy made browsers refuse: a row a day and kind."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Sum
from django.utils import timezone

from .models import PolicyReport

logger = logging.getLogger(__name__)

MAX_KINDS_A_DAY: Final = 100
"""Kinds that a day tells apart: whoever is signed in can make up any number."""

DAYS_SHOWN: Final = 7
DAYS_KEPT: Final = 30

MAX_WRITES_A_MINUTE: Final = 600
"""So many counts this process changes: reports must not keep removals from the database."""


class Violation(NamedTuple):
    """What a browser refused: the directive, the host or the word of what it blocked, and the page's name."""

    directive: str
    blocked: str
    page: str


OTHERS: Final = Violation("other", "other", "other")
"""Stands for all kinds beyond MAX_KINDS_A_DAY."""


class Pace:
    """Lets MAX_WRITES_A_MINUTE through. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin a new minute."""
        self._ends_at, self._count = self._clock() + 60, 0

    def admit(self) -> bool:
        """Return True if one more may be written in this minute."""
        with self._lock:
            if self._clock() >= self._ends_at:
                self.clear()
            self._count += 1
            return self._count <= MAX_WRITES_A_MINUTE


pace: Final = Pace()


def count(violations: Iterable[Violation]) -> bool:
    """Count each of them for today; return False if this process has written enough for now."""
    day = timezone.now().date()
    for violation, number in Counter(violations).items():
        if not pace.admit():
            return False
        _add(day, violation, number)
    return True


def list_recent(limit: int) -> list[dict[str, Any]]:
    """Return the kinds of the last DAYS_SHOWN days, latest first, with the `total` and `last` day of each."""
    since = timezone.now().date() - timedelta(days=DAYS_SHOWN - 1)
    rows = PolicyReport.objects.filter(day__gte=since, count__gt=0).values(*Violation._fields)
    found = rows.annotate(total=Sum("count"), last=Max("day")).order_by("-last", "-total", *Violation._fields)
    return list(found[:limit])


def delete_old() -> None:
    """Delete the counts of days long past, and of days to come, which a clock that was ahead made up."""
    today = timezone.now().date()
    is_past = Q(day__lt=today - timedelta(days=DAYS_KEPT))
    PolicyReport.objects.filter(is_past | Q(day__gt=today + timedelta(days=1))).delete()


def _find(day: date, violation: Violation) -> QuerySet[PolicyReport]:
    return PolicyReport.objects.filter(day=day, **violation._asdict())


def _add(day: date, violation: Violation, number: int) -> None:
    if _find(day, violation).update(count=F("count") + number):
        return
    others = PolicyReport(day=day, **OTHERS._asdict())
    PolicyReport.objects.bulk_create([others], ignore_conflicts=True)
    with transaction.atomic():
        _find(day, OTHERS).select_for_update().get()  # who has a new kind of this day, too, waits here
        is_new = not _find(day, violation).exists()
        if is_new and PolicyReport.objects.filter(day=day).count() > MAX_KINDS_A_DAY:
            violation, is_new = OTHERS, False
        if is_new:
            PolicyReport.objects.create(day=day, **violation._asdict())
        _find(day, violation).update(count=F("count") + number)
    if is_new:
        logger.warning("a browser refused what the policy forbids: %s %s on %s", *violation)
