"""The bar of a ticket above an item's page, and the text that answers the ticket."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from dashboard.models import Connection, Removal
from dashboard.oddities import make_label_visible
from dashboard.request import Request
from dashboard.units import format_length, format_size, format_utc
from dashboard.vault import MediaItem
from dashboard.web.ticket_links import TicketLink

from .media import STATUS_WORDS


class TicketBar(NamedTuple):
    """The bar above an item that a ticket led to: the ticket, and the text that answers it."""

    ticket: str
    text: str


def build_ticket_bar(
    request: Request, connection: Connection, media_id: str, found: MediaItem | Removal | None, ticket: str
) -> TicketBar | None:
    """Return the bar for the item or its removal, or None where no ticket led here."""
    if not ticket:
        return None
    address = request.build_absolute_uri(TicketLink(media_id, ticket=ticket).item_href(connection))
    return TicketBar(ticket, write_answer(connection, media_id, found, address=address, at=timezone.now()))


def write_answer(
    connection: Connection, media_id: str, found: MediaItem | Removal | None, *, address: str, at: datetime
) -> str:
    """Return what a ticket may be told of an item: no signed link, and little of the connection's id."""
    lines = [f"Media item {media_id}", f"Connection: {connection.label} (··{connection.tail})"]
    match found:
        case MediaItem():
            lines += _describe_cached(found)
        case Removal():
            lines += _describe_removed(found)
        case None:
            lines.append("Not in the cache of this connection")
    lines += [f"As of: {format_utc(at)}", address]
    return "\n".join(" ".join(line.split()) for line in lines)


def _describe_cached(item: MediaItem) -> Iterator[str]:
    variants = item.media.values()
    seen = min((v.created_at for v in variants if v.created_at), default=None)
    used = max((v.last_accessed_at for v in variants if v.last_accessed_at), default=None)
    yield " ".join(("Type:", item.type, format_length(item.duration)))
    for label, v in item.media.items():
        size = (
            ("size not known" if v.find_oddity("sizeBytes") else "size not known yet")
            if v.size is None
            else format_size(v.size)
        )
        state = STATUS_WORDS.get(v.status, v.status) or "state not known"
        yield f"- {make_label_visible(label)}: {state}, {size}"
    yield f"First seen: {format_utc(seen) if seen else 'not known'}"
    yield f"Last access: {format_utc(used) if used else 'never'}"


def _describe_removed(record: Removal) -> Iterator[str]:
    what = "This item" if record.verb == Removal.Verb.DELETE else "Everything of this connection"
    yield f"{what}: {record.get_state_display()}"
    yield f"By: {record.person}, {format_utc(record.sent_at)}"
    if record.freed_bytes is not None:
        yield f"Freed: {format_size(record.freed_bytes)}"
    yield f"Ticket: {record.ticket or 'none'}"
    yield f"Record: {record.pk}"
