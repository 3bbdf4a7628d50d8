"""Saved views: filters of the list under a name, for one connection or any, for oneself or everybody.

A view is an address. Whoever opens one sees the list by its filters, and may pass the link on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from .identity import Person, Role
from .models import Connection, SavedView
from .vault import DEFAULT_LIMIT, MediaQuery
from .vault.query import FILTERING
from .web.forms import MediaFilterForm
from .web.presenters.media_list import SORT_WORDS, chip_text

BUILT_IN: Final = (("connection-stuck", "Stuck"), ("connection-expiring", "Links expiring"))
"""Views that everybody has: the name of the page, and the word for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; `person` is who shared it, where that is somebody else."""

    name: str
    href: str
    is_current: bool = False
    person: str = ""


class Menu:
    """What the list offers beside it: the built-in views, the reader's own, and what others share."""

    def __init__(
        self, person: Person, connection: Connection, query: MediaQuery | None = None, here: str = ""
    ) -> None:
        """On the list, `query` is what it asks; on the page of a built-in view, `here` is its name."""
        asked = None if query is None else query.replacing().as_url()
        views = list(visible(person, [connection]))
        self.built_in = [
            Entry(word, reverse(name, args=[connection.slug]), name == here) for name, word in BUILT_IN
        ]
        self.mine = [entry(view, connection, asked) for view in views if is_own(view, person)]
        self.shared = [
            replace(entry(view, connection, asked), person=view.person)
            for view in views
            if not is_own(view, person)
        ]
        self.current = next((one.name for one in self.every if one.is_current), "")
        self.save_href = "" if query is None else save_href(connection, query)

    @property
    def every(self) -> list[Entry]:
        return [*self.built_in, *self.mine, *self.shared]


def entry(view: SavedView, connection: Connection, asked: str | None) -> Entry:
    return Entry(view.name, href(view, connection), view.query == asked)


def save_href(connection: Connection, query: MediaQuery) -> str:
    """Where these filters are saved under a name."""
    asked = urlencode({"connection": connection.slug}), query.replacing().as_url()
    return f"{reverse('view-add')}?{'&'.join(filter(None, asked))}"


def href(view: SavedView, connection: Connection) -> str:
    """The list by the view's filters."""
    return f"{connection.media_url}?{view.query}" if view.query else connection.media_url


def visible(person: Person, connections: Iterable[Connection]) -> QuerySet[SavedView]:
    """The person's own views and the shared ones, of these connections or of any."""
    theirs = Q(is_shared=True) | Q(issuer=person.issuer, subject=person.subject)
    here = Q(connection=None) | Q(connection__in=[one.pk for one in connections])
    return SavedView.objects.filter(theirs & here)


def is_own(view: SavedView, person: Person) -> bool:
    return (view.issuer, view.subject) == (person.issuer, person.subject)


def may_delete(view: SavedView, person: Person) -> bool:
    """One's own; and an admin what is shared."""
    return is_own(view, person) or (view.is_shared and person.may(Role.ADMIN))


def save(
    person: Person, name: str, query: MediaQuery, connection: Connection | None, *, is_shared: bool
) -> SavedView | None:
    """The view under its name; None where the person has one of this name."""
    view = SavedView(
        issuer=person.issuer,
        subject=person.subject,
        person=person.name,
        name=name,
        connection=connection,
        is_shared=is_shared,
        query=query.replacing().as_url(),
    )
    try:
        with transaction.atomic():
            view.save(force_insert=True)
    except IntegrityError:
        return None
    return view


def words(view: SavedView) -> list[str]:
    """Its filters in words; as they are written where they cannot be read any more."""
    form = MediaFilterForm(QueryDict(view.query))
    return query_words(form.query()) if form.is_valid() else [view.query]


def query_words(query: MediaQuery) -> list[str]:
    """What the list is filtered and sorted by."""
    said = [chip_text(name, query) for name in FILTERING if getattr(query, name) is not None]
    if query.sort:
        said.append(f"Sort: {SORT_WORDS[query.sort]}")
    if query.limit != DEFAULT_LIMIT:
        said.append(f"{query.limit} a page")
    return said
