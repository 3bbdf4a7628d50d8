"""`/views/<number>/delete/`: a saved view is deleted, by whoever saved it, or an admin where it is shared."""

from __future__ import annotations

import pytest

from dashboard.models import SavedView
from tests.answers import text
from tests.make import Browser, saved_view

ACT = {"act": "delete"}


def here(view: SavedView) -> str:
    return f"/views/{view.pk}/delete/"


def test_works(viewer: Browser) -> None:
    mine = saved_view("My films", subject="vera", query="type=video")
    page = text(viewer.get(here(mine)))
    assert "Delete the view “My films”?" in page
    assert "Type: Video" in page
    answer = viewer.post(here(mine), ACT)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/views/")
    assert not SavedView.objects.exists()


def test_an_admin_deletes_what_others_share(admin: Browser) -> None:
    assert admin.post(here(saved_view("Films", is_shared=True)), ACT).status_code == 303
    assert not SavedView.objects.exists()


def test_fragment(viewer: Browser) -> None:
    mine = saved_view("My films", subject="vera")
    assert text(viewer.fragment(here(mine))).lstrip().startswith('<section id="delete"')
    assert viewer.fragment(here(mine), ACT, method="post").headers["HX-Redirect"] == "/views/"


@pytest.mark.parametrize("posted", [{}, {"act": "keep"}])
def test_bad_input(viewer: Browser, posted: dict[str, str]) -> None:
    mine = saved_view("My films", subject="vera")
    assert viewer.post(here(mine), posted).status_code == 422
    assert SavedView.objects.exists()


def test_what_is_somebody_elses_is_as_if_it_never_was(admin: Browser) -> None:
    theirs, shared = saved_view("Hers"), saved_view("Films", is_shared=True)
    shared.delete()
    for view in (theirs, SavedView(pk=10_000)):
        for answer in (admin.get(here(view)), admin.post(here(view), ACT)):
            assert answer.status_code == 404
            assert "No such view" in text(answer)
    assert SavedView.objects.count() == 1


def test_wrong_role(operator: Browser, nobody: Browser) -> None:
    shared = saved_view("Films", is_shared=True)
    assert nobody.get(here(shared)).status_code == 302
    for answer in (operator.get(here(shared)), operator.post(here(shared), ACT)):
        assert answer.status_code == 403
        assert "admin" in text(answer)
    assert SavedView.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(here(saved_view("My films", subject="vera"))).status_code == 405
