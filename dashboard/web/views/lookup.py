"""Look-ups: many ids at once, pasted or as a file; the result, and what is done with it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dashboard import budgets, selection, service
from dashboard.identity import Role
from dashboard.lookups.store import ask_unanswered, begin, get, list_recent, list_unanswered, repeat
from dashboard.models import Lookup
from dashboard.request import Request, get_reader
from dashboard.spreadsheets import CONTENT_TYPES, content_disposition
from dashboard.web.error_pages import log_vault_errors
from dashboard.web.forms.lookup import LookupForm, PastedForm
from dashboard.web.htmx import go_to, show
from dashboard.web.methods import acts, asks_and_acts, sends_file, shows
from dashboard.web.presenters.lookup import LookupResult
from dashboard.web.ticket_links import add_ticket


@asks_and_acts(Role.VIEWER)
def lookups(request: Request) -> HttpResponse:
    """Show the form, and this person's look-ups of the last day; on POST look the ids up."""
    form = LookupForm.from_request(request)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        mine = list_recent(request.person, request.connections)
        return show(request, "lookup/form", form=form, recent=mine, status=status)
    begun = begin(request.caller, form.chosen, form.pasted, form.cleaned_data["ticket"])
    return carry_out(request, begun)


@acts(Role.VIEWER)
def lookup_count(request: Request) -> HttpResponse:
    """Count the ids in what was typed so far, by the same reading as when it is sent."""
    form = PastedForm(request.POST, request.FILES)
    form.full_clean()
    return render(request, "lookup/_count.html", {"form": form})


@shows(Role.VIEWER)
def lookup(request: Request, pk: UUID) -> HttpResponse:
    """Show the result of each id, as it was when it was asked for."""
    return show(request, "lookup/result", result=LookupResult(get(pk, request.connections)))


@sends_file(Role.VIEWER)
def lookup_export(request: Request, pk: UUID) -> HttpResponse:
    """Send the whole result as a table."""
    found = get(pk, request.connections)
    response = HttpResponse(LookupResult(found).write_csv(), content_type=CONTENT_TYPES["csv"])
    response.headers["Content-Disposition"] = content_disposition(
        f"look-up-{found.created_at:%Y-%m-%d-%H%M}.csv"
    )
    return response


@acts(Role.VIEWER)
def lookup_again(request: Request, pk: UUID) -> HttpResponse:
    """Ask for the unanswered ids; with `all`, look everything up anew under another address."""
    found = get(pk, request.connections)
    if "all" in request.POST:
        return carry_out(request, repeat(request.caller, found))
    unanswered = {one for place in found.connections.all() for one in list_unanswered(found, place)}
    budgets.spend(request.caller, "lookups", len(unanswered))
    return carry_out(request, found)


@acts(Role.OPERATOR)
def lookup_selection(request: Request, pk: UUID) -> HttpResponse:
    """Select what was found in one of its connections, and show that."""
    result = LookupResult(get(pk, request.connections))
    slug = request.POST.get("connection") or result.connections[0].slug
    connection = service.get_connection(slug, result.connections)
    selection.add(get_reader(request), connection, result.entries(connection))
    return go_to(request, add_ticket(reverse("selection", args=[connection.slug]), result.lookup.ticket))


def carry_out(request: Request, begun: Lookup) -> HttpResponse:
    """Ask, and lead to the result."""
    log_vault_errors(request, ask_unanswered(begun))
    return go_to(request, begun.get_absolute_url())
