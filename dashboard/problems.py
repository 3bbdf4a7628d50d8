"""Errors that are told to people, as words and facts; `web.error_pages` shows them."""

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from django.db.models import Model


class Action(NamedTuple):
    """A link that leads out of a problem: to a named page, to the page of a record, or to an address."""

    to: "Model | str"
    text: str
    query: str = ""


class Problem(Exception):
    """An error that is shown to people. Its words are class attributes, or set in the constructor."""

    title: str
    advice: str
    """What it means, and what to do now."""
    status: int
    """The HTTP status; 303 leads on to the action's page and shows nothing."""
    for_admin: str = ""
    """What an administrator can do, with commands and settings between backticks."""
    detail: str = ""
    """A sentence that says it more precisely."""
    is_detail_of_service: bool = False
    retry: bool = False
    """Whether a page that was only read offers "Try again"."""
    retry_after: float | None = None
    """Seconds after which a program may try again."""
    action: Action | None = None
    kind: Literal["trouble", "key", "limit"] = "trouble"
    """The glyph beside the title; a limit is nothing that has to be looked into by its reference."""
    typed: str = ""
    """What the search box holds, to be corrected there."""
    is_in_connection: bool = False
    """Whether the page keeps the tabs of the connection that its address names."""
    log_message: str = ""
    """An error for the log, where the operator has to do something."""
