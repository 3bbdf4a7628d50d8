"""Pages and notices that need neither database nor session, for when those may be what broke."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboard.auth.roles import public
from dashboard.request import Request

from .htmx import put_into

logger = logging.getLogger(__name__)


@public
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_bare(request, 400, "Bad request", "The address or the form could not be read.")


@public
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_bare(request, 403, "Not permitted", "This is not open to you.")


@public
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_bare(
        request, 404, "No such page", "The address leads nowhere. If a link brought you here, it is mistyped."
    )


@public
def server_error(request: HttpRequest) -> HttpResponse:
    return render_bare(
        request,
        500,
        "Something broke on our side",
        "It is our mistake, not yours. Tell your administrator the number below.",
    )


def unknown_host(request: HttpRequest) -> HttpResponse:
    request_id = getattr(request, "request_id", "")
    logger.warning("a name that is not in DASHBOARD_ALLOWED_HOSTS", extra={"request_id": request_id})
    return render_bare(
        request,
        400,
        "Not an address of this dashboard",
        "You reached the dashboard under a name that it does not answer to. Open it by its usual address. If "
        "this is its address, tell your administrator to add it to DASHBOARD_ALLOWED_HOSTS.",
    )


def not_migrated(request: Request) -> HttpResponse:
    logger.error("the database lacks migrations", extra={"request_id": request.request_id})
    return render_bare(
        request,
        503,
        "The dashboard is being updated",
        "Its database does not fit this version yet. Try again in a few minutes. If this stays, tell your "
        "administrator to run manage.py migrate.",
    )


def no_database(request: Request, error: Exception) -> HttpResponse:
    logger.error("the database does not answer: %s", error, extra={"request_id": request.request_id})
    return render_bare(
        request,
        503,
        "The dashboard's database does not answer",
        "Nothing can be shown or removed without it. Try again in a moment; if you had pressed a button, "
        "look at what is there before you press it again.",
    )


def render_bare(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    """A page or notice that needs neither database nor session, for when those may be what broke.

    htmx is told by its header: its middleware may be among what was not reached.
    """
    context = {
        "title": title,
        "advice": advice,
        "request_id": getattr(request, "request_id", ""),
        "view": None,
        "is_demo": settings.IS_DEMO,
    }
    by_htmx = request.headers.get("HX-Request") == "true"
    if by_htmx and request.headers.get("HX-History-Restore-Request") != "true":
        in_dialog = request.method == "POST" and request.headers.get("HX-Target") == "dialog"
        context |= {"detail": "", "answered": False, "retry": "", "action": None, "kind": "trouble"}
        response = HttpResponse(render_to_string("trouble/_problem.html", context), status=status)
        return put_into("#dialog-notice" if in_dialog else "#notice", response)
    return HttpResponse(render_to_string("trouble/bare.html", context), status=status)
