"""Connections: choosing one, and what there is to say of it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dashboard import service
from dashboard.identity import Role
from dashboard.logs import mask_ids
from dashboard.removals import actions
from dashboard.request import Request
from dashboard.web import preferences
from dashboard.web.forms.ticket import SearchForm
from dashboard.web.htmx import show
from dashboard.web.methods import shows
from dashboard.web.presenters.usage import summarize_connection
from dashboard.web.ticket_links import TicketLink, build_lookup_href


@shows(Role.VIEWER)
def home(request: Request) -> HttpResponse:
    """Show the connection chosen last, or the chooser; with `q`, the item that was searched for.

    The chooser as a fragment is the switcher's entries.
    """
    if "q" in request.GET:
        return search_item(request)
    chosen = preferences.read(request).chosen
    if "choose" not in request.GET and any(c.slug == chosen for c in request.connections):
        return redirect("media-list", chosen)
    return show(request, "connection/chooser", at=request.GET.get("at", ""))


def search_item(request: Request) -> HttpResponse:
    """Lead to the item's page if the connection is known, else to where each of them is asked for it."""
    form = SearchForm(request.GET)
    target = form.find_target()
    if target is None:
        pasted, slug = request.GET["q"], request.GET.get("connection", "")
        here = [one.slug for one in request.connections if one.slug == slug]
        several_href = build_lookup_href(mask_ids(pasted), here) if form.names_several else ""
        context: dict[str, object] = {"text": pasted, "reasons": form.errors.get("q", [])}
        context["several_href"] = several_href
        return render(request, "connection/search.html", context, status=422)
    link = TicketLink(target.media_id, ticket=target.ticket)
    named = target.slug or request.GET.get("connection", "")
    if named:
        return redirect(link.item_href(service.get_connection_by_name(named, request.connections)))
    return redirect(link.href)


@shows(Role.VIEWER)
def connection(request: Request, slug: str) -> HttpResponse:
    """Show the connection's facts, what it holds, and for an admin the danger section."""
    chosen = request.connection(slug)
    context = {
        "connection": chosen,
        "usage": summarize_connection(chosen, service.read_first_page(chosen)),
        "last_purge": actions.find_last_purge(chosen),
        "purge_href": reverse("connection-purge", args=[slug]),
    }
    return render(request, "connection/detail.html", context)
