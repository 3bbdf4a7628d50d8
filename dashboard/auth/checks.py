"""System checks that stop a start: `manage.py` runs them for its commands, `server.py` for gunicorn."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.checks import Error
from django.urls import URLPattern, URLResolver, get_resolver


def check_view_roles(app_configs: Any = None, **options: Any) -> list[Error]:
    """Return an error for each view that has an address and names no role."""
    return [
        Error(
            f"The view {pattern.lookup_str} names no role.",
            hint="Mark it with `needs` or `public` of dashboard.auth.roles.",
            id="dashboard.E001",
        )
        for pattern in find_patterns(get_resolver().url_patterns)
        if not hasattr(pattern.callback, "needs_role")
    ]


def find_patterns(entries: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Return every address of a URL configuration, those of included ones too."""
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from find_patterns(entry.url_patterns)
        else:
            yield entry
