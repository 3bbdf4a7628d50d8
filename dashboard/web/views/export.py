"""Export what fits the list's filters: as a file that is sent as it is read, or that the worker writes."""

from uuid import UUID, uuid4

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from dashboard.audit.queries import AuditReader, UnknownRecord
from dashboard.exports import handout
from dashboard.exports import job as export
from dashboard.exports import stream as export_stream
from dashboard.identity import Role
from dashboard.jobs import lifecycle
from dashboard.models import Connection
from dashboard.request import Request
from dashboard.security import is_from_here
from dashboard.web.forms.media import MediaExportForm, MediaFilterForm
from dashboard.web.htmx import go_to, send_file, show
from dashboard.web.methods import asks_and_acts, sends_file
from dashboard.web.presenters.export import ExportPage


@asks_and_acts(Role.VIEWER)
def media_export(request: Request, slug: str) -> HttpResponse:
    """Ask for the format and the way of an export; on POST have the worker write it."""
    connection = request.connection(slug)
    if request.method != "POST":
        return render_question(request, connection, MediaFilterForm(request.GET))
    form = MediaExportForm(request.POST)
    if not form.is_valid():
        return render_question(request, connection, form)
    given = form.cleaned_data
    query = ExportPage(connection, form.to_query()).query
    job = export.begin(request.caller, connection, query, given["format"], given["token"])
    return go_to(request, job.get_absolute_url())


@sends_file(Role.VIEWER)
def media_export_now(request: Request, slug: str) -> HttpResponseBase:
    """Send all that fits the filters, as it is read; the export is recorded before the first byte."""
    connection = request.connection(slug)
    form = MediaExportForm(request.GET)
    if not form.is_valid():
        return render_question(request, connection, form)
    page, kind = ExportPage(connection, form.to_query()), form.cleaned_data["format"]
    # A link from elsewhere takes nothing away.
    if not is_from_here(request.headers.get("Sec-Fetch-Site")) or not can_mark_end(request):
        return redirect(page.href)
    file = export_stream.open_stream(request.caller, connection, page.query, kind)
    return send_file(file, kind, export_stream.name_file(connection, kind))


def render_question(request: Request, connection: Connection, form: MediaFilterForm) -> HttpResponse:
    """Return the question; or, if the filters or the way cannot be read, the reason: nothing is exported."""
    page = ExportPage(connection, form.to_query()) if form.is_valid() else None
    return show(
        request,
        "media/export",
        connection=connection,
        form=form,
        page=page,
        token=uuid4(),
        streams=can_mark_end(request),
        alive=lifecycle.worker_is_alive(),
        status=200 if page else 422,
    )


def can_mark_end(request: Request) -> bool:
    """Return whether the end of an answer of unknown length can be told from a break: not by HTTP/1.0."""
    return request.META.get("SERVER_PROTOCOL") != "HTTP/1.0"


@sends_file(Role.VIEWER)
def job_file(request: Request, pk: UUID) -> HttpResponseBase:
    """Send the file that a worker wrote to the person who asked for it; the download is recorded first."""
    job = AuditReader(request.person).get_job(pk)
    if not job.is_owned_by(request.person) or job.connection not in request.connections:
        raise UnknownRecord(pk)  # said alike of what is not theirs and of what never was
    if not is_from_here(request.headers.get("Sec-Fetch-Site")):  # a link from elsewhere takes nothing away
        return redirect(job)
    file, size_bytes = handout.open_download(request.caller, job)
    response = send_file(file, job.form, export_stream.name_file(job.connection, job.form))
    response.headers["Content-Length"] = str(size_bytes)
    return response
