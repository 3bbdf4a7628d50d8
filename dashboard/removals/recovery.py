"""Find out what became of removals whose answer was lost: by reading again, never by a second call."""

import logging
import threading
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError, close_old_connections
from django.db import connection as database

from dashboard import schema, service
from dashboard.encryption import DecryptionError
from dashboard.identity import Caller, Person
from dashboard.models import Removal, RemovalState
from dashboard.outages import outages
from dashboard.vault import CHECK_TIMEOUTS, MediaItem, MediaQuery, UnreadableItem, VaultError

from . import errors, ledger

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_MAX_PAGES: Final = 5
"""Pages of removed items read at most on the way to one that is still there."""

RECONCILER: Final = Caller(
    Person("Vault+ dashboard", "", None, issuer="dashboard", subject="keeper", mode="keeper")
)
"""The caller of checks that no person asked for. Its events name it so, whatever it is called here."""


def reconcile(removal: Removal, caller: Caller = RECONCILER) -> Removal:
    """Find out, by reading, what became of a removal, or leave it unknown. Raise OutcomeNotRecorded."""
    if removal.state in (RemovalState.UNKNOWN, RemovalState.UNRESOLVED):
        _check(removal, caller)
    return removal


def _check(removal: Removal, caller: Caller) -> bool:
    """Read once, and write down what that tells. Return False if no call was made."""
    try:
        state = _read_state(removal)
    except (VaultError, DecryptionError) as error:
        logger.info("removal %s: could not be looked at: %s", removal.pk, type(error).__name__)
        return not (isinstance(error, VaultError) and error.is_withheld)
    if state is not None:
        try:
            ledger.move(removal, state, caller, result={"found_by": "reading", "looks": removal.looks + 1})
        except errors.OutcomeNotRecorded as broken:
            raise errors.FindingNotRecorded(removal) from broken
    return True


def recover(removal: Removal, caller: Caller = RECONCILER) -> Removal:
    """Make a row that its process left as `sent` unknown, and reconcile it; return any other as it is."""
    if ledger.is_lost(removal):
        said = "The process that sent it ended."
        ledger.move(removal, RemovalState.UNKNOWN, caller, result={"error": said}, service_text=said)
        reconcile(removal, caller)
    return removal


def reconcile_due() -> int:
    """Check everything that is due once, and return the number of rows."""
    rows = list(ledger.find_due().select_related("connection")[:100])
    for removal in rows:
        try:
            if removal.state == RemovalState.SENT:
                recover(removal)
            elif service.get_client().may_send() and ledger.claim_check(removal):
                _check_again(removal)
        except (errors.OutcomeNotRecorded, DatabaseError) as broken:
            logger.error("removal %s could not be settled: %s", removal.pk, type(broken).__name__)
    return len(rows)


def run_reconciler(stop: threading.Event) -> None:
    """Check what is due until `stop` is set. Wait while the database does not answer or lacks migrations."""
    schema.wait_until_migrated(stop, "The keeper")
    while not stop.wait(POLL_SECONDS):
        try:
            close_old_connections()
            reconcile_due()
        except Exception as error:
            outages.log_failure(error, "the keeper's round failed")
    database.close()


def start_reconciler(stop: threading.Event | None = None) -> threading.Event:
    """Start the reconciler's thread in this process, and return the event that stops it."""
    stop = stop or threading.Event()
    threading.Thread(target=run_reconciler, args=(stop,), name="keeper", daemon=True).start()
    return stop


def _check_again(removal: Removal) -> None:
    if not _check(removal, RECONCILER):
        ledger.return_check(removal)
        return
    if removal.state == RemovalState.UNKNOWN and removal.looks >= len(ledger.CHECK_PAUSES):
        said = {"error": "Reading could not tell, either.", "looks": removal.looks}
        ledger.move(removal, RemovalState.UNRESOLVED, RECONCILER, result=said)


def _read_state(removal: Removal) -> RemovalState | None:
    if removal.verb == Removal.Verb.PURGE:
        return _read_state_after_purge(removal)
    item = service.find_item(removal.connection, removal.media_id, CHECK_TIMEOUTS)
    if item is None or is_removed(item):
        return RemovalState.VERIFIED_GONE
    return RemovalState.VERIFIED_PRESENT if _was_there(item, removal) else RemovalState.RECACHED


def _read_state_after_purge(removal: Removal) -> RemovalState | None:
    """Return the state that reading gives after a purge, or None. What was cached since does not count."""
    # Exact however large the connection is: its first page alone could not tell.
    query = MediaQuery(created_at_to=removal.sent_at, limit=100)
    for _ in range(_MAX_PAGES):
        page = service.list_media(removal.connection, query, CHECK_TIMEOUTS)
        if any(_was_there(item, removal) for item in page.items if not is_removed(item)):
            return RemovalState.VERIFIED_PRESENT
        if page.next_cursor is None:
            break
        query = query.replace(cursor=page.next_cursor)
    else:
        return None
    now = service.list_media(removal.connection, MediaQuery(limit=100), CHECK_TIMEOUTS)
    left = [item for item in now.items if not is_removed(item)]
    if any(_was_there(item, removal) for item in left):
        return RemovalState.VERIFIED_PRESENT
    if left:
        return RemovalState.RECACHED
    return RemovalState.VERIFIED_GONE if now.next_cursor is None else None


def is_removed(item: MediaItem | UnreadableItem) -> bool:
    """Return True for an item that the service still lists, with every variant as removed."""
    variants = item.media.values() if isinstance(item, MediaItem) else ()
    return bool(variants) and all(variant.status == "removed" for variant in variants)


def _was_there(item: MediaItem | UnreadableItem, removal: Removal) -> bool:
    """Return True unless every variant was first seen after the call: an item is not called new on a guess.

    A variant that the record saw is old whatever a clock says, and so is one whose time cannot be read.
    """
    variants = item.media.values() if isinstance(item, MediaItem) else ()
    first_seen = min((v.created_at or _LONG_AGO for v in variants), default=_LONG_AGO)
    return first_seen <= removal.sent_at or first_seen <= _newest_before(removal.before)


def _newest_before(before: dict[str, Any]) -> datetime:
    seen = [v["created_at"] or "" for v in before.get("variants", [])]
    newest = max([*seen, before.get("newest") or ""], default="")
    return datetime.fromisoformat(newest) if newest else _LONG_AGO
