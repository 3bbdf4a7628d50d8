"""The current filter of the list, taken away as a file: as it is read, or once the worker has written it."""

from __future__ import annotations

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_safe

from dashboard import export_stream, service
from dashboard.access import Role, needs
from dashboard.export_forms import ExportForm
from dashboard.forms import MediaFilterForm
from dashboard.htmx import show
from dashboard.listing import ExportPage
from dashboard.request import Request
from dashboard.security import is_from_here
from dashboard.sheets import CONTENT_TYPES, attachment
from dashboard.views import trouble


@require_safe
@needs(Role.VIEWER)
def media_export(request: Request, slug: str) -> HttpResponse:
    """Ask as what all that fits the filters is wanted, and in which of two ways."""
    connection = service.connection(slug, request.connections)
    form = MediaFilterForm(request.GET)
    page = ExportPage(connection, form.query()) if form.is_valid() else None
    status = 200 if page else 422
    return show(request, "media/export", connection=connection, form=form, page=page, status=status)


@require_GET  # nobody takes anything away by HEAD
@needs(Role.VIEWER)
def media_export_now(request: Request, slug: str) -> HttpResponseBase:
    """All that fits the filters, as it is read; that somebody takes it is recorded before the first byte."""
    connection = service.connection(slug, request.connections)
    form = ExportForm(request.GET)
    if not form.is_valid():
        return show(request, "media/export", connection=connection, form=form, page=None, status=422)
    page, kind = ExportPage(connection, form.query()), form.cleaned_data["format"]
    if not is_from_here(request.headers.get("Sec-Fetch-Site")):  # a link from elsewhere takes nothing away
        return redirect(page.href)
    file = export_stream.now(request.caller, connection, page.query, kind)
    response = StreamingHttpResponse(file, content_type=CONTENT_TYPES[kind])
    response.headers["Content-Disposition"] = attachment(export_stream.file_name(connection, kind))
    return response


def too_many(request: Request) -> HttpResponse:
    """Said where other downloads have to end first."""
    return trouble.say(
        request,
        "Too many downloads at once",
        "As many exports are on their way as this server sends at a time. Try again in a moment, or have "
        "this one prepared in the background.",
        status=503,
    )
