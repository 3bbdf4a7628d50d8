"""`/c/<slug>/media/<id>/reveal/`: that a variant was revealed by a press, as an event of the audit."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from dashboard.models import Event
from dashboard.sandbox import Sandbox
from dashboard.vault import UnexpectedResponse
from tests.answers import csrf_token, text
from tests.make import HTMX, REFERRED, Browser, operations, signed_in

ITEM = "/c/small/media/odd-label/"
HERE = f"{ITEM}reveal/"


def refuse_writes(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.startswith("INSERT"):
        raise OperationalError("attempt to write a readonly database")
    return execute(sql, *rest)


def told(event: Event) -> tuple[object, ...]:
    return event.code, event.actor_name, event.connection, event.media_id, event.ticket


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    answer = viewer.post(HERE, {"variant": "thumb", "ticket": " ZD-1 "})
    assert (answer.status_code, answer.content) == (204, b"")
    event = Event.objects.get()
    assert told(event) == ("media.revealed", "Vera Lind", "small", "odd-label", "ZD-1")
    assert '"variant":"thumb"' in event.line
    assert operations(sandbox) == []


def test_without_script_the_page_records_what_it_reveals(viewer: Browser) -> None:
    viewer.get(ITEM)
    viewer.get(f"{ITEM}?reveal=nothing-of-it")
    viewer.head(f"{ITEM}?reveal=thumb")
    assert not Event.objects.exists()
    with CaptureQueriesContext(database) as asked:
        assert "<img" in text(viewer.get(f"{ITEM}?reveal=thumb&ticket=ZD-1"))
    written = [
        q["sql"] for q in asked.captured_queries if q["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")
    ]
    assert len(written) == 1
    assert told(Event.objects.get()) == ("media.revealed", "Vera Lind", "small", "odd-label", "ZD-1")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_from_elsewhere_reveals_nothing(viewer: Browser, site: str) -> None:
    hidden = f"{ITEM}?reveal=thumb&ticket=ZD-1"
    there = viewer.get(hidden, headers={"Sec-Fetch-Site": site})
    assert there.status_code == 200
    assert not Event.objects.exists()
    assert re.findall("<(?:img|video|audio)", text(there)) == re.findall(
        "<(?:img|video|audio)", text(viewer.get(ITEM))
    )
    viewer.get(hidden, headers={"Sec-Fetch-Site": "same-origin"})
    assert Event.objects.exists()


@pytest.mark.parametrize("htmx", [False, True])
def test_a_database_that_refuses_writes(viewer: Browser, htmx: bool) -> None:
    headers = HTMX if htmx else {}
    with database.execute_wrapper(refuse_writes):
        pressed = viewer.post(HERE, {"variant": "thumb"}, headers=headers)
        looked = viewer.get(f"{ITEM}?reveal=thumb", headers=headers)
    for answer in (pressed, looked):
        assert answer.status_code == 503
        assert "could not be written" in text(answer)
        assert "<img" not in text(answer)


@pytest.mark.parametrize("said", [{}, {"variants": "thumb"}])
def test_bad_input(viewer: Browser, said: dict[str, str]) -> None:
    assert viewer.post(HERE, said).status_code == 422
    assert viewer.post(HERE, {"variant": "thumb", "ticket": "x" * 101}).status_code == 422
    assert viewer.post("/c/small/media/a%2Fb/reveal/", {"variant": "thumb"}).status_code == 422
    assert viewer.post("/c/nowhere/media/449/reveal/", {"variant": "thumb"}).status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("<script>\n=1+1", "<script>\n=1+1"),
        ("", ""),
        (" ", " "),
        ("x" * 201, "x" * 200),
        ("\U0001f600" * 70_000, "\U0001f600" * 200),
        ("a\0b", "ab"),
        ("\u202efdp.exe", "\u202efdp.exe"),
        ("\ufffd", "\ufffd"),
    ],
)
def test_a_label_of_any_length_and_letters_is_recorded(viewer: Browser, label: str, kept: str) -> None:
    assert viewer.post(HERE, {"variant": label}).status_code == 204
    assert json.loads(Event.objects.get().line)["result"] == {"variant": kept}


def reveal_thumb(viewer: Browser, media_id: str) -> Any:
    answer = viewer.post(f"/c/small/media/{media_id}/reveal/", {"variant": "thumb", "link": "on"})
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_a_table_that_loads_nothing_asks_for_the_link(viewer: Browser, sandbox: Sandbox) -> None:
    answer = reveal_thumb(viewer, "odd-label")
    assert answer["src"].startswith(f"{sandbox.url}/v2/")
    assert answer["reason"] == ""
    assert Event.objects.get().media_id == "odd-label"
    assert sandbox.media_calls == []


@pytest.mark.parametrize(
    ("media_id", "reason"), [("999", "No longer in the cache"), ("odd-many", "No thumb")]
)
def test_a_thumb_without_a_link_says_why(
    viewer: Browser, sandbox: Sandbox, media_id: str, reason: str
) -> None:
    assert reveal_thumb(viewer, media_id) == {"src": "", "reason": reason}


def test_a_link_that_the_service_does_not_bring_is_an_error_in_words(
    viewer: Browser, sandbox: Sandbox
) -> None:
    sandbox.faults.add(status=500, times=None)
    assert reveal_thumb(viewer, "odd-label") == {"src": "", "reason": UnexpectedResponse.title}
    assert Event.objects.get().media_id == "odd-label"


def test_upstream_error(viewer: Browser, sandbox: Sandbox) -> None:
    """The service is not asked, so nothing of it stands in the way."""
    sandbox.faults.add(status=500, times=None)
    assert viewer.post(HERE, {"variant": "thumb"}).status_code == 204


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.post(HERE, {"variant": "thumb"}).status_code == 302
    assert nobody.fragment(HERE, {"variant": "thumb"}, method="post").status_code == 401
    assert not Event.objects.filter(code="media.revealed").exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
    assert not Event.objects.exists()


def test_forged_form(connections: None) -> None:
    browser = signed_in("viewer", enforce_csrf_checks=True)
    token = csrf_token(browser.get(ITEM))
    said = {"variant": "thumb", "csrfmiddlewaretoken": token}
    assert browser.post(HERE, {"variant": "thumb"}, headers=REFERRED).status_code == 403
    assert browser.post(HERE, said, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post(HERE, said, headers=REFERRED).status_code == 204
