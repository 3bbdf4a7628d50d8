"""Preferences of this browser, kept in the signed session cookie."""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Final

from django.conf import settings

from dashboard.request import Request
from dashboard.settings import MEDIA_MODES

_CHOSEN_BY: Final = "media_by"


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of one browser."""

    media: str
    layout: str = "table"
    theme: str = "system"
    keys: str = "on"
    chosen: str = ""


def read(request: Request) -> Preferences:
    """Return the reader's preferences, whole; a page of errors from before the session has the defaults.

    The media mode is kept for the person who chose it: for them it was recorded.
    """
    session = getattr(request, "session", None) or {}
    kept = {field.name: session[field.name] for field in fields(Preferences) if session.get(field.name)}
    is_theirs = session.get(_CHOSEN_BY, "") == _fingerprint_person(request)
    if not is_theirs or kept.get("media") not in list_media_modes():
        kept["media"] = settings.DASHBOARD_MEDIA_MODE
    return Preferences(**kept)


def list_media_modes() -> tuple[str, ...]:
    """Return the media modes that may be chosen: all, or those that show no more than the organisation's."""
    open_to = MEDIA_MODES.index(settings.DASHBOARD_MEDIA_MODE) + 1
    return MEDIA_MODES[:open_to] if settings.DASHBOARD_MEDIA_CEILING else MEDIA_MODES


def shows_more(mode: str, other: str) -> bool:
    """Return whether a media mode shows more than the other."""
    return MEDIA_MODES.index(mode) > MEDIA_MODES.index(other)


def remember(request: Request, **values: str | None) -> None:
    """Keep those of `values` that are given."""
    if values.get("media"):
        values[_CHOSEN_BY] = _fingerprint_person(request)
    for name, value in values.items():
        if value and request.session.get(name) != value:
            request.session[name] = value


def _fingerprint_person(request: Request) -> str:
    """Return a short text that stands for the person; "" for nobody."""
    person = getattr(request, "person", None)
    if person is None:
        return ""
    return hashlib.sha256(json.dumps([person.issuer, person.subject]).encode()).hexdigest()[:16]
