"""The audit: what was done, by whom, for which ticket, with which outcome. Read and exported."""

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from dashboard import budgets
from dashboard.audit import export
from dashboard.audit.queries import ALL_STEPS, DEFAULT_LIMIT, AuditReader
from dashboard.exports.downloads import DownloadBody
from dashboard.identity import Role
from dashboard.request import Request
from dashboard.security import is_from_here
from dashboard.web.forms.audit import AuditExportForm, AuditFilterForm
from dashboard.web.htmx import send_file, show
from dashboard.web.methods import sends_file, shows
from dashboard.web.presenters.audit import AuditPage
from dashboard.web.presenters.audit_detail import EventDetail


@shows(Role.VIEWER)
def audit(request: Request) -> HttpResponse:
    """Show one page of the record, newest first, by the filters in the address."""
    return render_list(request, request.GET)


def render_list(request: Request, filters: QueryDict, *, lifted: str = "") -> HttpResponse:
    """Return the list by these filters; once a limit was `lifted`, in the place of the one that showed it."""
    history = AuditReader(request.person)
    form = AuditFilterForm(filters, connections=history.connections.values())
    if not form.is_valid():  # no fallback to "no filter": people would trust the wrong list
        return show(request, "audit/list", form=form, page=None, lifted="", status=422)
    page = AuditPage(history, form.to_query())
    address = "" if lifted else page.href
    return show(request, "audit/list", address=address, form=form, page=page, lifted=lifted)


@shows(Role.VIEWER)
def audit_event(request: Request, sequence: int) -> HttpResponse:
    """Show one event in full, at its permanent address."""
    history = AuditReader(request.person)
    return render(request, "audit/event.html", {"page": EventDetail(history, history.get_event(sequence))})


@sends_file(Role.VIEWER)
def audit_export(request: Request) -> HttpResponseBase:
    """Send everything that fits the filters, as it is read; the export is recorded first."""
    history = AuditReader(request.person)
    form = AuditExportForm(request.GET, connections=history.connections.values())
    if not form.is_valid() or form.unknown_names:
        return show(request, "audit/list", form=form, page=None, lifted="", status=422)
    if not is_from_here(request.headers.get("Sec-Fetch-Site")):  # a link from elsewhere takes nothing away
        return redirect(AuditPage(history, form.to_query()).href)
    kind, query = form.cleaned_data["format"], form.to_query().replace(steps=ALL_STEPS, limit=DEFAULT_LIMIT)
    with DownloadBody(request.person) as body:
        result = {"format": kind, "filters": query.asked}
        taken = budgets.record_act(request.caller, "exports", "audit.exported", result=result)
        events = (event for event in history.iterate_events(query) if event.sequence < taken.sequence)
        packets = export.packets(export.lines(history, events, kind))
        body.set_content(packets, packets.close)
    return send_file(body, kind, f"audit-{timezone.now():%Y-%m-%d}.{kind}")
