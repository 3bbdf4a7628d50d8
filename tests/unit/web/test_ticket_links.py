"""Tickets: what a link may bring, where it leads back, and the text that answers it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from dashboard.models import Connection, Removal
from dashboard.web.jinja import render_ticket_link
from dashboard.web.presenters.ticket import write_answer
from dashboard.web.ticket_links import TicketLink, UnusableLink, build_help_desk_href, clean_ticket
from tests.make import item, removal, variant

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ADDRESS = "https://vault.example.com/c/studio-a/media/449/?ticket=ZD-1"
DESK = "https://desk.example.com/tickets/{ticket}/view"


def studio(label: str = "Studio A") -> Connection:
    one = Connection(slug="studio-a", label=label)
    one.set_connection_id("conn_canary_0000000000n09t")
    return one


@given(st.text(max_size=300))
def test_a_ticket_is_one_visible_line_or_refused(text: str) -> None:
    visible = " ".join(text.split())
    if visible.isprintable() and len(visible) <= 100:
        assert clean_ticket(text) == visible
    else:
        with pytest.raises(ValueError, match=r"\.$"):
            clean_ticket(text)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_link_is_read_or_refused(media: str, connection: str, ticket: str) -> None:
    asked = QueryDict(mutable=True)
    asked.update({"media": media, "connection": connection, "ticket": ticket})
    try:
        link = TicketLink.from_query(asked)
    except UnusableLink:
        return
    again = TicketLink.from_query(QueryDict(link.href.partition("?")[2]))
    assert (again.media_id, again.ticket) == (link.media_id, link.ticket)


@override_settings(DASHBOARD_TICKET_URL=DESK)
def test_a_ticket_leads_back_to_the_desk() -> None:
    assert build_help_desk_href("ZD-123") == "https://desk.example.com/tickets/ZD-123/view"
    assert build_help_desk_href("a/../b?c#d&e {ticket}") == (
        "https://desk.example.com/tickets/a%2F..%2Fb%3Fc%23d%26e%20%7Bticket%7D/view"
    )
    assert render_ticket_link("<b>").startswith('<a href="https://desk.example.com/tickets/%3Cb%3E/view"')
    assert "&lt;b&gt;" in render_ticket_link("<b>")


@override_settings(DASHBOARD_TICKET_URL=DESK)
@pytest.mark.parametrize("ticket", ["", ".", ".."])
def test_what_is_no_ticket_leads_nowhere(ticket: str) -> None:
    assert build_help_desk_href(ticket) == ""
    assert render_ticket_link(ticket) == ticket


@override_settings(DASHBOARD_TICKET_URL="")
def test_without_a_desk_a_ticket_is_text() -> None:
    assert build_help_desk_href("ZD-1") == ""
    assert render_ticket_link("<ZD-1>") == "&lt;ZD-1&gt;"


def test_the_text_of_an_item() -> None:
    seen, used = (int(datetime(2026, 11, day, 12, tzinfo=UTC).timestamp() * 1000) for day in (1, 20))
    variants = {
        "thumb": variant(size_bytes=12_400, created_ms=seen, last_accessed_ms=used),
        "full": variant(status="storing", size_bytes=0, stored_ms=None, created_ms=seen),
    }
    assert write_answer(studio(), "449", item("449", **variants), address=ADDRESS, at=AT).splitlines() == [
        "Media item 449",
        "Connection: Studio A (··n09t)",
        "Type: image",
        "- thumb: Stored, 12.4 kB",
        "- full: Storing, size not known yet",
        "First seen: 1 Nov 2026, 12:00:00 UTC",
        "Last access: 20 Nov 2026, 12:00:00 UTC",
        "As of: 21 Nov 2026, 06:00:00 UTC",
        ADDRESS,
    ]


def test_the_text_holds_no_link_and_no_raw_id() -> None:
    odd = item("449", **{"a\nb\r\nFreed: all": variant(url="https://media.ofauth.com/v2/signed-canary")})
    said = write_answer(studio(label="Studio\tA"), "449", odd, address=ADDRESS, at=AT)
    assert "signed-canary" not in said
    assert "conn_" not in said
    assert "- a\\u000ab\\u000d\\u000aFreed: all: Stored, 1.0 kB" in said.splitlines()


def test_the_text_of_what_is_not_there() -> None:
    said = write_answer(studio(), "449", None, address=ADDRESS, at=AT)
    assert "Not in the cache of this connection" in said
    assert "As of: 21 Nov 2026" in said


@pytest.mark.django_db
@pytest.mark.parametrize("verb", Removal.Verb)
def test_the_text_of_what_was_removed(verb: Removal.Verb) -> None:
    of = studio()
    of.save()
    record = removal(of, verb=verb, ticket="ZD-7", freed_bytes=1_234_567)
    said = write_answer(of, "449", record, address=ADDRESS, at=AT)
    what = "This item" if verb == Removal.Verb.DELETE else "Everything of this connection"
    for line in (f"{what}: Deleted", "By: Omar Haddad, ", "Freed: 1.2 MB", "Ticket: ZD-7", str(record.pk)):
        assert line in said
