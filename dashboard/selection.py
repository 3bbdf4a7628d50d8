"""The tray: what a person has selected for removal, by connection, with sums of what the list showed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from .identity import Person
from .models import Connection, Job, TrayItem
from .problems import Problem
from .removals.bulk import MAX_ITEMS
from .vault import MEDIA_ID

Entry: TypeAlias = tuple[str, int, int]
"""An item's id, how many variants the list showed of it, and their bytes."""

MAX_SIZE_BYTES: Final = 2**49
"""Bytes that one item counts for in the sums, at most: of a full tray they are still a number of 64 bits."""

_ROWS_PER_STATEMENT: Final = 500


class SelectionFull(Problem):
    """There would be more in the tray than one removal may have; nothing was added."""

    title = "The tray is full"
    advice = (
        f"One removal takes up to {MAX_ITEMS:,} items. Nothing was added: delete what is selected, or take "
        "some of it out, and go on then."
    )
    status = 409

    def __init__(self, items: int) -> None:
        super().__init__(str(items))
        self.items = items


class SelectionRefused(Problem):
    """A refusal of what was sent to be selected; `reasons` are sentences."""

    title = "This cannot be selected"
    status = 422
    is_in_connection = True

    def __init__(self, reasons: Iterable[str]) -> None:
        self.advice = " ".join(reasons)
        super().__init__(self.advice)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of what is selected, by what the list showed."""

    items: int = 0
    variants: int = 0
    size_bytes: int = 0


def list_items(person: Person, connection: Connection) -> QuerySet[TrayItem]:
    """Return what the person has selected in this connection, in the order in which it was selected."""
    return TrayItem.objects.owned_by(person).filter(connection=connection)


def list_ids(person: Person, connection: Connection) -> list[str]:
    """Return the ids of what the person has selected in this connection, in that order."""
    return list(list_items(person, connection).values_list("media_id", flat=True))


def find_selected(person: Person, connection: Connection, media_ids: Collection[str]) -> set[str]:
    """Return those of these few items that are selected."""
    found = list_items(person, connection).filter(media_id__in=list(media_ids))
    return set(found.order_by().values_list("media_id", flat=True))


def count_totals(person: Person, connection: Connection) -> Totals:
    """Return the sums of what the person has selected in this connection."""
    return count_all_totals(person).get(connection.pk, Totals())


def count_all_totals(person: Person) -> dict[int, Totals]:
    """Return the sums of what the person has selected, by connection key; one without any is not there."""
    mine = TrayItem.objects.owned_by(person).order_by()
    summed = mine.values_list("connection").annotate(Count("pk"), Sum("variants"), Sum("size_bytes"))
    return {key: Totals(items, variants, size_bytes) for key, items, variants, size_bytes in summed}


def add(person: Person, connection: Connection, items: Iterable[Entry], retry_of: Job | None = None) -> int:
    """Select items; return how many were not before. Job `retry_of` failed on them. Raises SelectionFull."""
    entries = {media_id: (variants, size_bytes) for media_id, variants, size_bytes in items}
    if not entries:
        return 0
    rows = [
        TrayItem(
            issuer=person.issuer,
            subject=person.subject,
            connection=connection,
            media_id=media_id,
            variants=variants,
            size_bytes=min(size_bytes, MAX_SIZE_BYTES),
            retry_of=retry_of.pk if retry_of else None,
        )
        for media_id, (variants, size_bytes) in entries.items()
    ]
    with transaction.atomic():
        _lock(connection)
        before = list_items(person, connection).count()
        TrayItem.objects.bulk_create(
            rows,
            batch_size=_ROWS_PER_STATEMENT,
            update_conflicts=True,
            unique_fields=["issuer", "subject", "connection", "media_id"],
            update_fields=["variants", "size_bytes", *(["retry_of"] if retry_of else [])],
        )
        after = list_items(person, connection).count()
        if after > MAX_ITEMS:
            raise SelectionFull(after)
    return after - before


def remove(person: Person, connection: Connection, media_ids: Sequence[str]) -> int:
    """Unselect items, and return how many of them were selected. A text that is no id was not."""
    media_ids = [media_id for media_id in media_ids if MEDIA_ID.fullmatch(media_id)]
    taken = 0
    with transaction.atomic():
        _lock(connection)
        for start in range(0, len(media_ids), _ROWS_PER_STATEMENT):
            part = media_ids[start : start + _ROWS_PER_STATEMENT]
            taken += list_items(person, connection).filter(media_id__in=part).delete()[0]
    return taken


def change(
    person: Person,
    connection: Connection,
    items: Iterable[Entry],
    out: Sequence[str],
    *,
    clears: bool = False,
) -> None:
    """Select some items and unselect others, or all, as one change or not at all. Raises SelectionFull."""
    with transaction.atomic():
        if clears:
            clear(person, connection)
        remove(person, connection, out)
        add(person, connection, items)


def clear(person: Person, connection: Connection) -> int:
    """Unselect everything, and return how many items that was."""
    with transaction.atomic():
        _lock(connection)
        return list_items(person, connection).delete()[0]


def find_retried_job(items: Iterable[TrayItem]) -> Job | None:
    """Return the job whose failures these are; the newest, where they are those of several."""
    numbers = {item.retry_of for item in items if item.retry_of}
    return Job.objects.filter(pk__in=numbers).first() if numbers else None


def _lock(connection: Connection) -> None:
    """Make changes in a connection wait for one another: two at once could pass the limit."""
    list(Connection.objects.select_for_update(no_key=True).filter(pk=connection.pk).values_list("pk"))
