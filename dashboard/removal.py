"""From a confirmed removal to a row that says what became of it.

No destructive call without a committed row, no row without an outcome, no second call on a guess: what is
not known is found out by reading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from . import service
from .access import Person
from .models import Connection, Removal
from .units import iso_text
from .vault import (
    BadRequest,
    Busy,
    DeleteResult,
    KeyRefused,
    MediaItem,
    MediaPage,
    NotCached,
    PurgeResult,
    Unreachable,
    UnreadableItem,
    VaultError,
)

State = Removal.State

LONGEST_CALL: Final = timedelta(seconds=120)
"""No call lasts this long (a purge has 60 s), so a row still `sent` after it lost its process."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

MAY_BE_GONE: Final = (State.DELETED, State.ALREADY_GONE, State.VERIFIED_GONE, State.UNKNOWN, State.SENT)


class IntentNotRecorded(Exception):
    """The row could not be committed, so nothing was sent."""


class InFlight(Exception):
    """Another removal of the same target is under way; it is named, and nothing was sent."""

    def __init__(self, other: Removal) -> None:
        super().__init__(str(other.pk))
        self.other = other


@dataclass(frozen=True, slots=True)
class Intent:
    """Who removes, and what they said of it. `token` makes one press of a button one removal."""

    person: Person
    ticket: str
    reason: str
    token: UUID
    request_id: str


def delete_item(connection: Connection, media_id: str, intent: Intent) -> Removal:
    """Delete an item with all its variants and return the settled record of it.

    Raises VaultError when the item could not be read first (then nothing was sent), InFlight and
    IntentNotRecorded. An item that is gone already is recorded as that, without a call.
    """
    if again := _same_press(connection, media_id, intent):
        return again
    item = service.find_item(connection, media_id)
    removal = _record_intent(
        connection, intent, verb=Removal.Verb.DELETE, media_id=media_id, before=snapshot(item) if item else {}
    )
    if item is None:
        return _settle(removal, State.ALREADY_GONE)
    return _carry_out(removal, lambda: service.vault().delete(connection.connection_id, media_id))


def purge(connection: Connection, intent: Intent) -> Removal:
    """Remove all that is cached for the connection and return the settled record; raises as delete_item."""
    if again := _same_press(connection, "", intent):
        return again
    seen = estimate(service.first_look(connection))
    removal = _record_intent(connection, intent, verb=Removal.Verb.PURGE, before=seen)
    return _carry_out(removal, lambda: service.vault().purge(connection.connection_id))


def tombstone(connection: Connection, media_id: str) -> Removal | None:
    """The last removal that took, or may have taken, this item away, alone or with its whole connection."""
    of_item = Q(media_id=media_id) | Q(verb=Removal.Verb.PURGE)
    return Removal.objects.filter(of_item, connection=connection, state__in=MAY_BE_GONE).first()


def last_purge(connection: Connection) -> Removal | None:
    return Removal.objects.filter(connection=connection, verb=Removal.Verb.PURGE).first()


def settle_by_reading(removal: Removal) -> Removal:
    """Find out, by one read and no second call, what became of a removal whose outcome is unknown."""
    if removal.state != State.UNKNOWN:
        return removal
    try:
        left = _what_is_left(removal)
    except VaultError:
        return removal
    if not left:
        return _settle(removal, State.VERIFIED_GONE)
    if all(_first_seen(item) > removal.sent_at for item in left):
        return _settle(removal, State.RECACHED)
    return _settle(removal, State.VERIFIED_PRESENT)


def snapshot(item: MediaItem) -> dict[str, object]:
    """What the record keeps of the item as it was: everything but its links."""
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
                "created_at": iso_text(v.created_at),
                "stored_at": iso_text(v.stored_at) if v.stored_at else None,
                "last_accessed_at": iso_text(v.last_accessed_at) if v.last_accessed_at else None,
            }
            for label, v in item.media.items()
        ],
    }


def estimate(page: MediaPage) -> dict[str, object]:
    """What the record keeps of a connection before its purge: a first look, and whether there was more."""
    variants = [v for item in page.readable for v in item.media.values()]
    return {
        "items_seen": len(page.items),
        "variants_seen": len(variants),
        "size_bytes": sum(v.size_bytes for v in variants),
        "at_least": page.next_cursor is not None,
    }


def _same_press(connection: Connection, media_id: str, intent: Intent) -> Removal | None:
    """The record that this very press has made already; raises InFlight while its answer is out."""
    record = Removal.objects.filter(token=intent.token, connection=connection, media_id=media_id).first()
    if record is not None and record.state == State.SENT:
        raise InFlight(record)
    return record


def _record_intent(
    connection: Connection,
    intent: Intent,
    *,
    verb: Removal.Verb,
    media_id: str = "",
    before: dict[str, object] | None = None,
) -> Removal:
    """Commit the row that must stand before anything is sent."""
    removal = Removal(
        verb=verb,
        connection=connection,
        connection_label=connection.label,
        media_id=media_id,
        person=intent.person.name,
        role=intent.person.role.word,
        ticket=intent.ticket,
        reason=intent.reason,
        token=intent.token,
        request_id=intent.request_id,
        before=before or {},
        sent_at=timezone.now(),
    )
    same_target = Removal.objects.filter(connection=connection, media_id=media_id, state=State.SENT)
    try:
        for lost in same_target.filter(sent_at__lt=removal.sent_at - LONGEST_CALL):
            settle_by_reading(_settle(lost, State.UNKNOWN, "The process that sent it ended."))
        with transaction.atomic(durable=True):
            removal.save(force_insert=True)
    except IntegrityError:
        other = Removal.objects.filter(token=intent.token).first() or same_target.first()
        if other is None:
            raise IntentNotRecorded("The record changed while it was written.") from None
        raise InFlight(other) from None
    except DatabaseError as broken:
        raise IntentNotRecorded(type(broken).__name__) from broken
    return removal


def _carry_out(removal: Removal, call: Callable[[], DeleteResult | PurgeResult]) -> Removal:
    """Make the one call and write down what became of it, whatever that is."""
    outcome, said = State.UNKNOWN, ""
    try:
        result = call()
    except NotCached as error:
        outcome, said = State.ALREADY_GONE, error.detail
    except (KeyRefused, BadRequest) as error:
        outcome, said = State.REJECTED, error.detail
    except Busy as error:
        outcome, said = (State.REFUSED if error.status is None else State.REJECTED), error.detail
    except Unreachable as error:
        outcome, said = State.REFUSED, error.detail
    except VaultError as error:
        said = error.detail
    else:
        outcome = State.DELETED if result.success else State.NOT_REMOVED
        removal.freed_bytes = result.freed_bytes
        if isinstance(result, PurgeResult):
            removal.purged_variants = result.purged_count
    finally:
        # Also when something that nobody foresaw is on its way up: then it stays `unknown`.
        _settle(removal, outcome, said)
    return settle_by_reading(removal)


def _settle(removal: Removal, state: State, said: str = "") -> Removal:
    removal.state = state
    removal.settled_at = timezone.now()
    removal.service_text = said[:300] or removal.service_text
    removal.save()
    return removal


def _what_is_left(removal: Removal) -> list[MediaItem | UnreadableItem]:
    if removal.verb == Removal.Verb.PURGE:
        return list(service.first_look(removal.connection).items)
    item = service.find_item(removal.connection, removal.media_id)
    return [item] if item else []


def _first_seen(item: MediaItem | UnreadableItem) -> datetime:
    """Long ago where it cannot be told: what is there is not called new on a guess."""
    variants = item.media.values() if isinstance(item, MediaItem) else ()
    return min((v.created_at for v in variants), default=_LONG_AGO)
