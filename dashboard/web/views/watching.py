"""The views that everybody has: what is stuck, and which links end soon."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from dashboard.auth.roles import needs
from dashboard.identity import Role
from dashboard.request import Request, reader
from dashboard.web import preferences
from dashboard.web.htmx import show
from dashboard.web.presenters.expiring import ExpiringPage
from dashboard.web.presenters.saved_views import Menu
from dashboard.web.presenters.stuck import StuckPage


@require_safe
@needs(Role.VIEWER)
def connection_stuck(request: Request, slug: str) -> HttpResponse:
    """Items with variants that have waited, or been stored, for more than an hour."""
    connection = request.connection(slug)
    preferences.remember(request, chosen=slug)
    menu = Menu(reader(request), connection, here="connection-stuck")
    return show(request, "connection/stuck", connection=connection, menu=menu, page=StuckPage(connection))


@require_safe
@needs(Role.VIEWER)
def connection_expiring(request: Request, slug: str) -> HttpResponse:
    """The links that end soonest, as the last scan met them."""
    connection = request.connection(slug)
    preferences.remember(request, chosen=slug)
    menu = Menu(reader(request), connection, here="connection-expiring")
    return show(
        request, "connection/expiring", connection=connection, menu=menu, page=ExpiringPage(connection)
    )
