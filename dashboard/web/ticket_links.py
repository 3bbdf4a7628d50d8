"""A ticket on its way through the pages: read from a link, carried along, linked back to, answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from dashboard.lookups.references import SeveralIds, target_of
from dashboard.models import Connection, Removal
from dashboard.oddities import visible_label
from dashboard.request import Request, path_of
from dashboard.units import length_text, size_text, utc_text
from dashboard.vault import MediaItem

from .presenters.media import STATUS_WORDS

LONGEST: Final = 100
"""Characters of a ticket."""


class UnusableLink(Exception):
    """A parameter of a link that cannot be used; `reason` is a sentence for whoever followed it."""

    def __init__(self, parameter: str, reason: str, given: str = "", *, names_several: bool = False) -> None:
        super().__init__(parameter)
        self.parameter = parameter
        self.reason = reason
        self.given = given
        self.names_several = names_several


@dataclass(frozen=True, slots=True)
class TicketLink:
    """What a link from a help desk says. `connection` is a slug, a raw connection id, or empty."""

    media_id: str
    connection: str = ""
    ticket: str = ""

    @classmethod
    def of(cls, asked: QueryDict) -> TicketLink:
        """Read from a query; raises UnusableLink."""
        media, connection = _once(asked, "media"), _once(asked, "connection")
        try:
            target = target_of(media)
        except ValueError as reason:
            several = isinstance(reason, SeveralIds)
            raise UnusableLink("media", str(reason), media, names_several=several) from None
        return cls(target.media_id, connection or target.slug, given_ticket(asked, target.ticket))

    @property
    def href(self) -> str:
        """Where the item is looked for in every connection."""
        return f"{reverse('go')}?{urlencode(self.asked)}"

    @property
    def asked(self) -> dict[str, str]:
        """The link as parameters, without its connection."""
        return {"media": self.media_id, **({"ticket": self.ticket} if self.ticket else {})}

    def item_href(self, connection: Connection) -> str:
        return with_ticket(reverse("media-item", args=[connection.slug, self.media_id]), self.ticket)


def given_ticket(asked: QueryDict, otherwise: str = "") -> str:
    """The ticket that a link brought, or ""; raises UnusableLink."""
    try:
        return ticket_of(_once(asked, "ticket") or otherwise)
    except ValueError as reason:
        raise UnusableLink("ticket", str(reason)) from None


def ticket_of(text: str) -> str:
    """`text` in one line with single spaces. Raises ValueError with a sentence where it is no ticket."""
    ticket = " ".join(text.split())
    if len(ticket) > LONGEST:
        raise ValueError(f"A ticket has at most {LONGEST} characters; this one has {len(ticket):,}.")
    if not ticket.isprintable():
        raise ValueError("The ticket has characters that cannot be seen.")
    return ticket


def _once(asked: QueryDict, name: str) -> str:
    values = {value.strip() for value in asked.getlist(name)}
    if len(values) > 1:
        raise UnusableLink(name, f"The link gives “{name}” more than once, with different values.")
    return values.pop() if values else ""


def with_ticket(href: str, ticket: str) -> str:
    return f"{href}?{urlencode({'ticket': ticket})}" if ticket else href


def lookup_href(text: str, slugs: Sequence[str] = (), ticket: str = "") -> str:
    """Return where the IDs in the text are looked up, filled in."""
    asked = {"ids": text, "connection": list(slugs), "ticket": [ticket] if ticket else []}
    return f"{reverse('lookups')}?{urlencode(asked, doseq=True)}"


def help_desk_href(ticket: str) -> str:
    """Where the help desk shows the ticket, by DASHBOARD_TICKET_URL; "" without that setting."""
    if not ticket.strip("."):  # dots alone would lead to another page of the desk
        return ""
    return str(settings.DASHBOARD_TICKET_URL).replace("{ticket}", quote(ticket, safe=""))


def own_address(request: Request, *, without: str = "") -> str:
    """The address of this page, less a parameter. A connection stands in it by its slug or not at all: as
    it was given it may be a raw id."""
    if without not in request.GET and "connection" not in request.GET:
        return request.get_full_path()
    asked = request.GET.copy()
    given = (asked.pop("connection", None) or []) and request.GET.getlist("connection")
    asked.pop(without, None)
    if slugs := [one.slug for one in request.connections if one.slug in given]:
        asked["connection"] = slugs[0]
    return f"{path_of(request)}?{asked.urlencode()}" if asked else path_of(request)


@dataclass(frozen=True, slots=True)
class TicketBar:
    """What stands above an item that a ticket led to: the ticket, and the text that answers it."""

    ticket: str
    text: str


def bar(
    request: Request, connection: Connection, media_id: str, found: MediaItem | Removal | None, ticket: str
) -> TicketBar | None:
    """The bar for what became of the item; None where no ticket led here."""
    if not ticket:
        return None
    address = request.build_absolute_uri(TicketLink(media_id, ticket=ticket).item_href(connection))
    return TicketBar(ticket, answer(connection, media_id, found, address=address, at=timezone.now()))


def answer(
    connection: Connection, media_id: str, found: MediaItem | Removal | None, *, address: str, at: datetime
) -> str:
    """What a ticket may be told of an item: no signed link, and of the connection's id the last four."""
    lines = [f"Media item {media_id}", f"Connection: {connection.label} (··{connection.tail})"]
    match found:
        case MediaItem():
            lines += _cached(found)
        case Removal():
            lines += _removed(found)
        case None:
            lines.append("Not in the cache of this connection")
    lines += [f"As of: {utc_text(at)}", address]
    return "\n".join(" ".join(line.split()) for line in lines)


def _cached(item: MediaItem) -> Iterator[str]:
    variants = item.media.values()
    seen = min((v.created_at for v in variants if v.created_at), default=None)
    used = max((v.last_accessed_at for v in variants if v.last_accessed_at), default=None)
    yield " ".join(("Type:", item.type, length_text(item.duration)))
    for label, v in item.media.items():
        size = (
            ("size not known" if v.oddity("sizeBytes") else "size not known yet")
            if v.size is None
            else size_text(v.size)
        )
        yield f"- {visible_label(label)}: {STATUS_WORDS.get(v.status, v.status) or 'state not known'}, {size}"
    yield f"First seen: {utc_text(seen) if seen else 'not known'}"
    yield f"Last access: {utc_text(used) if used else 'never'}"


def _removed(record: Removal) -> Iterator[str]:
    what = "This item" if record.verb == Removal.Verb.DELETE else "Everything of this connection"
    yield f"{what}: {record.get_state_display()}"
    yield f"By: {record.person}, {utc_text(record.sent_at)}"
    if record.freed_bytes is not None:
        yield f"Freed: {size_text(record.freed_bytes)}"
    yield f"Ticket: {record.ticket or 'none'}"
    yield f"Record: {record.pk}"
