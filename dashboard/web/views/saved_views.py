"""Saved views: all that a person may open, saving one, deleting one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard import saved_views
from dashboard.auth.roles import needs
from dashboard.identity import NotPermitted, Role
from dashboard.models import Connection, SavedView
from dashboard.request import Request, reader
from dashboard.web import preferences
from dashboard.web.forms.media import MediaFilterForm
from dashboard.web.forms.saved_views import DeleteViewForm, ViewForm
from dashboard.web.htmx import go_to, show
from dashboard.web.presenters.saved_views import describe_query, describe_view, save_href, view_href

from .removal import asks_and_acts, posted


@require_safe
@needs(Role.VIEWER)
def views(request: Request) -> HttpResponse:
    """Every saved view that is the person's own or shared, and where each leads."""
    person = reader(request)
    slug = preferences.of(request).chosen
    chosen = next((one for one in request.connections if one.slug == slug), None)
    every = [
        (view, describe_view(view), link_of(view, chosen), saved_views.may_delete(view, person))
        for view in saved_views.visible(person, request.connections).select_related("connection")
    ]
    return render(request, "views/list.html", {"every": every, "chosen": chosen})


@asks_and_acts
@needs(Role.VIEWER)
def view_add(request: Request) -> HttpResponse:
    """Ask for a name for the filters in the address; on POST keep them under it."""
    if not request.GET.get("connection"):
        raise saved_views.ListMissing
    connection = request.connection(request.GET["connection"])
    filters = MediaFilterForm(request.GET)
    form = ViewForm(posted(request), person=reader(request))
    context: dict[str, Any] = {"connection": connection, "filters": filters, "form": form}
    if not filters.is_valid():
        return show(request, "views/add", status=422, **context)
    query = filters.query()
    if form.is_valid() and (view := form.save(connection, query)):
        return go_to(request, view_href(view, connection))
    context |= {"save_href": save_href(connection, query), "said": describe_query(query)}
    return show(request, "views/add", status=422 if form.is_bound else 200, **context)


@asks_and_acts
@needs(Role.VIEWER)
def view_delete(request: Request, pk: int) -> HttpResponse:
    """Ask whether to delete a saved view; on POST delete it."""
    person = reader(request)
    view = saved_views.visible(person, request.connections).filter(pk=pk).first()
    if view is None:
        raise saved_views.UnknownView(pk)
    if not saved_views.may_delete(view, person):
        raise NotPermitted(person, Role.ADMIN)
    form = DeleteViewForm(posted(request))
    if form.is_valid():
        view.delete()
        return go_to(request, reverse("views"))
    status = 422 if form.is_bound else 200
    return show(request, "views/delete", status=status, saved_view=view, said=describe_view(view))


def link_of(view: SavedView, chosen: Connection | None) -> str:
    """Where it leads: to its connection, or for any to the one chosen last; nowhere while none is."""
    connection = view.connection or chosen
    return view_href(view, connection) if connection else ""
