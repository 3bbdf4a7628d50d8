"""Preferences of this browser, kept in the signed session cookie."""

from dataclasses import dataclass, fields

from django.conf import settings

from dashboard.request import Request
from dashboard.settings import MEDIA_MODES


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
    if kept.get("media") not in list_media_modes():
        kept["media"] = settings.DASHBOARD_MEDIA_MODE
    return Preferences(**kept)


def list_media_modes() -> tuple[str, ...]:
    """Return the media modes that may be chosen: all, or those that show no more than the organisation's."""
    open_to = MEDIA_MODES.index(settings.DASHBOARD_MEDIA_MODE) + 1
    return MEDIA_MODES[:open_to] if settings.DASHBOARD_MEDIA_CEILING else MEDIA_MODES


def remember(request: Request, **values: str | None) -> None:
    """Keep those of `values` that are given."""
    for name, value in values.items():
        if value and request.session.get(name) != value:
            request.session[name] = value
