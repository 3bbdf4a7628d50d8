"""What a purge was shown to take is compared with the first page, read again just before it is sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.models import Connection, Removal, RemovalState
from dashboard.removals.errors import ImpactChanged
from dashboard.removals.impact import Impact, find_last_ended
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaItem, MediaPage, UnreadableItem
from dashboard.web.presenters.usage import summarize_page
from tests import make


def page(ids: range, variants: int = 2, *, more: bool = False, status: str = "stored") -> MediaPage:
    media = {f"v{number}": make.variant(status=status) for number in range(variants)}
    items: list[MediaItem | UnreadableItem] = [make.item(str(number), **media) for number in ids]
    return MediaPage(tuple(items), "cursor" if more else None)


def impact(shown: MediaPage) -> Impact:
    return Impact.of(shown, summarize_page(shown).record(), "")


@pytest.mark.parametrize(
    ("shown", "now"),
    [
        (page(range(0)), page(range(0))),
        (page(range(60)), page(range(60))),
        (page(range(60)), page(range(66), variants=2)),  # a tenth more
        (page(range(60)), page(range(6, 60))),  # a tenth fewer
        (page(range(30)), page(range(33))),
        (page(range(60)), page(range(3, 63))),
        (page(range(1000), more=True), page(range(2000, 2100), more=True)),
        (page(range(1000)), page(range(100), more=True)),
        (page(range(20), status="removed"), page(range(0))),
    ],
)
def test_what_changed_little_is_what_was_shown(shown: MediaPage, now: MediaPage) -> None:
    impact(shown).check_page(now)


@pytest.mark.parametrize(
    ("shown", "now", "words"),
    [
        (page(range(0)), page(range(1)), r"shown: 1 new\."),  # of nothing a tenth is nothing
        (page(range(0)), page(range(100), more=True), "More is cached now"),
        (page(range(60)), page(range(67)), r"shown: 7 new\."),
        (page(range(60)), page(range(7, 60)), r"shown: 7 gone\."),
        (page(range(60)), page(range(7, 67)), r"shown: 7 new, 7 gone\."),
        (page(range(60)), page(range(100, 160)), r"shown: 60 new, 60 gone\."),
        (page(range(60)), page(range(60), variants=3), "60 variants more"),
        (page(range(60), variants=3), page(range(60), variants=2), "60 variants fewer"),
        (page(range(95)), page(range(100), more=True), "More is cached now"),
        (page(range(60), status="removed"), page(range(60)), r"shown: 60 new\."),  # cached anew
        (page(range(60)), page(range(60), status="removed"), r"shown: 60 gone\."),
        (page(range(300), more=True), page(range(1000, 1100), more=True), r"shown: 100 new, 100 gone\."),
        (page(range(1)), page(range(1, 2)), r"shown: 1 new, 1 gone\."),  # of one a tenth is nothing either
        (page(range(1)), page(range(2)), r"shown: 1 new\."),
        (page(range(9)), page(range(10)), r"shown: 1 new\."),
        (page(range(19)), page(range(2, 21)), r"shown: 2 new, 2 gone\."),
        (page(range(1), variants=2), page(range(1), variants=3), "1 variant more"),
    ],
)
def test_what_changed_by_more_is_not(shown: MediaPage, now: MediaPage, words: str) -> None:
    with pytest.raises(ImpactChanged, match=words):
        impact(shown).check_page(now)


@pytest.mark.parametrize("state", [*RemovalState.values])
def test_an_end_of_a_removal_is_one(db: None, state: str) -> None:
    here, elsewhere = make.connection("here"), make.connection("elsewhere")
    seen = impact(page(range(3)))
    make.removal(elsewhere)
    under_way = state in ("planned", "claimed", "sent")
    make.removal(here, state=state, settled_at=None if under_way else timezone.now())
    if under_way:
        seen.check_nothing_ended(here)
        return
    with pytest.raises(ImpactChanged, match="Another removal has ended"):
        seen.check_nothing_ended(here)
    seen._replace(last_ended=find_last_ended(here)).check_nothing_ended(here)


def test_a_removal_that_ends_otherwise_after_all_has_ended_anew(db: None) -> None:
    here = make.connection("here")
    record = make.removal(here, state=RemovalState.UNKNOWN, settled_at=timezone.now() - timedelta(minutes=1))
    seen = impact(page(range(3)))._replace(last_ended=find_last_ended(here))
    Removal.objects.filter(pk=record.pk).update(state=RemovalState.RECACHED, settled_at=timezone.now())
    with pytest.raises(ImpactChanged):
        seen.check_nothing_ended(here)


@pytest.mark.parametrize("behind", [{"seconds": 1}, {"minutes": 59}, {"hours": 20}])
def test_an_end_that_a_clock_behind_dates_before_the_last_is_one(db: None, behind: dict[str, float]) -> None:
    here, now = make.connection("here"), timezone.now()
    make.removal(here, settled_at=now)
    seen = impact(page(range(3)))._replace(last_ended=find_last_ended(here))
    make.removal(here, settled_at=now - timedelta(**behind))
    with pytest.raises(ImpactChanged, match="Another removal has ended"):
        seen.check_nothing_ended(here)


def test_of_removals_that_ended_at_the_same_instant_the_last_is_always_the_same(db: None) -> None:
    """Such as the items of a bulk removal that was stopped, whose rows a database lists as it likes."""
    here, now = make.connection("here"), timezone.now()
    ended = [make.removal(here, settled_at=now) for _ in range(5)]
    before = find_last_ended(here)
    for row in sorted(ended, key=lambda row: row.pk):
        row.save()
    assert before == find_last_ended(here)
    assert before.startswith(str(max(row.pk for row in ended)))


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"close": True}, {"status": 404}])
def test_what_cannot_be_read_again_is_not_purged(
    small: Connection, sandbox: Sandbox, fault: dict[str, int]
) -> None:
    sandbox.faults.add(method="GET")
    sandbox.faults.add(method="GET", times=None, **fault)
    assert make.remove(small).state == RemovalState.REFUSED
    assert make.deletes(sandbox) == []
