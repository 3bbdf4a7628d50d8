"""The sheet of keys: a page of its own, and a dialog over whichever page one is at."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from dashboard.access import Role, needs
from dashboard.htmx import show
from dashboard.request import Request


@require_safe
@needs(Role.VIEWER)
def keys(request: Request) -> HttpResponse:
    """What each key does, and the switch that turns them off."""
    return show(request, "keys/keys")
