"""Pages on which admins list, add, change, archive and import connections."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from dashboard import connections as connection_admin
from dashboard.identity import Role
from dashboard.models import Colour, Connection
from dashboard.request import Request
from dashboard.web.forms.connection import ArchiveForm, ConnectionForm, ImportForm, NewConnectionForm
from dashboard.web.htmx import go_to
from dashboard.web.methods import asks_and_acts, shows

from .removal import read_posted


@shows(Role.ADMIN)
def connections(request: Request) -> HttpResponse:
    """Show every connection, archived ones too; and the one changed a moment ago."""
    every = connection_admin.list_all()
    latest = next((one for one in every if one.slug == request.GET.get("kept")), None)
    changed = [one for one in every if not one.is_intact]
    return render(request, "connections/list.html", {"every": every, "changed": changed, "latest": latest})


@asks_and_acts(Role.ADMIN)
@sensitive_post_parameters("connection_id")
def connection_add(request: Request) -> HttpResponse:
    """Ask for a connection's id, once, and its names; on POST add it."""
    form = NewConnectionForm(read_posted(request), initial={"colour": Colour.SLATE.value})
    if form.is_valid() and (added := form.save(request.caller)):
        return go_to_list(request, added)
    return render_form(request, "connections/add.html", form=form)


@asks_and_acts(Role.ADMIN)
def connection_change(request: Request, slug: str) -> HttpResponse:
    """Ask for a connection's names; on POST change them."""
    connection = get_unchanged(slug)
    form = ConnectionForm(read_posted(request), connection=connection)
    if form.is_valid() and (changed := form.save(request.caller)):
        return go_to_list(request, changed)
    return render_form(request, "connections/change.html", form=form, one=connection)


@asks_and_acts(Role.ADMIN)
def connection_archive(request: Request, slug: str) -> HttpResponse:
    """Ask whether to archive a connection, or to bring an archived one back; on POST do it."""
    connection = get_unchanged(slug)
    form = ArchiveForm(read_posted(request))
    if form.is_valid():
        undo = form.cleaned_data["act"] == "restore"
        return go_to_list(request, connection_admin.archive(request.caller, connection, undo=undo))
    return render_form(request, "connections/archive.html", form=form, one=connection)


@asks_and_acts(Role.ADMIN)
def connection_import(request: Request) -> HttpResponse:
    """List the account's connections; of the one that `row` names, ask for its names; on POST add it.

    The page names rows by a keyed digest, and the account is asked again: no id is sent to a browser.
    """
    account = connection_admin.read_account()
    row = request.POST.get("row") or request.GET.get("row", "")
    chosen = account.importable(row)
    if chosen is None:
        context = {"account": account, "missed": bool(row)}
        return render(request, "connections/import.html", context, status=404 if row else 200)
    form = ImportForm(read_posted(request), theirs=chosen.theirs)
    if form.is_valid() and (added := form.save(request.caller)):
        return go_to_list(request, added)
    return render_form(request, "connections/import_one.html", form=form, chosen=chosen)


def get_unchanged(slug: str) -> Connection:
    """Return the connection, whoever may see it. Raises UnknownConnection and DecryptionError."""
    connection = connection_admin.get_by_slug(slug)
    connection.check_signature()
    return connection


def render_form(request: Request, name: str, **context: object) -> HttpResponse:
    """Return the page with its form: as it is, or with what is wrong with what was sent."""
    return render(request, name, context, status=422 if request.method == "POST" else 200)


def go_to_list(request: Request, connection: Connection) -> HttpResponse:
    """Lead back to all of them, where a line says what became of this one."""
    return go_to(request, f"{reverse('connections')}?{urlencode({'kept': connection.slug})}")
