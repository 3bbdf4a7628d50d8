"""Render each problem as a page, or for htmx as a notice; an error of the service with its own text."""

import logging
import math
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url

from dashboard import audit, vault
from dashboard.auth.roles import public
from dashboard.models import Connection
from dashboard.problems import Action, Problem
from dashboard.request import Request, escape_path
from dashboard.reveals import NotShown, ShownTooLongAgo
from dashboard.service import UnknownConnection

from .bare_pages import describe_problem, find_notice_place, log_problem
from .htmx import find_page_before, find_page_behind, go_to, show_fragment, wants_fragment
from .ticket_links import UnusableLink, find_way_on

logger = logging.getLogger(__name__)

VAULT_ERROR_STATUSES: Final = (
    (vault.MalformedMediaId, 422),
    (vault.NotCached, 404),
    (vault.BadRequest, 422),
    (vault.Busy, 503),
    (vault.NotAnswering, 503),
    (vault.Unreachable, 504),
    (vault.VaultError, 502),
)


class ServiceProblem(Problem):
    """An error of the service, with its own text beside our advice."""

    is_in_connection = True

    def __init__(self, error: vault.VaultError, media_id: str) -> None:
        super().__init__(error.detail)
        self.title, self.advice, self.detail = error.title, error.advice, error.detail
        self.status = next(status for kind, status in VAULT_ERROR_STATUSES if isinstance(error, kind))
        self.is_detail_of_service = error.status is not None
        self.retry = not isinstance(error, vault.KeyRefused | vault.MalformedMediaId)
        if isinstance(error, vault.KeyRefused):
            self.kind = "key"
        if isinstance(error, vault.MalformedMediaId):
            self.detail, self.typed = "", media_id
        if isinstance(error, vault.Busy) and error.retry_after:
            self.retry_after = error.retry_after
            self.advice = f"The service asked to wait {error.retry_after:.0f} s. Then try again."
        if isinstance(error, vault.NotAnswering):
            self.retry_after = math.ceil(error.retry_after)
            self.advice = f"Nothing was sent. Try again in {self.retry_after} s."
            self.detail = ""  # it would say so once more


class StaleCursor(Problem):
    """A place in the list that the service does not know (any more): the filters are kept."""

    title = "This place in the list is gone"
    advice = (
        "A place in the list belongs to its filters, and it does not last. "
        "Your filters are kept: start again from the first page."
    )
    status = 422
    is_detail_of_service = True
    is_in_connection = True

    def __init__(self, detail: str, first_page: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.action = Action(first_page, "First page with these filters")


class TooLarge(Problem):
    """The request is larger than anything that a page sends."""

    title = "This is too much at once"
    status = 413

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self.advice = (
            f"You sent more than {max_bytes // 2**20} MiB, so nothing was accepted. Go back: "
            "your browser still has what you typed. Send it in parts."
        )


class ProcessStopping(Problem):
    """This process is to stop, so it begins nothing that changes anything."""

    title = "The dashboard is being restarted"
    advice = "Nothing was done, and nothing was sent to the service. Press again in a moment."
    status = 503
    retry_after = 5.0


class WrongMethod(Problem):
    """The address does not take this HTTP method."""

    title = "Not done this way"
    advice = "This address does not accept that. Open it as a page, or go back and use its form."
    status = 405

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(method)
        self.detail = f"{method} is not among {allowed}."


class ForgedForm(Problem):
    """The form's CSRF token is missing or wrong."""

    title = "This form is not from here"
    advice = (
        "The form was too old, or another site sent it. Nothing was done. Go back, reload the page and try "
        "again; your browser must accept this site's cookies."
    )
    status = 403


def render_problem(request: Request, problem: Problem) -> HttpResponse:
    """Return the trouble page; for htmx a notice beside what stands, or inside the dialog that asked."""
    log_problem(request, problem)
    action = find_action(request, problem)
    if action and problem.status == 303:
        return go_to(request, action[0])
    is_read = request.method == "GET"
    context = {
        **describe_problem(request, problem),
        "retry": request.get_full_path() if problem.retry and is_read else "",
        "action": action,
        "typed": problem.typed,
        "connection": find_connection(request) if problem.is_in_connection else None,
    }
    if getattr(request, "htmx", None) and wants_fragment(request):
        place = find_notice_place(request)
        response = show_fragment(request, "trouble/_problem", target=place, status=problem.status, **context)
    else:
        response = render(request, "trouble/problem.html", context, status=problem.status)
    if problem.retry_after:
        response.headers["Retry-After"] = f"{problem.retry_after:.0f}"
    return response


def render_vault_error(request: Request, error: vault.VaultError) -> HttpResponse:
    """Return the page for an error of the service, and log it."""
    log_vault_error(request, error)
    if isinstance(error, vault.BadRequest) and error.is_about_cursor and request.GET.get("cursor"):
        return render_problem(request, StaleCursor(error.detail, find_first_page(request)))
    return render_problem(request, ServiceProblem(error, find_media_id(request)))


def log_vault_errors(request: Request, results: Iterable[object]) -> None:
    """Log the errors of the service among the results of several calls."""
    for error in results:
        if isinstance(error, vault.VaultError):
            log_vault_error(request, error)


def log_vault_error(request: Request, error: vault.VaultError) -> None:
    """Log what the service answered, for whoever is asked about it."""
    logger.warning(
        "%s from the service: %s (status %s, code %s, its request %s)",
        type(error).__name__,
        error.detail,
        error.status,
        error.code,
        error.request_id,
        extra={"request_id": request.request_id},
    )


@public
def render_forged_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a refused form, and record it: at most once a minute for a person and a reason."""
    caller = request.caller  # type: ignore[attr-defined]
    audit.note("access.forged", caller, reason=reason.partition(" - ")[0].rstrip("."))  # no address of theirs
    return render_problem(request, ForgedForm())  # type: ignore[arg-type]


def find_action(request: Request, problem: Problem) -> tuple[str, str] | None:
    """Return the address and the text of the link that leads out of the problem, or None."""
    action = problem.action
    if finder := ACTION_FINDERS.get(type(problem)):
        action = finder(request, problem)
    if action is None and not problem.retry:
        action = find_way_back(request)
    if action is None:
        return None
    href = resolve_url(action.to)
    return f"{href}?{action.query}" if action.query else href, action.text


def find_elsewhere(request: Request, problem: UnknownConnection) -> Action | None:
    """Return where the item is looked for in every connection, if the address names one."""
    media_id = find_media_id(request) or request.GET.get("media", "")
    if not media_id:
        return problem.action
    query = urlencode({"media": media_id, "ticket": request.GET.get("ticket", "")})
    return Action("go", "Look in your connections", query)


def find_page_again(request: Request, problem: NotShown) -> Action:
    """Return the page of ours that asked, or else the item that it asked about."""
    item = request.get_full_path().replace("/reveal/", "/")
    return Action(find_page_behind(request) or item, "Open it again")


def find_way_back(request: Request) -> Action | None:
    """Return the page of ours that asked, unless it stands there still, or is the one that was asked for."""
    before = "" if wants_fragment(request) else find_page_before(request)
    is_same = request.method == "GET" and before == request.get_full_path()
    return Action(before, "Go back") if before and not is_same else None


ACTION_FINDERS: Final[dict[type[Problem], Callable[[Request, Any], Action | None]]] = {
    NotShown: find_page_again,
    ShownTooLongAgo: find_page_again,
    UnknownConnection: find_elsewhere,
    UnusableLink: find_way_on,
}
"""What leads out of a problem, where that depends on the request."""


def find_first_page(request: Request) -> str:
    """Return the address of the list's first page with the filters of this one."""
    filters = request.GET.copy()
    for name in ("cursor", "trail"):
        filters.pop(name, None)
    return f"{escape_path(request)}?{filters.urlencode()}"


def find_media_id(request: Request) -> str:
    """Return the item's id in the address, or ""."""
    match = request.resolver_match
    return str(match.kwargs.get("media_id", ""))[:200] if match else ""


def find_connection(request: Request) -> Connection | None:
    """Return the connection that the address names, if the person may see it."""
    slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
    return next((one for one in request.connections if one.slug == slug), None)
