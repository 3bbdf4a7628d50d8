"""`/views/`: every saved view that a person may open."""

from __future__ import annotations

import pytest

from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from tests.answers import rows_of, text
from tests.make import Browser, operations, rewrite, saved_view

HERE = "/views/"


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    small = Connection.objects.get(slug="small")
    saved_view("Everybody's films", is_shared=True, query="type=video", connection=small)
    saved_view("My own", subject="vera", query="status=stored&sort=createdAt_desc&limit=25")
    saved_view("Nobody else's")
    page = viewer.get(HERE)
    first, second = rows_of(page)
    assert first == "Everybody's films Studio A Type: Video Everybody by Gerda Gone"
    assert second == ("My own Every connection Status: Stored Sort: Newest first seen 25 a page You Delete…")
    assert "/c/small/media/?type=video" in text(page)
    assert operations(sandbox) == []


def test_a_view_for_every_connection_leads_to_the_one_looked_at_last(viewer: Browser) -> None:
    saved_view("Films", is_shared=True, query="type=video")
    assert "type=video" not in text(viewer.get(HERE))
    viewer.get("/c/empty/media/")
    assert 'href="/c/empty/media/?type=video"' in text(viewer.get(HERE))


def test_what_is_of_a_connection_that_is_not_theirs_is_not_there(viewer: Browser) -> None:
    small = Connection.objects.get(slug="small")
    saved_view("Films", is_shared=True, connection=small)
    saved_view("My films", subject="vera", connection=small)
    rewrite(Connection.objects.filter(pk=small.pk), groups=["others"])
    assert rows_of(viewer.get(HERE)) == []


def test_filters_that_cannot_be_read_any_more_stand_as_they_are(viewer: Browser) -> None:
    saved_view("Old", is_shared=True, query="status=melted")
    assert "status=melted" in text(viewer.get(HERE))


def test_an_admin_may_delete_what_others_share(admin: Browser) -> None:
    saved_view("Films", is_shared=True)
    assert "Delete the view Films" in text(admin.get(HERE))


def test_empty(viewer: Browser) -> None:
    assert "No view is saved yet" in text(viewer.get(HERE))


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
