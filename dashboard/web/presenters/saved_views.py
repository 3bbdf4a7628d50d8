"""Saved views as pages print them: the menu beside the list, where each leads, and its filters in words."""

from typing import Final, NamedTuple
from urllib.parse import urlencode

from dashboard.identity import Person
from dashboard.models import Connection, SavedView
from dashboard.saved_views import list_visible
from dashboard.vault import DEFAULT_ITEMS_PER_PAGE, MediaQuery
from dashboard.web.addresses import reverse_url

from .media_list import SORT_WORDS, describe_filter, list_filters

BUILT_IN: Final = (("connection-stuck", "Stuck"), ("connection-expiring", "Links expiring"))
"""Views that everybody has: the name of the page, and the word for it."""


class MenuEntry(NamedTuple):
    """A line of the menu; `person` is who shared it, where that is somebody else."""

    name: str
    href: str
    is_current: bool = False
    person: str = ""


class Menu:
    """The menu beside the list: the built-in views, the reader's own, and what others share."""

    def __init__(
        self,
        person: Person,
        connection: Connection,
        query: MediaQuery | None = None,
        here: str = "",
        *,
        is_opened: bool = False,
    ) -> None:
        """On the list, `query` is what it asks; on the page of a built-in view, `here` is its name.

        A list as it comes bears no view's name: its views are read when the menu is opened.
        """
        asked = None if query is None else query.replace().to_url()
        is_named = query is not None and bool(query.sort or list_filters(query))
        self.views = list_visible(person, [connection]) if is_named or is_opened else None
        views = self.views or []
        self.built_in = [
            MenuEntry(word, reverse_url(name, connection.slug), name == here) for name, word in BUILT_IN
        ]
        self.mine = [_build_entry(view, connection, asked) for view in views if view.is_owned_by(person)]
        self.shared = [
            _build_entry(view, connection, asked)._replace(person=view.person)
            for view in views
            if not view.is_owned_by(person)
        ]
        self.every = [*self.built_in, *self.mine, *self.shared]
        self.current = next((one.name for one in self.every if one.is_current), "")
        self.save_href = "" if query is None else build_save_href(connection, query)
        place = urlencode({"connection": connection.slug, **({} if asked is None else {"at": "list"})})
        self.href = f"{reverse_url('views')}?{'&'.join(filter(None, (place, asked)))}"


def _build_entry(view: SavedView, connection: Connection, asked: str | None) -> MenuEntry:
    return MenuEntry(view.name, build_view_href(view, connection), view.query == asked)


def build_save_href(connection: Connection, query: MediaQuery) -> str:
    """Return the address where these filters are saved under a name."""
    asked = urlencode({"connection": connection.slug}), query.replace().to_url()
    return f"{reverse_url('view-add')}?{'&'.join(filter(None, asked))}"


def build_view_href(view: SavedView, connection: Connection) -> str:
    """Return the address of the list by the view's filters."""
    return f"{connection.media_url}?{view.query}" if view.query else connection.media_url


def describe_view(view: SavedView) -> list[str]:
    """Return its filters in words, or as they are written where they cannot be read any more."""
    try:
        return describe_query(MediaQuery.from_url(view.query))
    except ValueError:
        return [view.query]


def describe_query(query: MediaQuery) -> list[str]:
    """Return in words what the list is filtered and sorted by."""
    texts = [describe_filter(name, query) for name in list_filters(query)]
    if query.sort:
        texts.append(f"Sort: {SORT_WORDS[query.sort]}")
    if query.limit != DEFAULT_ITEMS_PER_PAGE:
        texts.append(f"{query.limit} a page")
    return texts
