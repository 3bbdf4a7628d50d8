"""Saved views: all that a person may open, saving one, deleting one."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dashboard import saved_views
from dashboard.identity import NotPermitted, Role
from dashboard.models import Connection, SavedView
from dashboard.request import Request, get_reader
from dashboard.web import preferences
from dashboard.web.forms.media import MediaFilterForm
from dashboard.web.forms.saved_views import DeleteViewForm, ViewForm
from dashboard.web.htmx import go_to, show, wants_fragment
from dashboard.web.methods import asks_and_acts, shows
from dashboard.web.presenters.saved_views import (
    Menu,
    build_save_href,
    build_view_href,
    describe_query,
    describe_view,
)

from .removal import read_posted


@shows(Role.VIEWER)
def views(request: Request) -> HttpResponse:
    """Show every saved view that is the person's own or shared, and where each leads.

    As a fragment these are the entries of a list's menu, for the connection in the address.
    """
    person = get_reader(request)
    if wants_fragment(request) and (of := request.GET.get("connection")):
        filters = MediaFilterForm(request.GET)
        query = filters.to_query() if request.GET.get("at") == "list" and filters.is_valid() else None
        menu = Menu(person, request.connection(of), query, is_opened=True)
        return render(request, "views/_saved.html", {"menu": menu})
    slug = preferences.read(request).chosen
    chosen = next((one for one in request.connections if one.slug == slug), None)
    every = [
        (view, describe_view(view), find_link(view, chosen), saved_views.may_delete(view, person))
        for view in saved_views.list_visible(person, request.connections)
    ]
    return render(request, "views/list.html", {"every": every, "chosen": chosen})


@asks_and_acts(Role.VIEWER)
def view_add(request: Request) -> HttpResponse:
    """Ask for a name for the filters in the address; on POST keep them under it."""
    if not request.GET.get("connection"):
        raise saved_views.ListMissing
    connection = request.connection(request.GET["connection"])
    filters = MediaFilterForm(request.GET)
    form = ViewForm(read_posted(request), person=get_reader(request))
    context: dict[str, Any] = {"connection": connection, "filters": filters, "form": form}
    if not filters.is_valid():
        return show(request, "views/add", status=422, **context)
    query = filters.to_query()
    if form.is_valid() and (view := form.save(request.caller, connection, query)):
        return go_to(request, build_view_href(view, connection))
    context |= {"save_href": build_save_href(connection, query), "filter_texts": describe_query(query)}
    return show(request, "views/add", status=422 if form.is_bound else 200, **context)


@asks_and_acts(Role.VIEWER)
def view_delete(request: Request, pk: int) -> HttpResponse:
    """Ask whether to delete a saved view; on POST delete it."""
    person = get_reader(request)
    view = saved_views.find(pk, person, request.connections)
    if not saved_views.may_delete(view, person):
        raise NotPermitted(person, Role.ADMIN)
    form = DeleteViewForm(read_posted(request))
    if form.is_valid():
        view.delete()
        return go_to(request, reverse("views"))
    status = 422 if form.is_bound else 200
    return show(request, "views/delete", status=status, saved_view=view, filter_texts=describe_view(view))


def find_link(view: SavedView, chosen: Connection | None) -> str:
    """Return where the view leads: to its connection, or for any to the one chosen last; "" while none is."""
    connection = view.connection or chosen
    return build_view_href(view, connection) if connection else ""
