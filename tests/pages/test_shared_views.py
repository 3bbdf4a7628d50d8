"""A view shared for every connection is there for people who share a connection's group with its author."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.models import Connection, SavedView
from tests.answers import text
from tests.assertions import GROUPS
from tests.make import Browser, assertion_browser, rewrite

NAME = "Client Miller case 77"
pytestmark = pytest.mark.usefixtures("connections", "behind_sign_on")


def browser(role: str, *groups: str, subject: str = "u-1") -> Browser:
    claims: dict[str, Any] = {"email": f"{subject}@example.com", "name": subject}
    return assertion_browser(GROUPS[role], *groups, subject=subject, **claims)


def share(*groups: str, slug: str = "empty") -> SavedView:
    """Saved by an operator of these groups, as they do it; `empty` is open to all."""
    author = browser("operator", *groups, subject="author")
    add = f"/views/add/?connection={slug}&status=stored"
    said = {"name": NAME, "for_any": "on", "is_shared": "on"}
    assert author.post(add, said).status_code == 303
    assert NAME in text(author.get("/views/")), "their own"
    return SavedView.objects.get()


def places(reader: Browser, view: SavedView) -> list[bool]:
    """Whether it is in the list of views, in the menu, beside a list by its filters, and at its address."""
    delete = reader.get(f"/views/{view.pk}/delete/")
    return [
        NAME in text(reader.get("/views/")),
        NAME in text(reader.fragment("/views/?connection=empty&at=list")),
        NAME in text(reader.get("/c/empty/media/?status=stored")),
        NAME in text(delete) or delete.status_code == 403,
    ]


@pytest.fixture(autouse=True)
def _groups(connections: None) -> None:
    Connection.objects.filter(slug="small").update(groups=["alpha", "both"])
    Connection.objects.filter(slug="big").update(groups=["beta", "both"])


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
@pytest.mark.parametrize(
    ("author", "reader", "is_there"),
    [
        (["beta"], ["alpha"], False),
        (["beta"], [], False),
        (["beta"], ["Beta"], False),
        (["beta"], ["bet", "beta2", "beta "], False),
        (["beta"], ["be ta", "beta\u200b", "\uff42eta", "alpha;beta"], False),
        (["beta"], ["gamma"], False),
        (["beta", "gamma"], ["gamma"], False),  # a group that no connection names
        (["beta"], ["beta"], True),
        (["beta"], ["alpha", "beta"], True),
        (["alpha", "beta"], ["alpha"], True),
        (["both"], ["both"], True),
        (["both"], ["alpha"], False),  # of one connection, by no group of both
        ([], ["alpha"], True),  # of somebody who sees only what everybody sees
        (["gamma"], [], True),
    ],
)
def test_who_sees_it(role: str, author: list[str], reader: list[str], is_there: bool) -> None:
    view = share(*author)
    assert places(browser(role, *reader), view) == [is_there] * 4


def test_a_form_says_nothing_of_groups_or_of_whose_it_is() -> None:
    said = {
        "name": NAME,
        "for_any": "on",
        "is_shared": "on",
        "groups": "[]",
        "subject": "u-1",
        "person": "Else",
    }
    browser("operator", "beta", subject="author").post("/views/add/?connection=empty", said)
    view = SavedView.objects.get()
    assert (view.groups, view.subject, view.person) == (["beta"], "author", "author")
    assert places(browser("viewer", "alpha"), view)[0] is False


@pytest.mark.parametrize(
    ("groups", "told"), [(["beta"], "People who share a group"), ([], "Everybody"), (["gamma"], "Everybody")]
)
def test_its_line_says_for_whom_it_is(groups: list[str], told: str) -> None:
    share(*groups)
    assert f"{told} <small>by author</small>" in text(
        browser("operator", *groups, subject="author").get("/views/")
    )


def test_it_is_as_if_it_never_was() -> None:
    at = f"/views/{share('beta').pk}/delete/"
    admin = browser("admin", "alpha")
    for answer in (admin.get(at), admin.post(at, {"act": "delete"})):
        assert answer.status_code == 404
        assert "author@example.com" not in text(answer)
    assert SavedView.objects.exists()


@pytest.mark.parametrize("groups", [["others"], []])
def test_groups_that_a_connection_has_later_show_it_to_nobody_else(groups: list[str]) -> None:
    view = share("beta")
    Connection.objects.filter(slug="big").update(groups=groups)
    assert places(browser("viewer", "alpha"), view) == [False] * 4
    assert places(browser("viewer", "others"), view) == [False] * 4


def test_an_author_who_moves_takes_it_along_to_nobody() -> None:
    view = share("beta")
    author = browser("operator", "alpha", subject="author")
    assert NAME in text(author.get("/views/"))
    assert places(browser("viewer", "alpha"), view) == [False] * 4
    assert places(browser("viewer", "beta"), view) == [True] * 4


def test_without_groups_everybody_shares() -> None:
    rewrite(Connection.objects, groups=[])
    assert places(browser("viewer"), share("beta")) == [True] * 4


def test_one_of_a_connection_is_for_all_who_see_it() -> None:
    author = browser("operator", "beta", subject="author")
    said = {"name": NAME, "is_shared": "on"}
    assert author.post("/views/add/?connection=empty&status=stored", said).status_code == 303
    assert places(browser("viewer", "alpha"), SavedView.objects.get()) == [True] * 4
