"""`/c/<slug>/media/<id>/delete/`: GET asks, POST removes the item with all its variants."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from dashboard.models import Connection, Removal, RemovalState
from dashboard.sandbox import Sandbox
from tests.answers import csrf_token, form_token, text
from tests.make import REFERRED, UPSTREAM_TROUBLE, Browser, deletes, operations, removal, signed_in

IN_DIALOG = {"HX-Target": "dialog", "HX-Current-URL": "https://testserver/c/small/media/?status=stored"}


@pytest.fixture
def here(media_id: str) -> str:
    return f"/c/small/media/{media_id}/delete/"


def test_works(operator: Browser, sandbox: Sandbox, here: str, media_id: str) -> None:
    asks = operator.get(f"{here}?ticket=ZD-12")
    assert asks.status_code == 200
    assert 'value="ZD-12"' in text(asks)
    assert "Requested in ZD-12</textarea>" in text(asks)
    assert "cannot be undone" in text(asks)
    assert not Removal.objects.exists()
    token = form_token(asks)
    answer = operator.post(here, {"ticket": "ZD-12", "reason": "asked for", "token": token})
    assert answer.status_code == 200
    assert f"Deleted {media_id}" in text(answer)
    record = Removal.objects.get()
    assert (record.state, record.ticket) == (RemovalState.DELETED, "ZD-12")
    assert token.startswith(str(record.token))
    assert record.request_id == answer.headers["X-Request-ID"]
    assert len(deletes(sandbox)) == 1
    assert operator.get(f"/c/small/media/{media_id}/").status_code == 404


def test_ticket_and_reason_alone_are_enough(operator: Browser, sandbox: Sandbox, here: str) -> None:
    assert operator.post(here, {"ticket": "ZD-1", "reason": ""}).status_code == 200
    assert len(deletes(sandbox)) == 1


def test_nothing_at_all_is_enough(operator: Browser, sandbox: Sandbox, here: str) -> None:
    answer = operator.post(here, {})
    assert answer.status_code == 200
    assert len(deletes(sandbox)) == 1


def test_empty_what_is_gone_already(operator: Browser, sandbox: Sandbox) -> None:
    gone = "/c/small/media/99999/delete/"
    assert operator.get(gone).status_code == 404
    answer = operator.post(gone, {"ticket": ""})
    assert answer.status_code == 200
    assert "already gone" in text(answer)
    assert deletes(sandbox) == []


def test_fragment(operator: Browser, here: str, media_id: str) -> None:
    asks = operator.fragment(here, **IN_DIALOG)
    assert text(asks).lstrip().startswith('<section id="delete"')
    answer = operator.fragment(here, {"token": form_token(asks)}, method="post", **IN_DIALOG)
    assert text(answer).lstrip().startswith('<section id="deleted"')
    assert f'id="row-{media_id}"' in text(answer)
    assert json.loads(answer.headers["HX-Trigger-After-Settle"]) == {"removal:done": {"id": media_id}}


@pytest.mark.parametrize(
    "bad", [{"ticket": "x" * 101}, {"ticket": "a\u202eb"}, {"reason": "x" * 1001}, {"reason": "a\0b"}]
)
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(operator: Browser, sandbox: Sandbox, here: str, bad: dict[str, str], htmx: bool) -> None:
    given = {"ticket": "ZD-9", "reason": "typed text", **bad}
    answer = operator.fragment(here, given, method="post") if htmx else operator.post(here, given)
    assert answer.status_code == 422
    assert "ZD-9" in text(answer) or "ticket" in bad
    assert "typed text" in text(answer) or "reason" in bad
    assert deletes(sandbox) == []
    assert not Removal.objects.exists()


def test_a_doubled_press_is_one_call(operator: Browser, sandbox: Sandbox, here: str) -> None:
    said = {"token": form_token(operator.get(here))}
    first, second = operator.post(here, said), operator.post(here, said)
    assert (first.status_code, second.status_code) == (200, 200)
    assert len(deletes(sandbox)) == 1
    assert Removal.objects.count() == 1


def test_while_another_removal_is_in_flight(
    operator: Browser, sandbox: Sandbox, here: str, media_id: str
) -> None:
    small = Connection.objects.get(slug="small")
    removal(small, media_id=media_id, state=RemovalState.SENT, settled_at=None, person="Ada Brandt")
    answer = operator.post(here, {})
    assert answer.status_code == 409
    assert "Ada Brandt" in text(answer)
    assert deletes(sandbox) == []


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error_while_asking(
    operator: Browser, sandbox: Sandbox, here: str, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(**fault, times=None)
    for answer in (operator.get(here), operator.post(here, {})):
        assert answer.status_code == status
        assert word in text(answer)
    assert deletes(sandbox) == []
    assert not Removal.objects.exists()


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        ({"status": 401}, 502, RemovalState.REJECTED),
        ({"status": 404}, 200, RemovalState.ALREADY_GONE),
        ({"status": 500}, 409, RemovalState.VERIFIED_PRESENT),
        ({"close": True, "act": True}, 200, RemovalState.VERIFIED_GONE),
        ({"close": True}, 409, RemovalState.VERIFIED_PRESENT),
        ({"body": "<html>", "act": True}, 200, RemovalState.VERIFIED_GONE),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_upstream_error(
    operator: Browser,
    sandbox: Sandbox,
    here: str,
    fault: dict[str, Any],
    status: int,
    state: RemovalState,
    htmx: bool,
) -> None:
    sandbox.faults.add(method="DELETE", **fault)
    answer = operator.fragment(here, {}, method="post", **IN_DIALOG) if htmx else operator.post(here, {})
    assert answer.status_code == status
    assert Removal.objects.get().state == state
    assert len(deletes(sandbox)) == 1
    gone = state in (RemovalState.ALREADY_GONE, RemovalState.VERIFIED_GONE)
    assert ("HX-Trigger-After-Settle" in answer.headers) is (htmx and gone)


def test_a_database_that_refuses_writes_lets_no_call_out(
    operator: Browser, sandbox: Sandbox, here: str
) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT"):
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, *rest)

    with database.execute_wrapper(refuse):
        answer = operator.post(here, {})
    assert answer.status_code == 503
    assert "Nothing was removed" in text(answer)
    assert deletes(sandbox) == []


def test_wrong_role(nobody: Browser, viewer: Browser, sandbox: Sandbox, here: str) -> None:
    for method in ("get", "post"):
        answer = getattr(viewer, method)(here)
        assert answer.status_code == 403
        assert "operator" in text(answer)
        assert getattr(nobody, method)(here).status_code == 302
        assert nobody.fragment(here, method=method).status_code == 401
    assert deletes(sandbox) == []


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, here: str, method: str) -> None:
    assert getattr(admin, method)(here).status_code == 405
    assert deletes(sandbox) == []


def test_forged_form(connections: None, sandbox: Sandbox, here: str) -> None:
    browser = signed_in("operator", enforce_csrf_checks=True)
    token = csrf_token(browser.get(here))
    for htmx in ({}, {"HX-Request": "true"}):
        answer = browser.post(here, {}, headers={**REFERRED, **htmx})
        assert answer.status_code == 403
        wrong = browser.post(here, {"csrfmiddlewaretoken": "x" * 64}, headers={**REFERRED, **htmx})
        assert wrong.status_code == 403
        elsewhere = {"Referer": "https://evil.example/", **htmx}
        assert browser.post(here, {"csrfmiddlewaretoken": token}, headers=elsewhere).status_code == 403
    assert deletes(sandbox) == []
    assert browser.post(here, {"csrfmiddlewaretoken": token}, headers=REFERRED).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_is_refused_whatever_it_brings(
    operator: Browser, sandbox: Sandbox, here: str, site: str
) -> None:
    assert operator.post(here, {}, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert operator.fragment(here, {}, method="post", **{"Sec-Fetch-Site": site}).status_code == 403
    assert operations(sandbox) == []
    assert operator.post(here, {}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_form_that_somebody_else_has_used_is_said_to_be(
    operator: Browser, admin: Browser, sandbox: Sandbox, here: str
) -> None:
    said = {"token": form_token(operator.get(here))}
    assert operator.post(here, said).status_code == 200
    answer = admin.post(here, said)
    assert answer.status_code == 409
    assert "used already" in text(answer)
    assert len(deletes(sandbox)) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_reason_of_as_many_lines_as_its_box_takes(operator: Browser, here: str, end: str) -> None:
    lines = ["x" * 39] * 25  # 999 characters by the box's own count
    assert operator.post(here, {"reason": end.join(lines)}).status_code == 200
    record = Removal.objects.get()
    assert record.reason == "\n".join(lines)
    assert "\n".join(lines) in text(operator.get(record.get_absolute_url()))


def test_a_reason_that_is_too_long_comes_back_as_it_was_typed(operator: Browser, here: str) -> None:
    reason = "\r\nline\r\n" + "x" * 996
    answer = operator.post(here, {"reason": reason})
    assert answer.status_code == 422
    assert "at most 1000 characters (it has 1001)" in text(answer)
    assert ">\n\r\nline\r\n" + "x" * 996 + "</textarea>" in text(answer)
