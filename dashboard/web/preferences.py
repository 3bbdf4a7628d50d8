"""Preferences of this browser, kept in the signed session cookie."""

from dataclasses import dataclass, fields

from django.conf import settings

from dashboard.request import Request


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of one browser."""

    media: str
    layout: str = "table"
    theme: str = "system"
    keys: str = "on"
    chosen: str = ""


def read(request: Request) -> Preferences:
    """Return the reader's preferences, whole; a page of errors from before the session has the defaults."""
    session = getattr(request, "session", None) or {}
    kept = {field.name: session[field.name] for field in fields(Preferences) if session.get(field.name)}
    return Preferences(**{"media": settings.DASHBOARD_MEDIA_MODE, **kept})


def remember(request: Request, **values: str | None) -> None:
    """Keep those of `values` that are given."""
    for name, value in values.items():
        if value and request.session.get(name) != value:
            request.session[name] = value
