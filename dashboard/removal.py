"""From a confirmed removal to a row that says what became of it.

No destructive call without a committed row, no row without an outcome, no second call on a guess: what is
not known is found out by reading.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction
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
logger = logging.getLogger(__name__)

LONGEST_CALL: Final = timedelta(seconds=120)
"""No call lasts this long (a purge has 60 s), so a row still `sent` after it lost its process."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

MAY_HAVE_TAKEN: Final = (
    State.SENT,
    State.UNKNOWN,
    State.DELETED,
    State.VERIFIED_GONE,
    State.VERIFIED_PRESENT,  # sent, and it may have taken effect after we looked
    State.RECACHED,
)
_REFUSALS: Final = (400, 401, 403)


class IntentNotRecorded(Exception):
    """The row could not be committed, so nothing was sent."""


class OutcomeNotRecorded(Exception):
    """The call was made, but what became of it could not be written: the row still says `sent`."""

    def __init__(self, removal: Removal) -> None:
        super().__init__(str(removal.pk))
        self.removal = removal


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
    """The last removal that took, or may have taken, this item: its own, else its connection's purge.

    One that found nothing took nothing, so it does not hide the one that did.
    """
    took = Removal.objects.filter(connection=connection, state__in=MAY_HAVE_TAKEN)
    return took.filter(media_id=media_id).first() or took.filter(verb=Removal.Verb.PURGE).first()


def tombstones(connection: Connection, media_ids: Iterable[str]) -> dict[str, Removal]:
    """The last removal of each of these items that had one of its own, by id."""
    took = Removal.objects.filter(
        connection=connection, media_id__in=list(media_ids), state__in=MAY_HAVE_TAKEN
    )
    return {removal.media_id: removal for removal in took.order_by("sent_at")}


def last_purge(connection: Connection) -> Removal | None:
    return Removal.objects.filter(connection=connection, verb=Removal.Verb.PURGE).first()


def settle_by_reading(removal: Removal) -> Removal:
    """Find out, by one read and no second call, what became of a removal whose outcome is unknown."""
    if removal.state != State.UNKNOWN:
        return removal
    try:
        left, is_all = _what_is_left(removal)
    except VaultError:
        return removal
    if any(_first_seen(item) <= removal.sent_at for item in left):
        return _settle(removal, State.VERIFIED_PRESENT)
    if not is_all:
        return removal  # newest come first: one page of them cannot tell what stands behind it
    return _settle(removal, State.RECACHED if left else State.VERIFIED_GONE)


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
    pressed = Removal.objects.filter(token=intent.token, connection=connection, media_id=media_id)
    record = pressed.filter(person=intent.person.name).first()
    if record is not None and _recovered(record).state == State.SENT:
        raise InFlight(record)
    return record


def _recovered(removal: Removal) -> Removal:
    """A row that its process left behind as `sent`, settled by reading; any other as it is."""
    if removal.state == State.SENT and removal.sent_at < timezone.now() - LONGEST_CALL:
        return settle_by_reading(_settle(removal, State.UNKNOWN, "The process that sent it ended."))
    return removal


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
        role=intent.person.role.word if intent.person.role else "",
        ticket=intent.ticket,
        reason=intent.reason,
        token=intent.token,
        request_id=intent.request_id,
        before=before or {},
        sent_at=timezone.now(),
    )
    same_target = Removal.objects.filter(connection=connection, media_id=media_id, state=State.SENT)
    try:
        for other in same_target:
            _recovered(other)
        with transaction.atomic(durable=True):
            removal.save(force_insert=True)
    except IntegrityError:
        if in_flight := same_target.first():
            raise InFlight(in_flight) from None
        raise IntentNotRecorded("The same press was recorded a moment ago.") from None
    except (DatabaseError, OutcomeNotRecorded) as broken:
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
        # Another 4xx (a 408, say) does not tell whether the removal had begun.
        outcome = State.REJECTED if error.status in _REFUSALS else State.UNKNOWN
        said = error.detail
    except Busy as error:
        outcome, said = State.REFUSED, _asked_to_wait(error)
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
    try:
        removal.save(update_fields=["state", "settled_at", "service_text", "freed_bytes", "purged_variants"])
    except DatabaseError as broken:
        logger.error("removal %s: outcome %s could not be written", removal.pk, state)
        raise OutcomeNotRecorded(removal) from broken
    return removal


def _asked_to_wait(error: Busy) -> str:
    wait = f"Asked to wait {error.retry_after:.0f} s. " if error.retry_after else ""
    return f"{wait}{error.detail}"


def _what_is_left(removal: Removal) -> tuple[list[MediaItem | UnreadableItem], bool]:
    """What is still cached of the target, and whether that is all there is to see."""
    if removal.verb == Removal.Verb.PURGE:
        page = service.first_look(removal.connection)
        return [item for item in page.items if not _is_removed(item)], page.next_cursor is None
    item = service.find_item(removal.connection, removal.media_id)
    return [item] if item and not _is_removed(item) else [], True


def _is_removed(item: MediaItem | UnreadableItem) -> bool:
    """True for an item the service still lists, every variant of it as removed."""
    variants = item.media.values() if isinstance(item, MediaItem) else ()
    return bool(variants) and all(variant.status == "removed" for variant in variants)


def _first_seen(item: MediaItem | UnreadableItem) -> datetime:
    """Long ago where it cannot be told: what is there is not called new on a guess."""
    variants = item.media.values() if isinstance(item, MediaItem) else ()
    return min((v.created_at for v in variants), default=_LONG_AGO)
