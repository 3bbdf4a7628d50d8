"""The role that each view needs. A view that names none is closed to all, and stops the start."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.core.checks import Error
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.identity import Role

View = TypeVar("View", bound=Callable[..., Any])


def needs(role: Role) -> Callable[[View], View]:
    """Mark a view with the least role that may use it; `web.identity_middleware` enforces it."""

    def mark(view: View) -> View:
        view.needs_role = role  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as open to everybody, signed in or not."""
    view.needs_role = None  # type: ignore[attr-defined]
    return view


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
