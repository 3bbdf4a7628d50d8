"""The sheet of keys: a page of its own, and a dialog over whichever page one is at."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from dashboard.auth.roles import needs
from dashboard.identity import Role
from dashboard.request import Request
from dashboard.web.htmx import show


@require_safe
@needs(Role.VIEWER)
def keys(request: Request) -> HttpResponse:
    """What each key does, and the switch that turns them off."""
    return show(request, "keys/keys")
