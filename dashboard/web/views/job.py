"""Pages of the worker's jobs: one job, stopping and resuming it, and the jobs of a connection."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from dashboard import selection, service
from dashboard.audit.queries import AuditReader
from dashboard.identity import NotPermitted, Role
from dashboard.jobs import lifecycle
from dashboard.models import Job
from dashboard.removals import bulk
from dashboard.request import Request, get_reader
from dashboard.web.forms.selection import OutcomeForm
from dashboard.web.htmx import go_to, show, wants_fragment
from dashboard.web.methods import acts, shows
from dashboard.web.presenters.export import ExportJob
from dashboard.web.presenters.job import JobPage, RemovalJob, list_recent_jobs, may_stop
from dashboard.web.presenters.selection import build_review_href, list_failures


@shows(Role.VIEWER)
def job(request: Request, pk: UUID) -> HttpResponse:
    """Show the progress and the outcome of a job; while it runs, the page keeps itself up to date."""
    return render_job(request, AuditReader(request.person).get_job(pk))


@acts(Role.VIEWER)
def job_stop(request: Request, pk: UUID) -> HttpResponse:
    """End a job: what is being sent comes to its end, the rest is cancelled."""
    found = find_stoppable_job(request, pk)
    if found.kind == Job.Kind.REMOVE:
        bulk.stop(found, request.caller)
    else:
        lifecycle.stop(found, f"Stopped by {get_reader(request).name}.")
    return answer_with_job(request, found)


@acts(Role.VIEWER)
def job_resume(request: Request, pk: UUID) -> HttpResponse:
    """Resume a paused job now."""
    found = find_stoppable_job(request, pk)
    if found.kind == Job.Kind.REMOVE:
        bulk.resume(found, request.caller)
    else:
        lifecycle.resume(found, request.person)
    return answer_with_job(request, found)


def find_stoppable_job(request: Request, pk: UUID) -> Job:
    """Return the job if the person may stop or resume it. Raises UnknownConnection and NotPermitted."""
    found = AuditReader(request.person).get_job(pk)
    service.check_is_open(found.connection, request.person)  # admins read every record, and no more
    if not may_stop(found, request.person):
        raise NotPermitted(request.person, Role.OPERATOR)
    return found


@acts(Role.OPERATOR)
def job_retry(request: Request, pk: UUID) -> HttpResponse:
    """Select what failed again, and lead to where it is read again before anything is sent."""
    found = AuditReader(request.person).get_job(pk)
    connection = request.connection(found.connection.slug)
    selection.add(get_reader(request), connection, list_failures(found), retry_of=found)
    return go_to(request, build_review_href(connection, found.ticket))


@shows(Role.VIEWER)
def connection_jobs(request: Request, slug: str) -> HttpResponse:
    """Show the newest jobs of a connection."""
    connection = request.connection(slug)
    context = {
        "connection": connection,
        "pages": list_recent_jobs(connection),
        "alive": lifecycle.worker_is_alive(),
    }
    return render(request, "job/jobs.html", context)


def render_job(request: Request, found: Job) -> HttpResponse:
    """Return the job's page."""
    form = OutcomeForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    kind = ExportJob if found.kind == Job.Kind.EXPORT else JobPage
    page: JobPage = kind(found, request.person, request.connections)
    if found.kind == Job.Kind.REMOVE:
        page = RemovalJob(found, request.person, request.connections, **asked)
    still_selected = (
        "tray" in request.GET and selection.count_totals(get_reader(request), found.connection).items
    )
    link = request.build_absolute_uri(found.get_absolute_url())
    return show(
        request,
        "job/job",
        page=page,
        job=found,
        connection=page.connection,
        form=form,
        link=link,
        still_selected=still_selected,
        status=200 if form.is_valid() else 422,
    )


def answer_with_job(request: Request, found: Job) -> HttpResponse:
    """Return the page as it is now: in place for htmx, else by going there."""
    return render_job(request, found) if wants_fragment(request) else go_to(request, found.get_absolute_url())
