"""Decorators that mark a view with the role that it needs and the HTTP methods that it takes."""

from collections.abc import Callable

from django.views.decorators.http import require_http_methods

from dashboard.auth.roles import View, needs
from dashboard.identity import Role


def _mark(*methods: str) -> Callable[[Role], Callable[[View], View]]:
    return lambda role: lambda view: require_http_methods(methods)(needs(role)(view))


shows = _mark("GET", "HEAD")
sends_file = _mark("GET")
"""Nobody takes anything away by HEAD."""
acts = _mark("POST")
asks_and_acts = _mark("GET", "HEAD", "POST")
