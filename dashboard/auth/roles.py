"""The role that each view needs. A view that names none is closed to all."""

from collections.abc import Callable
from typing import Any, TypeVar

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
