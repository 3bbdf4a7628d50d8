"""Sign in to the demo, sign out, and keep this browser's preferences."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import reveals
from dashboard.auth import demo
from dashboard.auth.roles import public
from dashboard.identity import Role
from dashboard.request import Request
from dashboard.web import preferences as browser_preferences
from dashboard.web.forms.account import PreferencesForm, SignInForm
from dashboard.web.htmx import go_to, wants_fragment
from dashboard.web.methods import acts


@require_http_methods(["GET", "HEAD", "POST"])
@public
def sign_in(request: Request) -> HttpResponse:
    """Show the demo's picker of three people; each press is a sign-in. Elsewhere the proxy does it."""
    if not settings.IS_DEMO:
        raise Http404
    form = SignInForm(request.POST if request.method == "POST" else None)
    back = find_way_back(request)
    if form.is_valid():
        demo.sign_in_as(request, form.cleaned_data["role"])
        return go_to(request, back)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "people": demo.DEMO_PEOPLE.items(), "back": back}
    return render(request, "account/sign_in.html", context, status=status)


@require_POST
@public
def sign_out(request: Request) -> HttpResponse:
    """Forget this browser, and lead on to where the sign-on forgets it too."""
    request.session.flush()
    onward = reverse("sign-in") if settings.IS_DEMO else settings.AUTH_CONFIG.sign_out_url
    if settings.IS_DEMO or (onward and wants_fragment(request)):
        response = go_to(request, onward)
    else:  # no redirect: `form-action 'self'` would hold it back at another host
        response = render(request, "account/signed_out.html", {"onward": onward})
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@acts(Role.VIEWER)
def preferences(request: Request) -> HttpResponse:
    """Keep what is given and go back; an unknown value is refused, and another media mode is recorded."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return HttpResponse("No such preference.\n", status=422, content_type="text/plain")
    before, chosen = browser_preferences.read(request).media, form.cleaned_data["media"]
    if chosen and chosen != before:
        shows_more = browser_preferences.shows_more(chosen, before)
        reveals.record_mode(request.caller, before, chosen, shows_more=shows_more)
    browser_preferences.remember(request, **form.cleaned_data)
    if wants_fragment(request) and not form.cleaned_data["media"]:
        return HttpResponse(status=204)  # the page has dressed itself already
    return go_to(request, find_way_back(request))


def find_way_back(request: Request) -> str:
    """Return where `next` leads, if it leads to a page of ours; else the start."""
    back = request.POST.get("next") or request.GET.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return back if ours and back.startswith("/") else "/"
