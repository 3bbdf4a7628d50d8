"""Type hints for a request as our views know it: with the person, htmx's details and an id for the record."""

from collections.abc import Callable
from typing import TypeAlias, cast

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path
from django_htmx.middleware import HtmxDetails

from .identity import Caller, Person
from .models import Connection

GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
"""What a middleware calls to have a request answered."""


class Request(HttpRequest):
    """For type hints only: the middleware puts these on Django's own request."""

    htmx: HtmxDetails
    session: SessionBase
    person: Person | None
    caller: Caller
    request_id: str
    connections: list[Connection]
    """Those the person may see, read once a request and only when asked for."""
    connection: Callable[[str], Connection]
    """Returns the one of these with this slug; raises UnknownConnection."""
    account_groups: str | None
    """The groups in the person's account, as JSON; None until a connection was read."""


def escape_path(request: HttpRequest) -> str:
    """Return the page's address without its query, escaped as a link needs it."""
    return escape_uri_path(request.path)


def get_reader(request: Request) -> Person:
    """Return the person who looks: a view that needs a role runs for nobody who is not known."""
    return cast("Person", request.person)
