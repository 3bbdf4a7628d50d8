"""The address that tickets link to: it leads to the item's page, or asks in which connection it is."""

from django.http import HttpResponse
from django.shortcuts import redirect

from dashboard import service
from dashboard.identity import Role
from dashboard.lookups.search import CrossConnectionSearch
from dashboard.removals import actions
from dashboard.request import Request
from dashboard.web.error_pages import log_vault_errors
from dashboard.web.forms.ticket import SearchStateForm
from dashboard.web.htmx import show, wants_fragment
from dashboard.web.methods import shows
from dashboard.web.presenters.search import SearchPage
from dashboard.web.ticket_links import TicketLink, UnusableLink


@shows(Role.VIEWER)
def go(request: Request) -> HttpResponse:
    """Lead to the item if its connection is known, else to the page that asks each of them for it."""
    link = TicketLink.from_query(request.GET)
    if link.connection:
        return redirect(link.item_href(service.get_connection_by_name(link.connection, request.connections)))
    if len(request.connections) == 1:
        return redirect(link.item_href(request.connections[0]))
    return show_search(request, link, CrossConnectionSearch(request.connections))


@shows(Role.VIEWER)
def go_answers(request: Request) -> HttpResponse:
    """Ask the next few connections, all at once, and link to those after them."""
    link = TicketLink.from_query(request.GET)
    form = SearchStateForm(request.GET)
    if not form.is_valid():
        raise UnusableLink("asked", "It does not say how far the search was.")
    found = [service.get_connection(slug, request.connections) for slug in request.GET.getlist("found")]
    again = request.GET.get("again")
    once_more = service.get_connection(again, request.connections) if again else None
    search = CrossConnectionSearch(request.connections, found=found, again=once_more, **form.cleaned_data)
    results = service.find_in_each(search.batch, link.media_id)
    log_vault_errors(request, results)
    search.add_results(results)
    if search.only and not wants_fragment(request):
        return redirect(link.item_href(search.only))
    return show_search(request, link, search)


def show_search(request: Request, link: TicketLink, search: CrossConnectionSearch) -> HttpResponse:
    """Return the progress of the search, with the records of earlier removals of the item."""
    tombstones = [] if wants_fragment(request) else actions.find_traces(request.connections, link.media_id)
    return show(request, "ticket/answers", search=SearchPage(link, search), tombstones=tombstones)
