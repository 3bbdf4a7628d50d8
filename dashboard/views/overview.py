"""What a connection stores, as its last scan counted it; and the scan itself, begun, watched and stopped."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import jobs, scan, service
from dashboard.access import Role, needs
from dashboard.htmx import go_to, show, wants_fragment
from dashboard.models import Connection, Job
from dashboard.overview import Overview, ScanStatus
from dashboard.request import Request
from dashboard.scan_forms import PlaceForm, ScanForm


@require_safe
@needs(Role.VIEWER)
def connection_overview(request: Request, slug: str) -> HttpResponse:
    """The pictures of the last scan with their numbers; or that there was none yet."""
    return pictured(request, service.connection(slug, request.connections))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.VIEWER)
def connection_scan(request: Request, slug: str) -> HttpResponse:
    """How far the scan is, for a page that watches it; on POST begin one, stop it or have it go on."""
    connection = service.connection(slug, request.connections)
    form = ScanForm(request.POST) if request.method == "POST" else PlaceForm(request.GET)
    if not form.is_valid():
        return pictured(request, connection, reasons=form.reasons, status=422)
    if isinstance(form, ScanForm):
        act(request, connection, form.cleaned_data["act"] or "begin")
    if not wants_fragment(request):
        return go_to(request, reverse(f"connection-{form.place}", args=[connection.slug]))
    watching = ScanStatus(connection, form.place, watched=form.cleaned_data["watched"], tells=True)
    return show(request, "connection/scan", connection=connection, scanning=watching)


def act(request: Request, connection: Connection, chosen: str) -> None:
    """One press; what is over already stays as it is."""
    if chosen == "begin":
        scan.begin(connection, request.caller)
    elif job := jobs.running(connection, Job.Kind.SCAN):
        if chosen == "stop":
            jobs.stop(job, f"Stopped by {request.person.name if request.person else 'somebody'}.")
        else:
            jobs.resume(job)


def pictured(
    request: Request, connection: Connection, *, reasons: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    scanning = ScanStatus(connection)
    return show(
        request,
        "connection/overview",
        connection=connection,
        scanning=scanning,
        page=Overview(connection, scanning.found) if scanning.found else None,
        reasons=reasons,
        status=status,
    )
