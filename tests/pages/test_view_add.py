"""`/views/add/`: keeping the list's filters under a name."""

from __future__ import annotations

import re
from html import unescape

import pytest

from dashboard.models import SavedView
from dashboard.sandbox import Sandbox
from tests.answers import errors_of, text
from tests.make import Browser, operations, saved_view

HERE = "/views/add/?connection=small&status=stored&createdAtFrom=2026-01-01"
LIST = "/c/small/media/?status=stored&createdAtFrom=2026-01-01T00%3A00%3A00.000Z"


def menu_of(browser: Browser, address: str) -> str:
    """The menu of views of the list at this address, with what it asks for when it is opened."""
    page = text(browser.get(address))
    menu = unescape(page.partition('id="views-menu"')[2].partition("</nav>")[0])
    later = re.search('id="saved"[^>]* hx-get="([^"]+)"', menu)
    return menu + unescape(text(browser.fragment(later[1]))) if later else menu


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    asked = text(viewer.get(HERE))
    assert "Status: Stored" in asked
    assert "First seen since 2026-01-01" in asked
    answer = viewer.post(HERE, {"name": "Stored this year"})
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    (view,) = SavedView.objects.all()
    assert (view.name, view.person, view.is_shared) == ("Stored this year", "Vera Lind", False)
    assert view.connection
    assert (view.connection.slug, f"/c/small/media/?{view.query}") == ("small", LIST)
    assert operations(sandbox) == []


def test_the_list_offers_it_and_marks_it_where_its_filters_stand(viewer: Browser) -> None:
    viewer.post(HERE, {"name": "Stored this year"})
    link = re.escape(LIST)
    assert re.search(rf'href="{link}">Stored this year', menu_of(viewer, "/c/small/media/"))
    marked = menu_of(viewer, "/c/small/media/?createdAtFrom=2026-01-01T00:00Z&status=stored")
    assert re.search(rf'href="{link}" aria-current="true">Stored this year', marked)
    assert "Stored this year" not in menu_of(viewer, "/c/empty/media/")


def test_its_address_holds_the_whole_view_but_not_the_place(viewer: Browser) -> None:
    saved = re.search(r'href="(/views/add/[^"]+)"', menu_of(viewer, "/c/small/media/?limit=5&type=image"))
    assert saved
    assert saved[1] == "/views/add/?connection=small&type=image&limit=5"
    viewer.post(f"{saved[1]}&cursor=elsewhere&trail=there", {"name": "Five"})
    assert SavedView.objects.get().query == "type=image&limit=5"


def test_for_every_connection(viewer: Browser) -> None:
    viewer.post(HERE, {"name": "Anywhere", "for_any": "on"})
    assert SavedView.objects.get().connection is None
    assert LIST.replace("small", "empty") in menu_of(viewer, "/c/empty/media/")


def test_what_an_operator_shares_others_find(operator: Browser, viewer: Browser) -> None:
    operator.post(HERE, {"name": "For all", "is_shared": "on"})
    operator.post(HERE, {"name": "For me"})
    menu = menu_of(viewer, "/c/small/media/")
    assert "For all<small>Omar Haddad</small>" in menu
    assert "For me" not in menu


def test_fragment(viewer: Browser) -> None:
    assert text(viewer.fragment(HERE)).lstrip().startswith('<section id="add"')
    answer = viewer.fragment(HERE, {"name": "Films"}, method="post")
    assert answer.headers["HX-Redirect"] == LIST


def test_empty_filters_are_a_view_too(viewer: Browser) -> None:
    answer = viewer.post("/views/add/?connection=small", {"name": "Everything"})
    assert answer.headers["Location"] == "/c/small/media/"
    assert SavedView.objects.get().query == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "1 to 60"),
        ("   ", "1 to 60"),
        ("x" * 61, "at most 60"),
        ("a\u200bb", "seen"),
        ("conn_abcdef012345", "ID"),
    ],
)
def test_bad_input(viewer: Browser, name: str, reason: str) -> None:
    answer = viewer.post(HERE, {"name": name})
    assert answer.status_code == 422
    assert reason in " ".join(errors_of(answer))
    assert not SavedView.objects.exists()


def test_a_name_is_given_once_by_each_person(viewer: Browser, operator: Browser) -> None:
    viewer.post(HERE, {"name": "Films"})
    answer = viewer.post("/views/add/?connection=empty", {"name": " Films ", "for_any": "on"})
    assert answer.status_code == 422
    assert "of this name already" in " ".join(errors_of(answer))
    assert 'value="Films"' in text(answer) or 'value=" Films "' in text(answer)
    assert operator.post(HERE, {"name": "Films"}).status_code == 303
    assert SavedView.objects.count() == 2


@pytest.mark.parametrize("query", ["status=lost", "limit=1000", "createdAtTo=soon", "type=image&type=video"])
def test_filters_that_cannot_be_read_are_not_kept(viewer: Browser, query: str) -> None:
    for answer in (
        viewer.get(f"/views/add/?connection=small&{query}"),
        viewer.post(f"/views/add/?connection=small&{query}", {"name": "Lost"}),
    ):
        assert answer.status_code == 422
        assert "cannot be read" in text(answer)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 422, "No list to save"),
        ("?connection=", 422, "No list"),
        ("?connection=nowhere", 404, "may see"),
        ("?connection=%00", 404, "may see"),
    ],
)
def test_no_connection(viewer: Browser, query: str, status: int, words: str) -> None:
    for answer in (viewer.get(f"/views/add/{query}"), viewer.post(f"/views/add/{query}", {"name": "Films"})):
        assert answer.status_code == status
        assert words in text(answer)
    assert not SavedView.objects.exists()


def test_wrong_role(nobody: Browser, viewer: Browser) -> None:
    assert nobody.get(HERE).status_code == 302
    assert 'name="is_shared"' not in text(viewer.get(HERE))
    answer = viewer.post(HERE, {"name": "For all", "is_shared": "on"})
    assert answer.status_code == 422
    assert "operator" in " ".join(errors_of(answer))
    saved_view("Hers")
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405


def test_the_view_of_a_list_of_another_length_is_marked_when_the_menu_opens(
    viewer: Browser,
) -> None:
    viewer.post("/views/add/?connection=small", {"name": "As it comes"})
    viewer.post("/views/add/?connection=small&limit=100", {"name": "By the hundred"})
    marked = re.findall(r' aria-current="true">([^<]+)', menu_of(viewer, "/c/small/media/?limit=100"))
    assert marked == ["By the hundred"]
    assert re.findall(r' aria-current="true">([^<]+)', menu_of(viewer, "/c/small/media/")) == ["As it comes"]
    assert re.findall(r' aria-current="true">([^<]+)', menu_of(viewer, "/c/small/stuck/")) == ["Stuck"]
