"""The rows of connections and accounts beside their signatures, and connections beside their events."""

import json
from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction

from dashboard.encryption import DecryptionError, RowChanged
from dashboard.logs import mask_ids
from dashboard.models import Account, Connection, Event

from .record import lock_end_of_chain

_ARCHIVED: Final = {"connection.archived": True, "connection.restored": False, "connection.added": False}


def find_changed_row() -> tuple[str, str] | None:
    """Return the first connection or account that is not as the dashboard wrote it, and why; or None."""
    with transaction.atomic():
        lock_end_of_chain()  # or a change could come between the rows and the events that are read
        found = next(_compare_connections(), None)
    return found or next(_check_accounts(), None)


def _compare_connections() -> Iterator[tuple[str, str]]:
    told = _read_states()
    oldest = Event.objects.order_by("sequence").first()
    for connection in Connection.objects.all():
        state = told.pop(connection.slug, None)
        if state is None and oldest and connection.created_at >= oldest.at:
            yield f"connection {connection.slug}", "is there, and no event added it"
        elif wrong := _find_fault(connection, state or {}):
            yield f"connection {connection.slug}", wrong
    for slug in told:
        yield f"connection {slug}", "is gone, or has another name in links, but its events are there"


def _read_states() -> dict[str, dict[str, Any]]:
    """Return how each connection stands after its last event, by slug, as far as kept events tell."""
    states: dict[str, dict[str, Any]] = {}
    for event in Event.objects.filter(verb="connection").order_by("sequence").iterator():
        facts = json.loads(event.line)
        state = states.setdefault(event.connection, {})
        state |= {name: value for name, value in facts["result"].items() if name != "sealed"}
        state["signature"] = facts.get("row", {}).get("signature")
        if event.code in _ARCHIVED:
            state["archived"] = _ARCHIVED[event.code]
    return states


def _find_fault(connection: Connection, told: dict[str, Any]) -> str | None:
    there = {
        **{name: getattr(connection, name) for name in ("label", "colour", "groups")},
        "archived": connection.archived_at is not None,
    }
    for name, value in there.items():
        if told.get(name, value) != mask_ids(value):
            return f"has another {name} than its events"
    if wrong := _find_signature_fault(connection):
        return wrong
    if (told.get("signature") or connection.signature) != connection.signature:
        return "is not as its last event left it: an older row was put back"
    return None


def _find_signature_fault(row: Connection | Account) -> str | None:
    try:
        row.check_signature()
        if isinstance(row, Connection):
            _ = row.connection_id
    except RowChanged:
        return "was changed outside the dashboard"
    except DecryptionError:
        return "was signed by a key that is not among DASHBOARD_DATA_KEYS"
    return None


def _check_accounts() -> Iterator[tuple[str, str]]:
    for account in Account.objects.order_by("pk").iterator(chunk_size=2000):
        if wrong := _find_signature_fault(account):
            yield f"account {account.pk}", wrong
