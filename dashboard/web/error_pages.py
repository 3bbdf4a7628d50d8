"""What a person sees when something is in the way: each kind in its words, as a page or a fragment."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from dashboard.auth.roles import public
from dashboard.models import Connection
from dashboard.removals.actions import InFlight, OutcomeNotRecorded
from dashboard.request import Request, path_of
from dashboard.vault import BadRequest, Busy, KeyRefused, MalformedMediaId, NotCached, Unreachable, VaultError

from .htmx import show_fragment, wants_fragment
from .presenters.removal import words_in_the_way

logger = logging.getLogger(__name__)

STATUS_OF = (
    (MalformedMediaId, 422),
    (NotCached, 404),
    (BadRequest, 422),
    (Busy, 503),
    (Unreachable, 504),
    (VaultError, 502),
)


def say(
    request: Request, title: str, advice: str, *, status: int, detail: str = "", **more: Any
) -> HttpResponse:
    """The trouble page; for htmx a notice beside what stands, or inside the dialog that asked."""
    context = {
        "title": title,
        "advice": advice,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
        "retry": request.get_full_path() if request.method == "GET" else "",
        **{"action": None, "kind": "trouble", "typed": "", "answered": False, "connection": None, **more},
    }
    if getattr(request, "htmx", None) and wants_fragment(request):
        in_dialog = request.method == "POST" and request.htmx.target == "dialog"
        target = "#dialog-notice" if in_dialog else "#notice"
        return show_fragment(request, "trouble/_problem", target=target, status=status, **context)
    return render(request, "trouble/problem.html", context, status=status)


def log(request: Request, error: VaultError) -> None:
    """A line for whoever is told of it."""
    logger.warning(
        "%s from the service: %s (status %s, code %s, its request %s)",
        type(error).__name__,
        error.detail,
        error.status,
        error.code,
        error.request_id,
        extra={"request_id": request.request_id},
    )


def upstream(request: Request, error: VaultError) -> HttpResponse:
    """An error of the service, with its own text beside ours."""
    log(request, error)
    status = next(code for kind, code in STATUS_OF if isinstance(error, kind))
    advice = error.advice
    if isinstance(error, Busy) and error.retry_after:
        advice = f"The service asked to wait {error.retry_after:.0f} s. Then try again."
    if isinstance(error, BadRequest) and request.GET.get("cursor"):
        return stale_cursor(request, error)
    response = say(
        request,
        error.title,
        advice,
        status=status,
        detail="" if isinstance(error, MalformedMediaId) else error.detail,
        answered=error.status is not None,
        kind="key" if isinstance(error, KeyRefused) else "trouble",
        typed=_media_id(request) if isinstance(error, MalformedMediaId) else "",
        retry="" if isinstance(error, KeyRefused | MalformedMediaId) else _retry(request),
        connection=_connection(request),
    )
    if isinstance(error, Busy) and error.retry_after:
        response.headers["Retry-After"] = f"{error.retry_after:.0f}"
    return response


def stale_cursor(request: Request, error: VaultError) -> HttpResponse:
    """A place in the list that the service does not know (any more): the filters are kept."""
    kept = [
        (name, v)
        for name in request.GET
        if name not in ("cursor", "trail")
        for v in request.GET.getlist(name)
    ]
    return say(
        request,
        "This place in the list is gone",
        "A place in the list belongs to the exact filters that led there, and it does not last for ever. "
        "Your filters are kept; start again from the first page.",
        status=422,
        detail=error.detail,
        answered=True,
        retry="",
        connection=_connection(request),
        action=(f"{path_of(request)}?{urlencode(kept)}", "First page with these filters"),
    )


def unknown_connection(request: Request) -> HttpResponse:
    """Said alike of what never was, is archived, or is not theirs to see."""
    media_id = _media_id(request) or request.GET.get("media", "")
    elsewhere = f"{reverse('go')}?{urlencode({'media': media_id, 'ticket': request.GET.get('ticket', '')})}"
    return say(
        request,
        "No such connection",
        "There is no connection of this name that you may see.",
        status=404,
        retry="",
        action=(elsewhere, "Look in your connections")
        if media_id
        else (reverse("home") + "?choose=1", "Choose a connection"),
    )


def in_flight(request: Request, error: InFlight) -> HttpResponse:
    """Another removal of this target is not over."""
    so_far, its_page = words_in_the_way(error.other)
    return say(request, "Already being removed", so_far, status=409, retry="", action=its_page)


def unsealable(request: Request) -> HttpResponse:
    logger.error("a connection's id cannot be opened by any key", extra={"request_id": request.request_id})
    return say(
        request,
        "This connection's ID cannot be opened",
        "It is stored encrypted, and none of the dashboard's keys opens it. Tell your administrator to put "
        "the key that sealed it back into DASHBOARD_DATA_KEYS.",
        status=503,
        retry="",
    )


def form_used(request: Request) -> HttpResponse:
    return say(
        request,
        "This form was used already",
        "Somebody else has pressed the button of this very form. Nothing was sent a second time: open the "
        "item again to see what is there now.",
        status=409,
        retry="",
        connection=_connection(request),
    )


def not_recorded(request: Request) -> HttpResponse:
    return say(
        request,
        "Nothing was removed",
        "The record of this removal could not be written, so no call was made to the service. "
        "Tell your administrator that the dashboard's database does not accept writes.",
        status=503,
        retry="",
    )


def nothing_done(request: Request) -> HttpResponse:
    return say(
        request,
        "Nothing was done",
        "The record of this could not be written, and nothing is done without one. "
        "Tell your administrator that the dashboard's database does not accept writes.",
        status=503,
        retry="",
    )


def outcome_not_recorded(request: Request, error: OutcomeNotRecorded) -> HttpResponse:
    removal = error.removal
    return say(
        request,
        "Sent, but its outcome could not be recorded",
        "The request went to the service, and the dashboard's database did not take what became of it. "
        "Do not press again: look at what is there now, and give your administrator the record's number "
        f"{removal.pk}.",
        status=500,
        retry="",
        action=(removal.get_absolute_url(), "See its record"),
    )


def too_large(request: Request) -> HttpResponse:
    return say(
        request,
        "This is too much at once",
        f"What was sent is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20} MiB, so nothing of it "
        "was taken. Go back: your browser still has what you typed. Send it in several parts.",
        status=413,
        retry="",
    )


def wrong_method(request: Request, allowed: str) -> HttpResponse:
    response = say(
        request,
        "Not done this way",
        "This address does not take what was sent to it. Open it as a page, or go back and use its form.",
        status=405,
        detail=f"{request.method} is not among {allowed}.",
        retry="",
    )
    response.headers["Allow"] = allowed
    return response


@public
def forged_form(request: HttpRequest, reason: str) -> HttpResponse:
    """Django's words of why a form was refused go to its own log; people get ours."""
    return say(
        request,  # type: ignore[arg-type]
        "This form is not from here",
        "The form was too old, or another site sent it. Nothing was done. Go back, reload the page and try "
        "again; your browser must accept this site's cookies.",
        status=403,
        detail="",
        retry="",
    )


def _media_id(request: Request) -> str:
    match = request.resolver_match
    return str(match.kwargs.get("media_id", ""))[:200] if match else ""


def _connection(request: Request) -> Connection | None:
    """The connection that the address names, so that the page keeps its place."""
    slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
    return next((one for one in request.connections if one.slug == slug), None)


def _retry(request: Request) -> str:
    return request.get_full_path() if request.method == "GET" else ""
