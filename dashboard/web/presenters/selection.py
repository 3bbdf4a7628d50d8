"""The bar at the foot of the list, and the review before what is selected is removed."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from dashboard import selection, service
from dashboard.identity import Person, Role
from dashboard.models import Connection, Job, Removal
from dashboard.removals.bulk import MAX_ITEMS_UNTYPED
from dashboard.removals.ledger import RETRYABLE_STATES
from dashboard.selection import Entry, Totals
from dashboard.units import format_count
from dashboard.vault import MediaPage
from dashboard.web.addresses import reverse_url
from dashboard.web.ticket_links import add_ticket

from .media import BrokenRow, Row, RowBuilder
from .usage import summarize_page

MAX_ITEMS_REVIEWED: Final = 200
"""Items that the review reads and shows; each is read again before it is removed anyway."""


class OtherSelection(NamedTuple):
    """Another connection in which the person has selected something."""

    connection: Connection
    items: int
    href: str


class SelectionBar:
    """The bar: what is selected in this connection, and which of the items on the page are."""

    def __init__(
        self,
        person: Person,
        connection: Connection,
        connections: Iterable[Connection],
        ids: Collection[str] = (),
        ticket: str = "",
        *,
        has_selection: bool = True,
    ) -> None:
        """Without `has_selection` nothing is selected anywhere, and nothing is counted."""
        totals = selection.count_all_totals(person) if has_selection else {}
        self.connection = connection
        self.ticket = ticket
        self.totals = totals.get(connection.pk, Totals())
        self.chosen = (
            selection.find_selected(person, connection, ids) if self.totals.items and ids else set[str]()
        )
        self.href = build_review_href(connection, ticket)
        elsewhere = totals.keys() - {connection.pk}
        self.others = [
            OtherSelection(one, totals[one.pk].items, build_review_href(one))
            for one in (connections if elsewhere else ())
            if one.pk in elsewhere
        ]
        self.announcement = "Nothing is selected"  # for a screen reader, once it has changed
        if self.totals.items:
            variants = format_count(self.totals.variants, "variant")
            self.announcement = f"{self.totals.items:,} selected, {variants}"


def build_selection_bar(
    person: Person | None,
    connection: Connection,
    connections: Iterable[Connection],
    ids: Collection[str] = (),
    ticket: str = "",
) -> SelectionBar | None:
    """Return the bar for a person who may remove; None for all others, who select nothing."""
    if person is None or not person.may(Role.OPERATOR):
        return None
    has_selection = connection.has_selection is not False
    return SelectionBar(person, connection, connections, ids, ticket, has_selection=has_selection)


def build_review_href(connection: Connection, ticket: str = "") -> str:
    """Return the address of the review, with the ticket."""
    return add_ticket(reverse_url("selection", connection.slug), ticket)


def list_failures(job: Job) -> Iterator[Entry]:
    """Return the items of a bulk removal that may be tried again, with what they held when they were read."""
    rows = job.removals.filter(state__in=RETRYABLE_STATES).order_by("position").only("media_id", "before")
    for row in rows.iterator():
        variants = row.variants_before
        yield row.media_id, len(variants), sum(int(one["size_bytes"]) for one in variants)


@dataclass(frozen=True, slots=True)
class ReviewedItems:
    """The items that a review has shown, in their order, and which of them are left out."""

    mark: str
    gone: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    def list_leaving(self, ids: Sequence[str]) -> list[str]:
        """Return which of the selected items a press would remove."""
        out = {*self.gone, *self.held}
        return [media_id for media_id in ids if media_id not in out]


def fingerprint_ids(ids: Sequence[str]) -> str:
    """Return a short mark of exactly these items in exactly this order."""
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


class ReviewLine(NamedTuple):
    """A selected item: as it was read just now, or why it is left out."""

    media_id: str
    row: Row | BrokenRow | None
    held: Removal | None

    @property
    def is_left_out(self) -> bool:
        """Return whether a removal leaves the item out."""
        return self.held is not None or self.row is None


class Review:
    """Everything selected in one connection, the first of it read again."""

    def __init__(self, person: Person, connection: Connection, connections: Iterable[Connection]) -> None:
        self.connection = connection
        self.bar = SelectionBar(person, connection, connections)
        self.ids = selection.list_ids(person, connection)
        reviewed = self.ids[:MAX_ITEMS_REVIEWED]
        found = service.read_items(connection, reviewed) if reviewed else {}
        selected = selection.list_items(person, connection).order_by().values("media_id")
        holders = Removal.objects.filter(connection=connection, state__in=Removal.LOCKED)
        holders = holders.filter(media_id__in=selected).select_related("job")
        held = {one.media_id: one for one in holders}
        rows = dict(zip(found, RowBuilder(connection).build_rows(found.values()), strict=True))
        self.lines = [ReviewLine(media_id, rows.get(media_id), held.get(media_id)) for media_id in reviewed]
        gone = tuple(line.media_id for line in self.lines if line.row is None and line.held is None)
        self.seen = ReviewedItems(fingerprint_ids(self.ids), gone, tuple(held))
        self.left = self.seen.list_leaving(self.ids)
        going = [item for media_id, item in found.items() if media_id not in held]
        self.usage = summarize_page(MediaPage(tuple(going), None))
        self.is_cut = len(self.ids) > len(self.lines)
        self.is_typed = len(self.left) > MAX_ITEMS_UNTYPED
