"""Pages for people who may not come in: not signed in, or signed in without a role."""

from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dashboard.identity import TOO_LONG_AGO, Person, Refused, SignInNotEnough
from dashboard.problems import Action, Problem
from dashboard.request import Request, escape_path

from .error_pages import render_problem
from .htmx import find_page_behind, show_fragment, wants_fragment

MAX_GROUPS_SHOWN: Final = 20
MISSING: Final = "missing"
"""The reason when nobody was named at all, which the words say already."""


class NotSignedIn(Problem):
    """The sign-on did not vouch for anybody. The same address again leads through it and back here."""

    title = "You are not signed in"
    advice = (
        "Your sign-on did not say who you are, or what it said is no longer valid. "
        "If signing in again doesn't help, give your administrator the reference below."
    )
    status = 401

    def __init__(self, sign_in: str, reason: str = MISSING) -> None:
        super().__init__(reason)
        self.detail = "" if reason == MISSING else reason
        self.action = Action(sign_in, "Sign in and come back")


class SessionEnded(NotSignedIn):
    """The same beside what stands, so that nothing typed is lost; nothing is sent again by itself."""

    title = "Your session has ended"
    advice = "What you typed is still here. Sign in again; nothing was sent."


class NotSignedInEnough(NotSignedIn):
    """Signed in, but not by the method, or not as lately, as is asked for: this session brings no other."""

    title = "A stronger sign-in is needed"
    advice = (
        "You are signed in, but not by a method that this dashboard accepts. Nothing was done. Sign out, "
        "then sign in again by your company's stronger method, such as a security key. If that doesn't help, "
        "give your administrator the reference below."
    )

    def __init__(self, way_back: str, reason: str) -> None:
        super().__init__(way_back, reason)
        if reason == TOO_LONG_AGO:
            self.title = "You signed in too long ago"
            self.advice = (
                "This dashboard asks for a recent sign-in. Nothing was done. Sign out, then sign in again. "
                "If that doesn't help, give your administrator the reference below."
            )
        if away := settings.AUTH_CONFIG.sign_out_url:
            self.action = Action(away, "Sign out")


def render_signed_out(request: Request) -> HttpResponse:
    """Return the way to the demo's picker, which leads back here."""
    sign_in = f"{reverse('sign-in')}?{urlencode({'next': find_way_back(request)})}"
    if wants_fragment(request):
        return render_problem(request, SessionEnded(sign_in))
    return redirect(sign_in)


def render_refused(request: Request, refused: Refused) -> HttpResponse:
    """Return the page for somebody whom the sign-on did not vouch for, with the reason if it is news."""
    problem: type[NotSignedIn] = SessionEnded if wants_fragment(request) else NotSignedIn
    if isinstance(refused, SignInNotEnough):
        problem = NotSignedInEnough
    return render_problem(request, problem(find_way_back(request), refused.reason))


def render_no_role(request: Request, person: Person) -> HttpResponse:
    """Return who is signed in, in which groups, and whom to ask for a role."""
    context = {
        "someone": person,
        "groups": person.groups[:MAX_GROUPS_SHOWN],
        "more": len(person.groups[MAX_GROUPS_SHOWN:]),
        "contact": settings.AUTH_CONFIG.contact,
        "request_id": request.request_id,
    }
    if wants_fragment(request):
        return show_fragment(request, "admission/_no_role", target="#notice", status=403, **context)
    return render(request, "admission/no_role.html", context, status=403)


def find_way_back(request: Request) -> str:
    """Return the address that shows the same place again: of the page that stands under htmx, if any."""
    here = request.get_full_path() if request.method in ("GET", "HEAD") else escape_path(request)
    return (find_page_behind(request) if wants_fragment(request) else "") or here
