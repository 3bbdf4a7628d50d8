"""Tickets in addresses: read from a link, carried along, linked back to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse

from dashboard.logs import mask_ids
from dashboard.lookups.references import SeveralIds, parse_target
from dashboard.models import Connection
from dashboard.problems import Action, Problem
from dashboard.request import Request, escape_path

MAX_TICKET_LENGTH: Final = 100
"""Characters of a ticket."""

WAY_ON_TEXTS: Final = {
    "ticket": "Go on without the ticket",
    "connection": "Look in all your connections",
    "asked": "Start again",
}
"""Text of the link that goes on without a parameter that is wrong."""


class UnusableLink(Problem):
    """A parameter of a link that cannot be used; `reason` is a sentence for whoever followed it."""

    status = 422

    def __init__(self, parameter: str, reason: str, text: str = "", *, names_several: bool = False) -> None:
        super().__init__(parameter)
        self.parameter = parameter
        self.text = text
        self.names_several = names_several
        is_link = parameter in WAY_ON_TEXTS
        self.title = "This link cannot be followed" if is_link else "This does not name an item"
        self.advice = reason
        self.typed = text[:2000]


def find_way_on(request: Request, problem: UnusableLink) -> Action | None:
    """Return how a link goes on without what is wrong with it, if it can."""
    if problem.names_several:
        return Action(build_lookup_href(mask_ids(problem.text)), "Look them up together")
    text = WAY_ON_TEXTS.get(problem.parameter)
    return Action(build_own_address(request, without=problem.parameter), text) if text else None


@dataclass(frozen=True, slots=True)
class TicketLink:
    """A link from a help desk. `connection` is a slug, a raw connection id, or empty."""

    media_id: str
    connection: str = ""
    ticket: str = ""

    @classmethod
    def from_query(cls, asked: QueryDict) -> Self:
        """Read the link from a query. Raises UnusableLink."""
        media, connection = _read_single(asked, "media"), _read_single(asked, "connection")
        try:
            target = parse_target(media)
        except ValueError as reason:
            several = isinstance(reason, SeveralIds)
            raise UnusableLink("media", str(reason), media, names_several=several) from None
        return cls(target.media_id, connection or target.slug, read_ticket(asked, target.ticket))

    @property
    def href(self) -> str:
        """Return the address where the item is looked for in every connection."""
        return f"{reverse('go')}?{urlencode(self.asked)}"

    @property
    def asked(self) -> dict[str, str]:
        """Return the link as parameters, without its connection."""
        return {"media": self.media_id, **({"ticket": self.ticket} if self.ticket else {})}

    def item_href(self, connection: Connection) -> str:
        """Return the address of the item in this connection."""
        return add_ticket(reverse("media-item", args=[connection.slug, self.media_id]), self.ticket)


def read_ticket(asked: QueryDict, otherwise: str = "") -> str:
    """Return the ticket that a link brought, or "". Raises UnusableLink."""
    try:
        return clean_ticket(_read_single(asked, "ticket") or otherwise)
    except ValueError as reason:
        raise UnusableLink("ticket", str(reason)) from None


def clean_ticket(text: str) -> str:
    """Return `text` in one line with single spaces. Raises ValueError with a sentence if it is no ticket."""
    ticket = " ".join(text.split())
    if len(ticket) > MAX_TICKET_LENGTH:
        raise ValueError(
            f"A ticket has at most {MAX_TICKET_LENGTH} characters; this one has {len(ticket):,}."
        )
    if not ticket.isprintable():
        raise ValueError("The ticket has characters that cannot be seen.")
    return ticket


def _read_single(asked: QueryDict, name: str) -> str:
    values = {value.strip() for value in asked.getlist(name)}
    if len(values) > 1:
        raise UnusableLink(name, f"The link gives “{name}” more than once, with different values.")
    return values.pop() if values else ""


def add_ticket(href: str, ticket: str) -> str:
    """Return the address with the ticket, if there is one."""
    return f"{href}?{urlencode({'ticket': ticket})}" if ticket else href


def build_lookup_href(text: str, slugs: Sequence[str] = (), ticket: str = "") -> str:
    """Return where the IDs in the text are looked up, filled in."""
    asked = {"ids": text, "connection": list(slugs), "ticket": [ticket] if ticket else []}
    return f"{reverse('lookups')}?{urlencode(asked, doseq=True)}"


def build_help_desk_href(ticket: str) -> str:
    """Return the address of the ticket at the help desk, by DASHBOARD_TICKET_URL; "" without that setting."""
    if not ticket.strip("."):  # dots alone would lead to another page of the desk
        return ""
    return str(settings.DASHBOARD_TICKET_URL).replace("{ticket}", quote(ticket, safe=""))


def build_own_address(request: Request, *, without: str = "") -> str:
    """Return this page's address, less a parameter. A raw connection id never stands in it."""
    if without not in request.GET and "connection" not in request.GET:
        return request.get_full_path()
    asked = request.GET.copy()
    given = (asked.pop("connection", None) or []) and request.GET.getlist("connection")
    asked.pop(without, None)
    if slugs := [one.slug for one in request.connections if one.slug in given]:
        asked["connection"] = slugs[0]
    return f"{escape_path(request)}?{asked.urlencode()}" if asked else escape_path(request)
