"""Identity for every request, and the role check for every view, closed by default."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from dashboard import accounts, audit, service
from dashboard.auth.backend import get_identity_backend
from dashboard.auth.header import find_client_address
from dashboard.identity import Caller, KeysUnavailable, NotPermitted, Refused
from dashboard.models import Connection
from dashboard.request import Request
from dashboard.security import SAFE_METHODS

from . import access_pages
from .error_pages import render_problem

_UNMARKED: Any = object()

PROBES: Final = ("/healthz", "/readyz")
"""They come past the proxy, without anybody, and are told nothing of media or people."""


class Identity:
    """Sets the request's person, caller and connections; a view runs only for the role that it names."""

    def __init__(self, get_response: Callable[[Request], HttpResponse]) -> None:
        self.get_response = get_response
        self.identify = get_identity_backend(settings.AUTH_CONFIG)

    def __call__(self, request: Request) -> HttpResponse:
        request.person = None
        agent = request.headers.get("User-Agent", "")[:300]
        address = find_client_address(request.META, settings.AUTH_CONFIG.proxies)
        request.caller = Caller(None, address, agent, request.request_id)
        request.connections = cast(
            "list[Connection]", SimpleLazyObject(lambda: service.list_connections(request.person))
        )
        request.account_groups = None
        request.connection = partial(self._find_connection, request)
        if request.path_info in PROBES:
            return self.get_response(request)
        response = self._refusal(request) or self.get_response(request)
        if request.method in SAFE_METHODS:
            self._record_visit(request)
        return response

    def _record_visit(self, request: Request) -> None:
        # Most pages have read the row's groups along with their connection, by the one query they have.
        person, groups = request.person, request.account_groups
        if person and not settings.IS_DEMO and not accounts.is_recorded(person, groups):
            accounts.record_visit(person, request.caller)

    def _find_connection(self, request: Request, slug: str) -> Connection:
        found = service.find_connection(slug, request.person)
        request.account_groups = found.account_groups
        return found

    def _refusal(self, request: Request) -> HttpResponse | None:
        """Find out who it is; the answer to somebody who may not come in at all."""
        try:
            request.person = person = self.identify(request)
        except Refused as refused:
            audit.note("access.refused", request.caller, reason=refused.reason)
            return access_pages.render_refused(request, refused)
        except KeysUnavailable as problem:
            return render_problem(request, problem)
        request.caller = replace(request.caller, person=person)
        if request.method not in SAFE_METHODS:
            self._record_visit(request)  # before a worker may act for them
        if person and person.role is None and request.path_info != reverse("sign-out"):
            seen = list(person.groups[: access_pages.MAX_GROUPS_SHOWN])
            audit.note("access.no_role", request.caller, result={"groups": seen})
            return access_pages.render_no_role(request, person)
        return None

    def process_view(
        self, request: Request, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        role = getattr(view, "needs_role", _UNMARKED)
        if role is None:
            return None
        if role is _UNMARKED:
            raise AssertionError(f"{view.__module__}.{view.__name__} names no role")
        if request.person is None:
            return access_pages.render_signed_out(request)
        if not request.person.may(role):
            address = request.resolver_match.url_name if request.resolver_match else ""
            audit.note("access.denied", request.caller, reason=f"{address} needs {role.word}")
            return render_problem(request, NotPermitted(request.person, role))
        return None
