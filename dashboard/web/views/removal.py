"""Removing items or a whole connection, and the page of a removal: GET asks, POST acts, at one address."""

from uuid import UUID

from django.db import Error
from django.http import HttpResponse, QueryDict
from django_htmx.http import trigger_client_event

from dashboard import service
from dashboard.audit.queries import AuditReader
from dashboard.identity import Role
from dashboard.models import Connection, Removal
from dashboard.removals import actions, ledger, recovery
from dashboard.removals.impact import Impact, find_last_ended
from dashboard.removals.ledger import RETRYABLE_STATES, Intent
from dashboard.request import Request, get_reader
from dashboard.vault import UnreadableItem, check_media_id
from dashboard.web.forms.removal import ClosingForm, PurgeForm, RemovalForm
from dashboard.web.htmx import find_page_behind, go_to, show, wants_fragment
from dashboard.web.methods import acts, asks_and_acts, shows
from dashboard.web.presenters import selection
from dashboard.web.presenters.audit_detail import RemovalDetail
from dashboard.web.presenters.media_item import ItemPage, UnreadablePage
from dashboard.web.presenters.overview import ScanStatus
from dashboard.web.presenters.removal import write_outcome_message
from dashboard.web.presenters.selection import SelectionBar
from dashboard.web.presenters.ticket import build_ticket_bar
from dashboard.web.presenters.usage import summarize_connection
from dashboard.web.ticket_links import TicketLink, read_ticket
from dashboard.web.views.media import render_gone


@asks_and_acts(Role.OPERATOR)
def media_delete(request: Request, slug: str, media_id: str) -> HttpResponse:
    """Ask whether to delete an item with all its variants; on POST delete it and show the outcome."""
    connection = request.connection(slug)
    check_media_id(media_id)
    target = f"item {media_id} of {connection.pk}"
    form = RemovalForm(read_posted(request), initial=read_initial(request), target=target)
    if request.method == "POST" and form.is_valid():
        record = actions.delete_item(connection, media_id, build_intent(request, form))
        return render_outcome(request, "removal/deleted", connection, record)
    item = service.find_item_to_remove(connection, media_id)
    if item is None:
        return render_gone(request, connection, TicketLink(media_id, ticket=read_ticket(request.GET)))
    ticket = read_ticket(request.GET)
    page = (
        UnreadablePage(connection, item, ticket)
        if isinstance(item, UnreadableItem)
        else ItemPage(connection, item, ticket=ticket)
    )
    status = 422 if form.is_bound else 200
    return show(
        request, "removal/delete", connection=connection, page=page, item=item, form=form, status=status
    )


@asks_and_acts(Role.ADMIN)
def connection_purge(request: Request, slug: str) -> HttpResponse:
    """Ask whether to remove all of a connection's media; on POST compare the typed name and do it."""
    connection = request.connection(slug)
    person = get_reader(request)
    form = PurgeForm(
        read_posted(request), initial=read_initial(request), connection=connection, person=person
    )
    if form.is_valid() and (record := form.carry_out(build_intent(request, form))):
        return render_outcome(request, "removal/purged", connection, record)
    last_ended = find_last_ended(connection)  # before the pages, so that none ends unseen while they are read
    page = service.read_first_pages(connection)
    found = summarize_connection(connection, page)
    return show(
        request,
        "removal/purge",
        connection=connection,
        usage=found,
        scanning=ScanStatus(connection, "purge") if found.at_least or found.scan else None,
        impact=form.sign(Impact.of(page, found.record(), last_ended)),
        form=form,
        status=422 if request.method == "POST" else 200,
    )


def read_posted(request: Request) -> QueryDict | None:
    """Return the form as it was sent, also when it was sent empty; None if nothing was."""
    return request.POST if request.method == "POST" else None


def read_initial(request: Request) -> dict[str, object]:
    """Return the form's first values: the link's ticket, and the removal that it tries again."""
    ticket = read_ticket(request.GET)
    return {
        "ticket": ticket,
        "reason": f"Requested in {ticket}" if ticket else "",
        "retry_of": request.GET.get("retry_of", "")[:100],
    }


def build_intent(request: Request, form: RemovalForm) -> Intent:
    """Return the intent that the valid form states."""
    values = {name: form.cleaned_data[name] for name in ("token", "ticket", "reason", "retry_of")}
    return Intent(request.caller, typed=form.cleaned_data.get("typed", ""), **values)


def render_outcome(request: Request, name: str, connection: Connection, record: Removal) -> HttpResponse:
    """Return the outcome: in the dialog, with the row or page behind it brought up to date; or as a page.
    From the page of the removal that this one tries again, lead on to its own."""
    if record.retry_of and find_page_behind(request) == record.retry_of.get_absolute_url():
        return go_to(request, record.get_absolute_url())
    message = write_outcome_message(record)
    link = TicketLink(record.media_id, ticket=record.ticket)
    item_href = link.item_href(connection) if record.media_id else ""
    ticket_bar = build_ticket_bar(request, connection, record.media_id, record, record.ticket)
    response = show(
        request,
        name,
        status=message.status,
        connection=connection,
        record=record,
        is_earlier=record.request_id != request.request_id,
        message=message,
        stone_href=item_href,
        retry_href=record.retry_url if record.state in RETRYABLE_STATES else "",
        place=find_page_kind(request, item_href),
        bar=ticket_bar if item_href else None,
        selection=build_bar_behind(request, connection),
    )
    if wants_fragment(request) and record.media_id and record.is_gone:
        trigger_client_event(response, "removal:done", {"id": record.media_id}, after="settle")
    return response


def build_bar_behind(request: Request, connection: Connection) -> SelectionBar | None:
    """Return the bar of what is selected now, if the connection's list stands behind the dialog."""
    path, _, query = find_page_behind(request).partition("?")
    if not wants_fragment(request) or path != connection.media_url:
        return None
    ticket = QueryDict(query).get("ticket", "")
    try:
        return selection.build_selection_bar(request.person, connection, request.connections, ticket=ticket)
    except Error:  # the item is removed: what is said of that must not fail for a number beside it
        return None


def find_page_kind(request: Request, item_href: str) -> str:
    """Return which page stands behind the dialog: "item", or "list"; "" if there is no dialog."""
    if not wants_fragment(request):
        return ""
    behind = find_page_behind(request).partition("?")[0]
    return "item" if behind == item_href.partition("?")[0] else "list"


@shows(Role.VIEWER)
def removal(request: Request, pk: UUID) -> HttpResponse:
    """Show a removal with every step of its way."""
    history = AuditReader(request.person)
    return render_removal(request, history, history.get_removal(pk))


@acts(Role.OPERATOR)
def removal_look(request: Request, pk: UUID) -> HttpResponse:
    """Find out by reading, now, the outcome of a removal that is unknown."""
    history = AuditReader(request.person)
    record = history.get_removal(pk)
    if RemovalDetail(history, record, request.person, request.connections).may_look:
        recovery.reconcile(record, request.caller)
    return render_removal(request, history, record, looked=True)


@asks_and_acts(Role.ADMIN)
def removal_close(request: Request, pk: UUID) -> HttpResponse:
    """Ask for an admin's finding on an unresolved removal; on POST close it with that note."""
    record = AuditReader(request.person).get_removal(pk)
    form = ClosingForm(read_posted(request))
    if form.is_valid() and ledger.close(record, request.caller, form.cleaned_data["note"]):
        return go_to(request, record.get_absolute_url())
    record.refresh_from_db()  # a refused close may be news of somebody else's
    status = 409 if not record.may_be_closed else 422 if form.is_bound else 200
    return show(
        request,
        "removal/close",
        record=record,
        message=write_outcome_message(record),
        form=form,
        status=status,
    )


def render_removal(
    request: Request, history: AuditReader, record: Removal, *, looked: bool = False
) -> HttpResponse:
    """Return the removal's page."""
    page = RemovalDetail(history, record, request.person, request.connections)
    return show(
        request, "removal/record", page=page, record=record, connection=page.connection, looked=looked
    )
