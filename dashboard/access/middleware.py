"""Identity for every request, and the role check for every view, closed by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpResponse
from django.utils.functional import SimpleLazyObject

from dashboard import service
from dashboard.models import Connection
from dashboard.request import Request
from dashboard.views import trouble

from .demo import identify
from .identity import Caller

_UNMARKED: Any = object()


class Identity:
    """Sets `request.person` and `request.connections`; a view runs only when the role reaches its mark."""

    def __init__(self, get_response: Callable[[Request], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        request.person = person = identify(request)
        agent = request.headers.get("User-Agent", "")[:300]
        request.caller = Caller(person, request.META.get("REMOTE_ADDR", ""), agent, request.request_id)
        request.connections = cast("list[Connection]", SimpleLazyObject(lambda: service.connections(person)))
        return self.get_response(request)

    def process_view(
        self, request: Request, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        role = getattr(view, "needs_role", _UNMARKED)
        if role is None:
            return None
        if role is _UNMARKED:
            raise AssertionError(f"{view.__module__}.{view.__name__} names no role")
        if request.person is None:
            return trouble.signed_out(request)
        if not request.person.may(role):
            return trouble.not_permitted(request, role)
        return None
