"""A form that another site sends, or without its token: refused, and recorded once a minute with a count."""

from __future__ import annotations

from typing import Any, Final

import pytest

from dashboard.audit.record import throttle
from tests.answers import csrf_token, text
from tests.make import HTMX, REFERRED, Browser, facts_of_all, signed_in

FORM: Final = "/preferences/"
TOKENLESS: Final[list[dict[str, str]]] = [
    {"Referer": "https://testserver/keys/"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Referer": "https://evil.example/1"},
    {"Referer": "https://evil.example/2?a=b"},
    {"Referer": "nonsense"},
    {},
    {**REFERRED, "X-CSRFToken": "x" * 64},
    {**REFERRED, "X-CSRFToken": "short"},
    {**REFERRED, **HTMX},
]


@pytest.fixture(autouse=True)
def _nothing_was_held_back() -> None:
    throttle.clear()


@pytest.fixture
def strict(connections: None) -> Browser:
    return signed_in("viewer", enforce_csrf_checks=True)


def told() -> list[tuple[str, str]]:
    return [(facts["actor_name"], facts["reason"]) for facts in facts_of_all("access.forged")]


@pytest.mark.parametrize("headers", TOKENLESS)
def test_a_form_without_its_token_is_an_event(strict: Browser, headers: dict[str, str]) -> None:
    answer = strict.post(FORM, {"theme": "dark"}, headers=headers)
    assert answer.status_code == 403
    assert "Nothing was done" in text(answer)
    [(name, reason)] = told()
    assert name == "Vera Lind"
    assert reason
    assert "evil" not in reason, "and repeats no address that a stranger chose"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "none, cross-site", "CROSS-SITE"])
@pytest.mark.parametrize("path", [FORM, "/c/small/media/1/delete/", "/sign-out/", "/nowhere/"])
def test_a_form_of_another_site_is_an_event_whatever_it_brings(strict: Browser, path: str, site: str) -> None:
    token = csrf_token(strict.get("/keys/"))
    sent: dict[str, Any] = {"theme": "dark", "csrfmiddlewaretoken": token}
    answer = strict.post(path, sent, headers={**REFERRED, "Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert told() == [("Vera Lind", "Sent by another site")]


def test_a_flood_is_one_event_with_a_count(strict: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        strict.post(FORM, headers={"Referer": f"https://evil.example/{number}"})
        strict.post(FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert [reason for _, reason in told()] == ["Referer checking failed", "Sent by another site"]
    throttle._kinds = {kind: (since - 61, held) for kind, (since, held) in throttle._kinds.items()}
    strict.post(FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert facts_of_all("access.forged")[-1]["result"] == {"more": 29}


def test_admins_see_it_and_others_do_not(strict: Browser, admin: Browser, operator: Browser) -> None:
    strict.post(FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert "Form from elsewhere refused" in text(admin.get("/audit/?verb=access"))
    assert "Form from elsewhere refused" not in text(operator.get("/audit/?verb=access"))


def test_the_tokens_cookie_goes_with_the_browsers_session(viewer: Browser) -> None:
    answer = viewer.get("/keys/")
    [cookie] = [one for one in answer.cookies.values() if one.key.endswith("csrf")]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
