"""A removal's one-time token is good for the form that it came with: for one item, one purge or one tray."""

from __future__ import annotations

import pytest

from dashboard import selection
from dashboard.models import Connection, Job, Removal
from dashboard.sandbox import Sandbox
from tests.answers import form_token, hidden_fields, ids_on, text
from tests.make import NEW_ID, OMAR, SMALL_ID, Browser, deletes

PURGE = "/c/small/purge/"
TRAY = "/c/small/tray/"
TO_PURGE = {"typed": "Studio A", "ticket": "ZD-3"}


@pytest.fixture
def here(media_id: str) -> str:
    return f"/c/small/media/{media_id}/delete/"


@pytest.mark.parametrize("htmx", [False, True])
def test_a_form_deletes_only_the_item_it_was_made_for(
    operator: Browser, sandbox: Sandbox, here: str, media_id: str, htmx: bool
) -> None:
    listed = ids_on(operator.get("/c/small/media/?status=stored"))
    other_id = next(one for one in listed if one != media_id and "odd" not in one)
    other = f"/c/small/media/{other_id}/delete/"
    said = {"token": form_token(operator.get(here)), "ticket": "ZD-9", "reason": "typed text"}
    answer = operator.fragment(other, said, method="post") if htmx else operator.post(other, said)
    assert answer.status_code == 422
    assert "made for something else" in text(answer)
    assert "typed text" in text(answer)
    assert f"<code>{other_id}</code>" in text(answer)
    assert deletes(sandbox) == []
    assert not Removal.objects.exists()
    assert operator.post(other, {**said, "token": form_token(answer)}).status_code == 200
    assert [path.rpartition("/")[2] for path in deletes(sandbox)] == [other_id]


def test_a_form_of_one_connection_deletes_nothing_in_another(
    operator: Browser, sandbox: Sandbox, here: str, media_id: str
) -> None:
    said = {"token": form_token(operator.get(here))}
    for slug, connection_id in (("small", NEW_ID), ("empty", SMALL_ID)):  # now the item is there
        connection = Connection.objects.get(slug=slug)
        connection.set_connection_id(connection_id)
        connection.save()
    answer = operator.post(f"/c/empty/media/{media_id}/delete/", said)
    assert answer.status_code == 422
    assert deletes(sandbox) == []


def test_the_token_of_another_form_purges_nothing(admin: Browser, sandbox: Sandbox, media_id: str) -> None:
    said = {**TO_PURGE, **hidden_fields(admin.get(PURGE))}
    for other in (f"/c/small/media/{media_id}/delete/", "/c/big/purge/"):
        answer = admin.post(PURGE, {**said, "token": form_token(admin.get(other))})
        assert answer.status_code == 422
        assert "made for something else" in text(answer)
        assert deletes(sandbox) == []
    assert admin.post(PURGE, {**said, **hidden_fields(answer)}).status_code == 200


def test_the_token_of_another_form_begins_nothing(operator: Browser, media_id: str) -> None:
    small = Connection.objects.get(slug="small")
    assert OMAR.person
    selection.add(OMAR.person, small, [(media_id, 1, 1)])
    token = form_token(operator.get(f"/c/small/media/{media_id}/delete/"))
    answer = operator.post(TRAY, {**hidden_fields(operator.get(TRAY)), "token": token})
    assert answer.status_code == 422
    assert "made for something else" in text(answer)
    assert not Job.objects.exists()
    assert operator.post(TRAY, hidden_fields(answer)).status_code == 303
