"""`/c/<slug>/media/<id>/reveal/`: what a page has just shown is recorded as revealed, and its link given."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

import pytest
from django.db import connection as database
from django.db import connections as databases
from django.test import override_settings

from dashboard import budgets, reveals
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, Event
from dashboard.sandbox import Sandbox
from dashboard.vault import UnexpectedResponse
from tests.answers import csrf_token, ids_on, text
from tests.make import HTMX, REFERRED, Browser, no_events, operations, signed_in

LIST: Final = "/c/small/media/"
ITEM: Final = f"{LIST}odd-label/"
HERE: Final = f"{ITEM}reveal/"
SCRIPT_LABEL: Final = "<script>alert(1)</script>"


def on_item(browser: Browser, label: str = "thumb", item: str = ITEM) -> dict[str, str]:
    """What the page of the item signs of a variant."""
    for card in text(browser.get(item)).split('<li id="variant-')[1:]:
        name, signed = re.search(r"<h3>(.*?) <span", card), re.search(r'name="\w+" value="([^"]+)"', card)
        if name and signed and unescape(name[1]) == label:
            return {"show": signed[1]}
    raise AssertionError(f"{label} is not shown")


def on_list(browser: Browser, address: str = LIST) -> dict[str, str]:
    """What the list signs, and the ids that its script sends back."""
    page = browser.get(address)
    signed = re.search(r'data-shown="([^"]+)"', text(page))
    assert signed
    return {"show": signed[1], "listed": " ".join(ids_on(page))}


def reveal(browser: Browser, said: dict[str, Any], here: str = HERE) -> Any:
    return browser.fragment(here, said, method="post")


def link_in(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    told = json.loads(answer.content)
    assert told["reason"] == ""
    return str(told["src"])


def events() -> list[tuple[str, ...]]:
    revealed = Event.objects.filter(code="media.revealed").order_by("sequence")
    return [
        (one.actor_name, one.connection, one.media_id, one.ticket, json.loads(one.line)["result"]["variant"])
        for one in revealed
    ]


@pytest.fixture
def later() -> Iterator[None]:
    """What is signed in the test is older than it may be when it is sent."""
    now = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now() - reveals.MAX_AGE.total_seconds() - 2)
        yield


def of_now(viewer: Browser, said: dict[str, str], **headers: str) -> Any:
    """The press, at the time that it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: datetime.now(UTC).timestamp())
        return viewer.post(HERE, said, headers={**HTMX, **headers})


@pytest.mark.parametrize("label", ["thumb", SCRIPT_LABEL])
def test_a_press_on_the_item_gives_one_link_and_records_it(
    viewer: Browser, sandbox: Sandbox, label: str
) -> None:
    said = on_item(viewer, label, f"{ITEM}?ticket=ZD-1")
    assert events() == []
    answer = reveal(viewer, said, f"{HERE}?ticket=ZD-1")
    assert link_in(answer).startswith(f"{sandbox.url}/v2/")
    assert answer.content.count(b"/v2/") == 1
    assert events() == [("Vera Lind", "small", "odd-label", "ZD-1", label)]
    assert sandbox.media_calls == []


def test_a_press_in_the_list_gives_the_thumbs(viewer: Browser, sandbox: Sandbox) -> None:
    assert link_in(reveal(viewer, on_list(viewer))).startswith(f"{sandbox.url}/v2/")
    assert events() == [("Vera Lind", "small", "odd-label", "", "thumb")]


@pytest.mark.parametrize(
    "address", ["/c/small/stuck/", f"{LIST}?limit=5&status=stored", "/c/big/media/?limit=100"]
)
def test_every_list_signs_what_it_shows(viewer: Browser, address: str) -> None:
    said = on_list(viewer, address)
    for media_id in said["listed"].split()[:2]:
        here = f"{address.split('/')[0]}/c/{address.split('/')[2]}/media/{media_id}/reveal/"
        assert reveal(viewer, said, here).status_code == 200


@pytest.mark.parametrize("name", ["show", "link"])
def test_without_script_the_answer_is_the_page_with_that_link(
    viewer: Browser, sandbox: Sandbox, name: str
) -> None:
    said = {name: on_item(viewer, SCRIPT_LABEL)["show"]}
    page = text(viewer.post(f"{HERE}?ticket=ZD-1", said))
    links = set(re.findall(rf'(?:src|href|data-copy)="({sandbox.url}/v2/[^"]+)"', page))
    thumb = re.search(r'<img src="([^"]+)"[^>]*blurred', page)  # which the page loads anyway
    assert thumb
    assert len(links - {thumb[1]}) == 1
    assert ('of odd-label"' in page) is (name == "show")
    assert 'target="_blank"' in page.partition("</template>")[2]
    assert events() == [("Vera Lind", "small", "odd-label", "ZD-1", SCRIPT_LABEL)]


def test_who_comes_back_by_the_address_is_led_to_the_item(viewer: Browser) -> None:
    answer = viewer.get(f"{HERE}?ticket=ZD-1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ITEM}?ticket=ZD-1")
    viewer.get(f"{ITEM}?reveal=thumb")
    assert events() == []


@pytest.mark.parametrize("show", [on_item, on_list])
def test_a_page_open_for_long_is_to_be_opened_again(
    viewer: Browser, later: None, show: Callable[[Browser], dict[str, str]]
) -> None:
    said = show(viewer)
    by_script = of_now(viewer, said, **{"HX-Current-URL": f"https://testserver{LIST}?limit=5"})
    elsewhere = of_now(viewer, said, **{"HX-Current-URL": "https://evil.example/"})
    assert by_script.status_code == elsewhere.status_code == 422
    assert by_script.headers["HX-Retarget"] == "#notice"
    assert f'href="{LIST}?limit=5">Open it again' in text(by_script)
    assert f'href="{ITEM}">Open it again' in text(elsewhere)
    assert not Event.objects.exists()


def test_what_was_shown_can_be_revealed_again_and_each_time_is_an_event(viewer: Browser) -> None:
    said = on_item(viewer)
    for _ in range(3):
        link_in(reveal(viewer, said))
    assert len(events()) == 3


@pytest.mark.django_db(transaction=True)
def test_at_once_each_link_has_its_event(viewer: Browser) -> None:
    said = on_item(viewer)

    def press(number: int) -> int:
        try:
            return int(reveal(viewer, said).status_code)
        finally:
            databases.close_all()

    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 3)), ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(press, range(6)))
    assert statuses == [200] * 3 + [429] * 3
    assert len(events()) == 3
    assert Event.objects.filter(code="access.limited").count() == 1


def test_beyond_the_limit_nothing_is_read_or_recorded(viewer: Browser, sandbox: Sandbox) -> None:
    said = on_item(viewer)
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 2)):
        for _ in range(2):
            link_in(reveal(viewer, said))
        calls = operations(sandbox)
        for _ in range(3):
            answer = reveal(viewer, said)
            assert answer.status_code == 429
            assert answer.headers["HX-Retarget"] == "#notice"
    assert operations(sandbox) == calls
    assert len(events()) == 2
    assert Event.objects.count() == 3


def test_what_is_gone_by_now_is_no_reveal(viewer: Browser, sandbox: Sandbox) -> None:
    said, listed = on_item(viewer), on_list(viewer)
    sandbox.faults.add(status=404, times=None)
    for one in (said, listed):
        assert json.loads(reveal(viewer, one).content) == {"src": "", "reason": "No longer in the cache"}
    assert viewer.post(HERE, said).status_code == 404
    assert not Event.objects.exists()


def test_a_list_reveals_no_thumb_of_what_has_none(viewer: Browser) -> None:
    said = on_list(viewer)
    assert json.loads(reveal(viewer, said, f"{LIST}odd-many/reveal/").content)["src"] == ""
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("item", "label", "reason"),
    [
        ("odd-foreign", "full", "Foreign link"),
        ("odd-script", "full", "Foreign link"),
        ("odd-label", "4k", "No longer"),
    ],
)
def test_what_has_no_link_to_give_is_no_reveal(viewer: Browser, item: str, label: str, reason: str) -> None:
    small = Connection.objects.get(slug="small")
    said = {"show": reveals.sign_shown(DEMO_PEOPLE["viewer"], small, item, label)}
    told = json.loads(reveal(viewer, said, f"{LIST}{item}/reveal/").content)
    assert told["src"] == ""
    assert told["reason"].startswith(reason)
    assert not Event.objects.exists()


@pytest.mark.parametrize("htmx", [False, True])
def test_an_event_that_cannot_be_written_gives_no_link(viewer: Browser, htmx: bool) -> None:
    said = on_item(viewer)
    with database.execute_wrapper(no_events):
        answer = viewer.post(HERE, said, headers=HTMX if htmx else {})
    assert answer.status_code == 503
    assert "could not be written" in text(answer)
    assert "/v2/" not in text(answer)


def test_upstream_error(viewer: Browser, sandbox: Sandbox) -> None:
    said = on_item(viewer)
    sandbox.faults.add(status=500, times=None)
    answer = reveal(viewer, said)
    assert answer.status_code == 502
    assert UnexpectedResponse.title in text(answer)
    assert not Event.objects.exists()


def test_bad_input(viewer: Browser) -> None:
    said = on_item(viewer)
    assert reveal(viewer, said, "/c/small/media/a%2Fb/reveal/").status_code == 422
    assert reveal(viewer, said, "/c/nowhere/media/449/reveal/").status_code == 404
    assert reveal(viewer, said, f"{HERE}?ticket={'x' * 101}").status_code == 422
    assert not Event.objects.exists()


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.post(HERE).status_code == 302
    assert reveal(nobody, {}).status_code == 401
    assert events() == []


def test_a_connection_that_is_closed_to_them_by_now(viewer: Browser) -> None:
    said = on_item(viewer)
    small = Connection.objects.get(slug="small")
    small.groups = ["others"]
    small.save()
    assert reveal(viewer, said).status_code == 404
    assert events() == []


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
    assert not Event.objects.exists()


def test_forged_form(connections: None) -> None:
    browser = signed_in("viewer", enforce_csrf_checks=True)
    said = on_item(browser)
    forged = {**said, "csrfmiddlewaretoken": csrf_token(browser.get(ITEM))}
    assert browser.post(HERE, said, headers=REFERRED).status_code == 403
    assert browser.post(HERE, forged, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert events() == []
    assert browser.post(HERE, forged, headers=REFERRED).status_code == 200
