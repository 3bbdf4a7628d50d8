"""A confirmed removal: no call without a committed row, no row without an outcome, and no second call."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db.models import Q

from dashboard import budgets, service
from dashboard.identity import Caller
from dashboard.models import Connection, Removal, RemovalState
from dashboard.units import format_iso
from dashboard.vault import (
    DeleteResult,
    MediaItem,
    Oddity,
    PurgeResult,
    Unreachable,
    UnreadableItem,
    VaultError,
)

from . import just_ended, ledger, recovery
from .errors import (
    ImpactChanged,
    IntentNotRecorded,
    OutcomeNotRecorded,
    RefusalNotRecorded,
    RemovalEnded,
    RemovalInFlight,
)
from .impact import Impact
from .ledger import Intent
from .outcomes import Outcome, attempt_call, classify_error

MAY_HAVE_TAKEN: Final = (
    RemovalState.SENT,
    RemovalState.UNKNOWN,
    RemovalState.UNRESOLVED,
    RemovalState.DELETED,
    RemovalState.VERIFIED_GONE,
    RemovalState.VERIFIED_PRESENT,  # sent, and it may have taken effect after we looked
    RemovalState.RECACHED,
)


def delete_item(connection: Connection, media_id: str, intent: Intent) -> Removal:
    """Delete an item and return the settled record; where somebody has just deleted it, that is theirs.

    Raises VaultError, RemovalInFlight, IntentNotRecorded and budgets.BudgetSpent.
    """
    if again := _find_same_request(connection, media_id, intent):
        return again
    try:
        just_ended.check(connection, media_id, intent)
        return _delete_item(connection, media_id, intent)
    except RemovalEnded as ended:
        return ended.other


def _delete_item(connection: Connection, media_id: str, intent: Intent) -> Removal:
    budgets.check(intent.caller, "deletions")
    item = service.find_item_to_remove(connection, media_id)
    settled = _settle_in_flight(connection, media_id)
    sent = ledger.find_in_flight(connection, media_id).filter(state=RemovalState.SENT)
    if item is None and (other := sent.first()):  # it is gone by that call, which is not over
        raise RemovalInFlight(other)
    removal = ledger.open_row(
        connection,
        intent,
        verb=Removal.Verb.DELETE,
        media_id=media_id,
        before=take_snapshot(item) if item else {},
        state=RemovalState.SENT if item else RemovalState.ALREADY_GONE,
        check=lambda: just_ended.check(connection, media_id, intent, settled),
    )
    if item is None:
        return removal
    return _carry_out(
        removal, intent, lambda: service.get_client().delete(connection.connection_id, media_id)
    )


def purge(connection: Connection, intent: Intent, impact: Impact) -> Removal:
    """Remove all of the connection and return the settled record, which has what was shown.

    Raises RemovalInFlight, IntentNotRecorded, and ImpactChanged where a removal has ended since `impact` was
    shown or where the first page, read again once the intent stands, is another one.
    """
    if again := _find_same_request(connection, "", intent):
        return again
    connection_id = connection.connection_id
    _settle_in_flight(connection, "")
    removal = ledger.open_row(
        connection,
        intent,
        verb=Removal.Verb.PURGE,
        before=impact.shown,
        check=lambda: impact.check_nothing_ended(connection),
    )
    return _carry_out(
        removal,
        intent,
        lambda: service.get_client().purge(connection_id),
        check=lambda: impact.check_page(service.read_first_page(connection)),
    )


def find_tombstone(connection: Connection, media_id: str) -> Removal | None:
    """Return the last removal that took, or may have taken, this item: its own, or else a purge."""
    took = Removal.objects.filter(connection=connection, state__in=MAY_HAVE_TAKEN)
    return took.filter(media_id=media_id).first() or took.filter(verb=Removal.Verb.PURGE).first()


def find_tombstones(connection: Connection, media_ids: Iterable[str]) -> dict[str, Removal]:
    """Return the last removal of each of these items that had one of its own, by id."""
    took = Removal.objects.filter(
        connection=connection, media_id__in=list(media_ids), state__in=MAY_HAVE_TAKEN
    )
    return {removal.media_id: removal for removal in took.order_by("sent_at")}


def find_traces(connections: Iterable[Connection], media_id: str) -> list[Removal]:
    """Return the tombstones of this item in these connections, newest first, by one query."""
    took = Removal.objects.filter(
        Q(media_id=media_id) | Q(verb=Removal.Verb.PURGE),
        connection__in=list(connections),
        state__in=MAY_HAVE_TAKEN,
    )
    # A purge is called up first, so that the item's own removal takes its place.
    by_connection = {one.connection_id: one for one in took.order_by("-verb", "sent_at")}
    return sorted(by_connection.values(), key=lambda one: one.sent_at, reverse=True)


def find_last_purge(connection: Connection) -> Removal | None:
    """Return the newest purge of the connection, or None."""
    return Removal.objects.filter(connection=connection, verb=Removal.Verb.PURGE).first()


def take_snapshot(item: MediaItem | UnreadableItem) -> dict[str, object]:
    """Return the item as the record keeps it: everything but its links, with its oddities."""
    if isinstance(item, UnreadableItem):
        return {"unreadable": item.reason}
    return {
        "type": item.type,
        "duration": item.duration,
        "variants": [
            {
                "label": label,
                "status": v.status,
                "content_type": v.content_type,
                "size_bytes": v.size_bytes,
                "access_count": v.access_count,
                "created_at": format_iso(v.created_at) if v.created_at else None,
                "stored_at": format_iso(v.stored_at) if v.stored_at else None,
                "last_accessed_at": format_iso(v.last_accessed_at) if v.last_accessed_at else None,
                **_describe_oddities(v.oddities),
            }
            for label, v in item.media.items()
        ],
        **_describe_oddities(item.oddities),
    }


def _describe_oddities(oddities: Iterable[Oddity]) -> dict[str, list[str]]:
    return {"odd": texts} if (texts := [odd.text for odd in oddities]) else {}


def _find_same_request(connection: Connection, media_id: str, intent: Intent) -> Removal | None:
    """Return the record that this very request has made already. Raise InFlight while its answer is out."""
    person = intent.caller.person
    same = {"token": intent.token, "connection": connection, "media_id": media_id}
    record = Removal.objects.owned_by(person).filter(**same).first() if person else None
    if record is not None and recovery.recover(record).state == RemovalState.SENT:
        raise RemovalInFlight(record)
    return record


def _settle_in_flight(connection: Connection, media_id: str) -> list[UUID]:
    """Find out what became of earlier removals that stand in the way of one of this target; return them."""
    settled = []
    for other in ledger.find_in_flight(connection, media_id).select_related("connection"):
        settled.append(other.pk)
        try:
            recovery.reconcile(recovery.recover(other))
        except OutcomeNotRecorded as broken:
            raise IntentNotRecorded("An earlier removal could not be settled.") from broken
    return settled


def _carry_out(
    removal: Removal,
    intent: Intent,
    call: Callable[[], DeleteResult | PurgeResult],
    check: Callable[[], object] = bool,
) -> Removal:
    outcome = Outcome(RemovalState.UNKNOWN)
    try:
        check()
        if not ledger.may_send(removal):
            raise Unreachable("To write the record took too long.")
        outcome = attempt_call(call, removal.before)
    except VaultError as error:  # from before the call, whose own are its outcome
        outcome = replace(classify_error(error), state=RemovalState.REFUSED)
    except ImpactChanged as changed:
        outcome = Outcome(RemovalState.REFUSED, str(changed), result={"status": None, "error": str(changed)})
        raise
    finally:
        # Also when something that nobody foresaw is on its way up: then it stays `unknown`.
        write_down(removal, outcome, intent.caller)
    try:
        return recovery.reconcile(removal, intent.caller)
    except OutcomeNotRecorded:  # it stands as unknown in the record, and is looked at again
        removal.state = RemovalState.UNKNOWN
        return removal


def write_down(removal: Removal, outcome: Outcome, caller: Caller) -> None:
    """Move the row to the outcome of its call. Raise OutcomeNotRecorded."""
    said = outcome.said[:300]
    try:
        ledger.move(
            removal, outcome.state, caller, result=outcome.result, service_text=said, **outcome.fields
        )
    except OutcomeNotRecorded as broken:
        if outcome.state == RemovalState.REFUSED:
            raise RefusalNotRecorded(removal) from broken
        raise
