"""The contents of a connection by its last scan; and the scan itself, begun, watched and stopped."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.urls import reverse

from dashboard.identity import NotPermitted, Role
from dashboard.jobs import lifecycle
from dashboard.models import Connection, Job
from dashboard.request import Request, get_reader
from dashboard.scans import scan
from dashboard.web.forms.scan import PlaceForm, ScanForm
from dashboard.web.htmx import go_to, show, wants_fragment
from dashboard.web.methods import asks_and_acts, shows
from dashboard.web.presenters.job import may_stop
from dashboard.web.presenters.overview import Overview, ScanStatus


@shows(Role.VIEWER)
def connection_overview(request: Request, slug: str) -> HttpResponse:
    """Show the pictures of the last scan with their numbers; or that there was none yet."""
    return render_pictures(request, request.connection(slug))


@asks_and_acts(Role.VIEWER)
def connection_scan(request: Request, slug: str) -> HttpResponse:
    """Show the progress of the scan, for a page that watches it; on POST begin, stop or resume one."""
    connection = request.connection(slug)
    form = ScanForm(request.POST) if request.method == "POST" else PlaceForm(request.GET)
    if not form.is_valid():
        return render_pictures(request, connection, reasons=form.reasons, status=422)
    if isinstance(form, ScanForm):
        act_on_scan(request, connection, form.cleaned_data["act"])
    if not wants_fragment(request):
        return go_to(request, reverse(f"connection-{form.place}", args=[connection.slug]))
    watching = ScanStatus(connection, form.place, watched=form.cleaned_data["watched"], tells=True)
    return show(request, "connection/scan", connection=connection, scanning=watching)


def act_on_scan(request: Request, connection: Connection, act: str | None) -> None:
    """Begin, stop or resume the scan as pressed, unless it is over already. Raises NotPermitted."""
    if act in (None, "begin"):
        scan.begin(connection, request.caller)
    elif job := lifecycle.find_open(connection, Job.Kind.SCAN):
        if not may_stop(job, request.person):
            raise NotPermitted(request.person, Role.OPERATOR)
        if act == "stop":
            lifecycle.stop(job, f"Stopped by {get_reader(request).name}.")
        else:
            lifecycle.resume(job, request.person)


def render_pictures(
    request: Request, connection: Connection, *, reasons: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    """Return the overview with its status."""
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
