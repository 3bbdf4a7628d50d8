"""Saved views: filters of the list under a name, for one connection or any, for oneself or everybody."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q

from . import budgets
from .identity import Caller, Person, Role
from .models import Connection, SavedView
from .problems import Action, Problem
from .vault import MediaQuery


class UnknownView(Problem):
    """No saved view of this number for this person: it never was, is deleted, or is not theirs to see."""

    title = "No such view"
    advice = "There is no saved view here that you may see."
    status = 404
    action = Action("views", "To the saved views")


class ListMissing(Problem):
    """A view was to be saved of no list at all."""

    title = "No list to save a view of"
    advice = "A view is saved from a connection's list: filter it, then choose Views above it."
    status = 422
    action = Action("home", "Choose a connection", "choose=1")


def list_visible(person: Person, connections: Iterable[Connection]) -> list[SavedView]:
    """Return the person's own views and the shared ones, of these connections or of any.

    What is shared for any connection is seen by people who share a connection's group with its author: its
    name may tell of a connection that others may not know. Authors who came to connections by no group saw
    none but those that are open to all, and their views are open to all, too.
    """
    open_to_them = SavedView.objects.filter(is_shared=True) | SavedView.objects.owned_by(person)
    here = Q(connection=None) | Q(connection__in=[one.pk for one in connections])
    views = open_to_them.filter(here).select_related("connection")
    return [view for view in views if view.is_owned_by(person) or view.is_open_to(person.groups)]


def find(pk: int, person: Person, connections: Iterable[Connection]) -> SavedView:
    """Return the view of this number among those. Raises UnknownView."""
    for view in list_visible(person, connections):
        if view.pk == pk:
            return view
    raise UnknownView(pk)


def may_delete(view: SavedView, person: Person) -> bool:
    """Return whether the person may delete the view: their own, and for an admin a shared one."""
    return view.is_owned_by(person) or (view.is_shared and person.may(Role.ADMIN))


def save(
    caller: Caller, name: str, query: MediaQuery, connection: Connection | None, *, is_shared: bool
) -> SavedView | None:
    """Save the view under its name; return None if the person has one of this name.

    Raises budgets.BudgetSpent.
    """
    person = caller.person
    assert person is not None  # noqa: S101 - nobody signed in saves a view
    named = {group for one in Connection.objects.all() for group in one.groups} if connection is None else ()
    view = SavedView(
        issuer=person.issuer,
        subject=person.subject,
        person=person.name,
        name=name,
        connection=connection,
        is_shared=is_shared,
        groups=[group for group in person.groups if group in named],
        query=query.replace().to_url(),
    )
    try:
        with budgets.recorded(caller), transaction.atomic():
            budgets.take_place(caller, "views", SavedView.objects.owned_by(person))
            view.save(force_insert=True)
    except IntegrityError:
        return None
    return view
