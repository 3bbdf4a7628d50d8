"""What a person sees who may not come in: not signed in, in no group, or without the role it takes."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dashboard.identity import Person, Role
from dashboard.request import Request, path_of

from .error_pages import say
from .htmx import page_behind, show_fragment, wants_fragment

MOST_GROUPS: Final = 20
RETRY_AFTER: Final = 10
MISSING: Final = "missing"
"""The reason when nobody was named at all, which the words say already."""


def signed_out(request: Request) -> HttpResponse:
    """Nobody is signed in at the demo: its picker leads back here."""
    if wants_fragment(request):
        return session_ended(request, sign_in_address(way_back(request)))
    return redirect(sign_in_address(way_back(request)))


def refused(request: Request, reason: str) -> HttpResponse:
    """The sign-on did not vouch for anybody. The same address again leads through it and back here."""
    if wants_fragment(request):
        return session_ended(request, way_back(request), reason)
    return say(
        request,
        "You are not signed in",
        "The sign-on in front of this dashboard did not say who you are, or its word was not good any more. "
        "If signing in again does not help, tell your administrator the number below.",
        status=401,
        detail="" if reason == MISSING else reason,
        retry="",
        action=(way_back(request), "Sign in and come back"),
    )


def session_ended(request: Request, sign_in: str, reason: str = "") -> HttpResponse:
    """Beside what stands, so that nothing typed is lost; nothing is sent again by itself."""
    return say(
        request,
        "Your session has ended",
        "What you typed is still here. Sign in again; nothing was sent.",
        status=401,
        detail="" if reason == MISSING else reason,
        retry="",
        action=(sign_in, "Sign in and come back"),
    )


def keys_unavailable(request: Request) -> HttpResponse:
    response = say(
        request,
        "Nobody can be signed in just now",
        "The dashboard cannot reach the keys by which it knows your company's sign-on, or can use none of "
        "them. That is not your mistake. Try again in a moment; if it lasts, tell your administrator.",
        status=503,
        kind="key",
    )
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def no_role(request: Request, person: Person) -> HttpResponse:
    """Signed in, but in none of the groups that give a role: who they are, what was seen, whom to ask."""
    context = {
        "someone": person,
        "groups": person.groups[:MOST_GROUPS],
        "more": len(person.groups[MOST_GROUPS:]),
        "contact": settings.SIGN_ON.contact,
        "request_id": request.request_id,
    }
    if wants_fragment(request):
        return show_fragment(request, "admission/_no_role", target="#notice", status=403, **context)
    return render(request, "admission/no_role.html", context, status=403)


def not_permitted(request: Request, role: Role) -> HttpResponse:
    person = request.person
    who = f"You are {person.name}, {person.role.word}. " if person and person.role else ""
    return say(
        request,
        "Not permitted",
        f"{who}This needs the role {role.word}. Ask your administrator if you should have it.",
        status=403,
        retry="",
    )


def way_back(request: Request) -> str:
    """The address that shows the same place again, of the page that stands under htmx."""
    here = request.get_full_path() if request.method in ("GET", "HEAD") else path_of(request)
    return (page_behind(request) if wants_fragment(request) else "") or here


def sign_in_address(back: str) -> str:
    return f"{reverse('sign-in')}?{urlencode({'next': back})}"
