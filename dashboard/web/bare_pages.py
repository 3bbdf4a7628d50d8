"""Pages and notices that need neither database nor session, for when those may be what broke."""

import logging
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboard import schema
from dashboard.auth.roles import public
from dashboard.outages import outages, refuses_changes
from dashboard.problems import Problem

from .htmx import retarget_to

logger = logging.getLogger(__name__)

PLAIN_WORDS: Final = {
    400: ("Bad request", "The address or the form could not be read."),
    403: ("Not permitted", "This is not open to you."),
    404: ("No such page", "There is nothing at this address. If a link brought you here, it is mistyped."),
    500: (
        "Something broke on our side",
        "This is a fault of the dashboard, not yours. Give your administrator the reference below.",
    ),
}
"""The title and the advice for a request of which nothing but its status is known."""


class PlainProblem(Problem):
    """A request that Django, or an error that nothing expected, ended with this status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
        self.title, self.advice = PLAIN_WORDS[status]


class UnknownHost(Problem):
    """The request names a host that is none of ours."""

    title = "Not an address of this dashboard"
    advice = (
        "You reached the dashboard under a name that it does not answer to. Open it by its usual address. If "
        "this is its address, tell your administrator."
    )
    for_admin = "add the name to `DASHBOARD_ALLOWED_HOSTS`."
    status = 400


class NotMigrated(Problem):
    """The database lacks migrations of this version."""

    title = "The dashboard is being updated"
    advice = (
        "Its database doesn't fit this version yet. Try again in a few minutes. If this stays, tell your "
        "administrator."
    )
    for_admin = "run `manage.py migrate`."
    status = 503
    retry = True
    log_message = "the database lacks migrations"


class DatabaseUnreachable(Problem):
    """The database does not answer; `sent` is a sentence about what the request did before that."""

    title = "The dashboard can't reach its database"
    status = 503
    retry = True

    def __init__(self, sent: str) -> None:
        super().__init__()
        self.advice = (
            f"{sent}Without it nothing can be shown or removed. Try again in a moment. If this stays, tell "
            "your administrator."
        )


class DatabaseUnchangeable(Problem):
    """The database can be read, and takes no changes; `sent` is a sentence as above."""

    title = "Nothing can be removed or saved right now"
    for_admin = "the database is read-only, or its disk is full."
    status = 503

    def __init__(self, sent: str) -> None:
        super().__init__()
        self.advice = (
            f"{sent}The dashboard's database takes no changes. You can still look at everything. Tell your "
            "administrator."
        )


def make_handler(status: int) -> Callable[..., HttpResponse]:
    """Return the view that Django calls for a request that ended with this status."""

    @public
    def show_problem(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return render_bare(request, PlainProblem(status))

    return show_problem


def render_database_error(request: HttpRequest, error: Error, *, has_called: bool) -> HttpResponse | None:
    """Return the page for a database that is away, takes no changes or lacks migrations; else None."""
    problem: Problem
    if isinstance(error, ProgrammingError | OperationalError) and schema.is_behind(error):
        problem = NotMigrated()
    elif refuses_changes(error):
        problem = DatabaseUnchangeable(describe_sent(request, has_called=has_called))
    elif isinstance(error, OperationalError | InterfaceError):
        problem = DatabaseUnreachable(describe_sent(request, has_called=has_called))
    else:  # a mistake of ours
        return None
    if not isinstance(problem, NotMigrated):
        outages.log(error)
    response = render_bare(request, problem)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each request
    return response


def describe_sent(request: HttpRequest, *, has_called: bool) -> str:
    """Return a sentence that says whether a press did anything before the database failed."""
    if has_called:
        return "Your request went to Vault+. Look at what is there before you press again. "
    return "" if request.method in ("GET", "HEAD") else "Nothing was done, and nothing was sent to Vault+. "


def render_bare(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return a page or notice made without database and session.

    htmx is told by its header: its middleware may be among what was not reached.
    """
    log_problem(request, problem)
    by_htmx = request.headers.get("HX-Request") == "true"
    if by_htmx and request.headers.get("HX-History-Restore-Request") != "true":
        context = describe_problem(request, problem)
        response = HttpResponse(render_to_string("trouble/_problem.html", context), status=problem.status)
        return retarget_to(find_notice_place(request), response)
    context = {
        **describe_problem(request, problem),
        "retry": request.get_full_path() if problem.retry and request.method == "GET" else "",
        "action": ("/", "Back to the start"),
        "view": None,
        "is_demo": settings.IS_DEMO,
    }
    return HttpResponse(render_to_string("trouble/bare.html", context), status=problem.status)


def log_problem(request: HttpRequest, problem: Problem) -> None:
    """Log what the operator has to do something about."""
    if problem.log_message:
        logger.error(problem.log_message, extra={"request_id": getattr(request, "request_id", "")})


def describe_problem(request: HttpRequest, problem: Problem) -> dict[str, Any]:
    """Return what the templates of `trouble/` print, less its action and the way to try again."""
    return {
        "title": problem.title,
        "advice": problem.advice,
        "for_admin": problem.for_admin,
        "detail": problem.detail,
        "answered": problem.is_detail_of_service,
        "kind": problem.kind,
        "request_id": getattr(request, "request_id", ""),
        "retry": "",
        "action": None,
    }


def find_notice_place(request: HttpRequest) -> str:
    """Return the selector of where htmx puts a notice: inside the dialog that asked, or beside the page."""
    in_dialog = request.method == "POST" and request.headers.get("HX-Target") == "dialog"
    return "#dialog-notice" if in_dialog else "#notice"
