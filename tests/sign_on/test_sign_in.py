"""From a link to the page it names: who a person is comes from the provider, what they may do from groups."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.sign_on.loop import PEOPLE, Loop
from tests.sign_on.visitor import HTMX, Visitor, until

LIST = "/c/studio-a/media/?status=stored&type=image"


def test_a_deep_link_survives_the_sign_in(loop: Loop, visitor: Callable[[], Visitor]) -> None:
    page = visitor().open(LIST, "vera")
    assert (page.status_code, page.url) == (200, loop.url + LIST)
    assert 'class="row"' in page.text
    assert {urlsplit(step.url).netloc for step in page.history} == {
        urlsplit(loop.url).netloc,
        urlsplit(loop.issuer).netloc,
    }


def test_every_page_after_the_first_comes_without_a_round(visitor: Callable[[], Visitor]) -> None:
    browser = visitor()
    browser.open("/", "vera")
    page = browser.get(LIST)
    assert (page.status_code, page.history) == (200, [])


@pytest.mark.parametrize(
    ("account", "role", "may_delete", "may_purge"),
    [("vera", "viewer", 403, 403), ("omar", "operator", 200, 403), ("ada", "admin", 200, 200)],
)
def test_groups_give_the_role(
    loop: Loop, visitor: Callable[[], Visitor], account: str, role: str, may_delete: int, may_purge: int
) -> None:
    browser = visitor()
    page = browser.open(LIST, account)
    assert f'aria-label="{PEOPLE[account]["name"]}, {role}: account"' in page.text
    media_id = loop.sandbox.items()[0]["id"]
    assert browser.get(f"/c/studio-a/media/{media_id}/delete/").status_code == may_delete
    assert browser.get("/c/studio-a/purge/").status_code == may_purge


def test_somebody_without_a_group_of_ours_is_told_which_they_have(visitor: Callable[[], Visitor]) -> None:
    page = visitor().open(LIST, "max")
    assert page.status_code == 403
    for said in ("Max Gast", *PEOPLE["max"]["groups"], "ext. 4711"):
        assert said in page.text, said
    assert 'class="row"' not in page.text


def test_somebody_in_two_hundred_groups_comes_in(loop: Loop, visitor: Callable[[], Visitor]) -> None:
    """So many Entra ID puts into a token, each by an id of 36 letters."""
    many = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(199)]
    loop.meet(omar={"groups": [*many, *PEOPLE["omar"]["groups"]]})
    page = visitor().open(LIST, "omar")
    assert page.status_code == 200, page.text
    assert 'aria-label="Omar Haddad, operator: account"' in page.text


def test_a_group_lost_is_a_role_lost_as_soon_as_the_token_ends(
    loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    media_id = loop.sandbox.items()[0]["id"]
    question = f"/c/studio-a/media/{media_id}/delete/"
    loop.meet(omar={"token_seconds": 3})
    browser = visitor()
    assert browser.open(question, "omar").status_code == 200
    loop.meet(omar={"groups": ["support"]})
    page = until(lambda: browser.get(question), lambda page: page.status_code != 200)
    assert page.status_code == 403
    assert urlsplit(loop.issuer).netloc in {urlsplit(step.url).netloc for step in page.history}
    assert 'aria-label="Omar Haddad, viewer: account"' in browser.get(LIST).text


def test_a_request_of_htmx_without_a_session_is_refused_where_it_stands(
    loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    loop.meet(vera={"token_seconds": 3})
    browser = visitor()
    browser.open(LIST, "vera")
    refused = until(lambda: browser.get(LIST, HTMX, follow=False), lambda page: page.status_code != 200)
    assert refused.status_code == 401
    assert "Location" not in refused.headers
    assert visitor().get(LIST, {"Sec-Fetch-Mode": "cors"}, follow=False).status_code == 401
    navigated = visitor().get(LIST, {"Sec-Fetch-Mode": "navigate"}, follow=False)
    assert navigated.status_code == 302
    assert navigated.headers["Location"].startswith(loop.issuer)


def test_a_removal_sent_after_the_session_ended_removes_nothing(
    loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    media_id = loop.sandbox.items()[0]["id"]
    loop.meet(omar={"token_seconds": 3})
    browser = visitor()
    question = browser.open(f"/c/studio-a/media/{media_id}/delete/", "omar")
    until(lambda: browser.get(LIST, HTMX), lambda page: page.status_code == 401)
    asked_again = browser.submit(question, f"/c/studio-a/media/{media_id}", reason="too late")
    assert asked_again.request.method == "GET"
    assert "reason" in asked_again.text
    assert loop.sandbox.calls("delete") == []
