"""How much one person may do in a time. The counts stand in the database, so all processes share them.

A period begins with the first act in it. Each count changes by one UPDATE that also compares it, so that no
two processes can both use the last of a budget. An act is counted in the transaction that records it, so
that what fails or is not done costs nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dashboard import audit
from dashboard.identity import Caller, Person
from dashboard.models import Budget, Event
from dashboard.problems import Problem
from dashboard.units import format_age, format_iso

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_MAX_CLOCK_SKEW: Final = timedelta(minutes=1)
"""A period that begins further in the future was begun by a clock that has jumped since."""
_SHORT_WAIT_SECONDS: Final = 10
"""Below it `format_age` says `just now`."""


class BudgetKind(NamedTuple):
    """What is counted, for how long, and how its refusal is told."""

    title: str
    rule: str
    """What a person may do, with `{limit:,}` in it."""
    period: timedelta
    is_standing: bool = False
    """Whether the limit is of what is there at a time; the period then is only that of its events."""


KINDS: Final = {
    "deletions": BudgetKind("Deletion limit reached", "{limit:,} deletions of single items an hour", _HOUR),
    "bulk": BudgetKind("Bulk removal limit reached", "{limit:,} items in bulk removals a day", _DAY),
    "reveals": BudgetKind("Reveal limit reached", "{limit:,} reveals an hour", _HOUR),
    "exports": BudgetKind("Export limit reached", "{limit:,} exports and downloads an hour", _HOUR),
    "lookups": BudgetKind("Look-up limit reached", "{limit:,} looked-up IDs an hour", _HOUR),
    "scans": BudgetKind("Scan limit reached", "{limit:,} scans an hour", _HOUR),
    "views": BudgetKind("Saved view limit reached", "{limit:,} saved views", _DAY, is_standing=True),
}
"""The budgets by their names in settings.DASHBOARD_BUDGETS."""

LIFETIME: Final = 2 * max(kind.period for kind in KINDS.values())


class BudgetSpent(Problem):
    """Nothing was done: the person has done as much of the kind as they may for now."""

    status = 429
    kind = "limit"
    is_in_connection = True

    def __init__(self, budget: Budget, amount: int) -> None:
        super().__init__(budget.kind)
        self.budget = budget
        kind, limit = KINDS[budget.kind], settings.DASHBOARD_BUDGETS[budget.kind]
        self.title = kind.title
        rule = f"Nothing was done. Your limit is {describe_limit(budget.kind)}."
        if kind.is_standing:
            self.advice = f"{rule} Delete one that you don't need any more."
            return
        left = max(limit - budget.count, 0)
        asked = f" You asked for {amount:,}, and {left:,} are left." if amount > 1 else ""
        if amount > limit:
            self.advice = f"{rule}{asked} These are too many at once, however long you wait: ask for fewer."
            return
        ends_at = find_end(budget)
        seconds = max((ends_at - timezone.now()).total_seconds(), 1)
        self.retry_after = seconds
        wait = format_age(-seconds) if seconds >= _SHORT_WAIT_SECONDS else "in a moment"
        self.advice = (
            f"{rule}{asked} You can go on {wait} ({ends_at:%H:%M} UTC). If it can't wait, ask an "
            "administrator to lift the limit."
        )


class OwnLimit(Problem):
    """An administrator's own limit: whoever took over a session must not lift it."""

    title = "Another administrator has to lift it"
    advice = "Nobody can lift their own limit. It also ends by itself."
    status = 403


def check(caller: Caller, kind: str) -> None:
    """Raise BudgetSpent if nothing of the kind is left, before work that would be for nothing."""
    limit, person = settings.DASHBOARD_BUDGETS[kind], caller.person
    if not (limit and person):
        return
    spent = _find(person, kind).exclude(_has_ended(kind)).filter(count__gte=limit).first()
    if spent is not None:
        with recorded(caller):
            raise BudgetSpent(spent, 1)


def record_act(caller: Caller, kind: str, code: str, **facts: Any) -> Event:
    """Count one act of the kind and record it as an event of this code. Raises as `spend`."""
    with _committing(caller):
        take(caller, kind)
        return audit.record(code, caller, **facts)


def spend(caller: Caller, kind: str, amount: int = 1) -> None:
    """Commit that the person does `amount` of the kind now. Raises BudgetSpent and audit.NotRecorded."""
    if settings.DASHBOARD_BUDGETS[kind]:  # else no lock of the database is waited for
        with _committing(caller):
            take(caller, kind, amount)


@contextmanager
def _committing(caller: Caller) -> Iterator[None]:
    try:
        with recorded(caller), transaction.atomic():
            yield
    except DatabaseError as broken:
        raise audit.NotRecorded(type(broken).__name__) from broken


def take(caller: Caller, kind: str, amount: int = 1) -> None:
    """Count within a transaction, so that what is rolled back is not counted. Raises BudgetSpent."""
    limit, person = settings.DASHBOARD_BUDGETS[kind], caller.person
    if limit and amount and person and not _count(person, kind, amount, limit):
        raise BudgetSpent(_find(person, kind).get(), amount)


def take_place(caller: Caller, kind: str, rows: QuerySet[Any]) -> None:
    """Find room for one more of the person's `rows` within a transaction. Raises BudgetSpent.

    Until it ends, the person's other processes wait here.
    """
    limit, person = settings.DASHBOARD_BUDGETS[kind], caller.person
    if limit and person and _count(person, kind, 0, limit) and rows.count() >= limit:
        raise BudgetSpent(_find(person, kind).get(), 1)


@contextmanager
def recorded(caller: Caller) -> Iterator[None]:
    """Record the first refusal of a period: an event for each would be a flood. Raises audit.NotRecorded.

    To stand around the transaction that is refused.
    """
    try:
        yield
    except BudgetSpent as spent:
        kind, limit = spent.budget.kind, settings.DASHBOARD_BUDGETS[spent.budget.kind]
        with transaction.atomic():
            assert caller.person  # noqa: S101 - who is refused is known
            _count(caller.person, kind, 0, limit)  # the row may have gone with the transaction
            budget = _find(caller.person, kind).select_for_update().get()
            if budget.refused_at is None:
                Budget.objects.filter(pk=budget.pk).update(refused_at=timezone.now())
                facts = {"kind": kind, "count": budget.count, "until": format_iso(find_end(budget))}
                audit.record("access.limited", caller, reason=describe_limit(kind), result=facts)
        raise


def lift(number: int, caller: Caller) -> bool:
    """Let the person of this budget begin anew; return False if it is not spent.

    Raises OwnLimit and audit.NotRecorded.
    """
    with transaction.atomic():
        budget = Budget.objects.select_for_update().filter(pk=number).first()
        if budget is None or budget not in list_spent():
            return False
        if budget.is_owned_by(caller.person):
            raise OwnLimit
        Budget.objects.filter(pk=number).update(count=0, refused_at=None)
        facts = {"kind": budget.kind, "person": budget.person, "count": budget.count}
        reason = f"{budget.person}: {describe_limit(budget.kind)}"
        audit.record("access.limit_lifted", caller, reason=reason, result=facts)
    return True


def list_spent() -> list[Budget]:
    """Return the budgets for which something was refused and that an administrator may lift."""
    limited = [name for name, limit in settings.DASHBOARD_BUDGETS.items() if limit]
    kinds = [name for name in limited if not KINDS[name].is_standing]
    refused = Budget.objects.filter(refused_at__isnull=False, kind__in=kinds).order_by("refused_at")
    now = timezone.now()
    return [one for one in refused if find_end(one) > now]


def delete_old() -> None:
    """Delete the counts of periods that ended long ago."""
    Budget.objects.filter(started_at__lt=timezone.now() - LIFETIME).delete()


def find_end(budget: Budget) -> datetime:
    """Return the moment from which on the person may go on."""
    return budget.started_at + KINDS[budget.kind].period


def describe_limit(kind: str) -> str:
    """Return what a person may do: `600 deletions of single items an hour`."""
    return KINDS[kind].rule.format(limit=settings.DASHBOARD_BUDGETS[kind])


def _find(person: Person, kind: str) -> QuerySet[Budget]:
    return Budget.objects.owned_by(person).filter(kind=kind)


def _count(person: Person, kind: str, amount: int, limit: int) -> bool:
    """Add the amount by one UPDATE and return True, or return False if that would be beyond the limit."""
    mine = _find(person, kind)
    while True:
        ended = _has_ended(kind)
        if mine.exclude(ended).filter(count__lte=limit - amount).update(count=F("count") + amount):
            return True
        fresh = {"person": person.name, "started_at": timezone.now(), "count": 0, "refused_at": None}
        if not mine.filter(ended).update(**fresh) and mine.exists():
            return False
        new = Budget(issuer=person.issuer, subject=person.subject, kind=kind, **fresh)
        Budget.objects.bulk_create([new], ignore_conflicts=True)


def _has_ended(kind: str) -> Q:
    now = timezone.now()
    return Q(started_at__lte=now - KINDS[kind].period) | Q(started_at__gt=now + _MAX_CLOCK_SKEW)
