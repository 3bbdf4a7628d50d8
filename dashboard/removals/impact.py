"""What a purge was shown to take: good while no removal ends, and what is cached stays much the same."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Self

from dashboard.models import Connection, Removal
from dashboard.units import format_count
from dashboard.vault import MAX_ITEMS_PER_PAGE, MediaItem, MediaPage

from .errors import ImpactChanged
from .recovery import is_removed

MAX_CHANGE_PERCENT: Final = 10
"""How many items or variants of the first page may be other ones, in percent of all that was shown."""

MAX_CLOCK_STEP: Final = timedelta(days=1)
"""How far two clocks may differ for an end of a removal to be noticed all the same."""


class Impact(NamedTuple):
    """What was shown: `shown` as the record keeps it, the last removal before that, and the first page.

    An empty `last_ended` is none. `variants` are those of the items in `digests`, without what was removed;
    `is_whole` is True if that page was everything.
    """

    shown: dict[str, Any]
    last_ended: str
    digests: list[str]
    variants: int
    is_whole: bool

    @classmethod
    def of(cls, page: MediaPage, shown: Mapping[str, Any], last_ended: str) -> Self:
        """Return the impact of what was read as `page`, which may be several, once `last_ended` was known."""
        digests, variants = _summarize(page)
        is_whole = page.next_cursor is None and len(page.items) <= MAX_ITEMS_PER_PAGE
        return cls(dict(shown), last_ended, sorted(digests), variants, is_whole)

    def check_nothing_ended(self, connection: Connection) -> None:
        """Raise ImpactChanged if a removal in the connection has ended since."""
        if find_last_ended(connection) != self.last_ended:
            raise ImpactChanged("Another removal has ended since this was shown.")

    def check_page(self, page: MediaPage) -> None:
        """Raise ImpactChanged if the first page as it is now differs by more than it may."""
        now, variants = _summarize(page)
        new, gone = len(now.difference(self.digests)), len(set(self.digests) - now)
        grown = variants - self.variants
        if self.is_whole and page.next_cursor is not None:
            raise ImpactChanged("More is cached now than was shown.")
        if max(new, gone) > self._count_allowed("items_seen"):
            counts = ", ".join(f"{count:,} {word}" for word, count in (("new", new), ("gone", gone)) if count)
            raise ImpactChanged(f"The items have changed since this was shown: {counts}.")
        if abs(grown) > self._count_allowed("variants_seen"):
            count = format_count(abs(grown), "variant")
            raise ImpactChanged(f"{count} {'more' if grown > 0 else 'fewer'} cached than were shown.")

    def _count_allowed(self, name: str) -> int:
        return int(self.shown.get(name, 0)) * MAX_CHANGE_PERCENT // 100


def find_last_ended(connection: Connection) -> str:
    """Return a name for the last end of a removal in the connection; "" if there was none.

    It has the number of recent ends, too: a clock that is behind may date one before the last.
    """
    ended = Removal.objects.filter(connection=connection, settled_at__isnull=False)
    last = ended.order_by("-settled_at", "-pk").only("settled_at").first()
    if last is None or last.settled_at is None:
        return ""
    recent = ended.filter(settled_at__gt=last.settled_at - MAX_CLOCK_STEP).count()
    return f"{last.pk} {last.settled_at} {recent}"


def _summarize(page: MediaPage) -> tuple[set[str], int]:
    """Return digests of the first page's items, and the number of variants that they have."""
    there = [item for item in page.items[:MAX_ITEMS_PER_PAGE] if not is_removed(item)]
    digests = {blake2b(str(item.id).encode(), digest_size=4).hexdigest() for item in there}
    media = [item.media.values() for item in there if isinstance(item, MediaItem)]
    return digests, sum(variant.status != "removed" for variants in media for variant in variants)
