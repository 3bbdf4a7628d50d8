"""`/audit/`: what was done, newest first, by the filters in the address."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from dashboard.identity import Caller, Person
from dashboard.models import Connection, Event, RemovalState
from dashboard.sandbox import Sandbox
from tests.answers import text, words_in
from tests.make import BIG_ID, Browser, event, removal, rewrite

HERE = "/audit/"
BAD = [
    "verb=x",
    "outcome=x",
    "connection=x",
    "from=soon",
    "to=x",
    "limit=201",
    "ticket=%00",
    "steps=some",
    "job=x",
    "media=%00",
]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def listed(answer: Any) -> list[int]:
    """The numbers of the events on the page, in order."""
    return [int(number) for number in re.findall(r'<tr id="event-(\d+)"', text(answer))]


def link(answer: Any, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text(answer))
    assert found, f"no link to the {rel} page"
    return unescape(found[1])


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    record = removal(small)
    event("media.delete.sent", small, removal=record)
    done = event("media.delete.deleted", small, removal=record, result={"freed_bytes": 1_234_567})
    answer = viewer.get(HERE)
    assert answer.status_code == 200
    assert listed(answer) == [done.sequence]
    page = text(answer)
    for shown in ("Delete item", "4492994399", "Deleted", "Studio A", "Omar Haddad", "ZD-1", "1.2 MB"):
        assert shown in page
    for href in (done.get_absolute_url(), record.get_absolute_url(), "/audit/?actor=Omar+Haddad"):
        assert f'href="{href}"' in page
    assert 'href="https://desk.example.com/tickets/ZD-1"' in page
    assert sandbox.calls == []


def test_every_step(viewer: Browser, small: Connection) -> None:
    steps = [
        event(f"media.delete.{outcome}", small).sequence for outcome in ("sent", "unknown", "verified_gone")
    ]
    assert listed(viewer.get(HERE)) == steps[:0:-1]
    assert listed(viewer.get(f"{HERE}?steps=all")) == steps[::-1]
    assert listed(viewer.get(f"{HERE}?outcome=sent")) == steps[:1]


def test_older_and_newest_are_links(viewer: Browser, small: Connection) -> None:
    made = [event(of=small).sequence for _ in range(5)]
    first = viewer.get(f"{HERE}?limit=2&ticket=ZD-1")
    assert 'rel="first"' not in text(first)
    second = viewer.get(link(first, "next"))
    event(of=small)
    third = viewer.get(link(second, "next"))
    assert listed(first) + listed(second) + listed(third) == made[::-1]
    assert 'rel="next"' not in text(third)
    assert link(third, "first") == f"{HERE}?ticket=ZD-1&limit=2"
    assert not re.search(r"\bof \d+ pages|page \d+ of|\d+ events", text(first))


def test_each_filter_is_a_chip_that_removes_itself(viewer: Browser, small: Connection) -> None:
    event(of=small)
    asked = (
        "actor=Omar+Haddad&verb=delete&connection=small&media=4492994399&ticket=ZD-1&outcome=deleted"
        "&from=2020-01-01&to=2040-01-01&steps=all"
    )
    answer = viewer.get(f"{HERE}?{asked}")
    assert len(listed(answer)) == 1
    chips = dict(re.findall(r'class="chip" href="([^"]+)".*?</span>(.*?)<i ', text(answer)))
    assert set(chips.values()) == {
        "By: Omar Haddad",
        "What: Delete",
        "Connection: Studio A",
        "Item: 4492994399",
        "Ticket: ZD-1",
        "Outcome: Deleted",
        "Since 2020-01-01",
        "Until 2040-01-01 23:59:59.999Z",
        "Every step",
    }
    for href in chips:
        assert len(listed(viewer.get(unescape(href)))) == 1
        assert unescape(href).count("=") == 8


def test_empty(viewer: Browser) -> None:
    assert "Nothing is recorded yet" in text(viewer.get(HERE))


def test_no_match_offers_to_drop_a_filter(viewer: Browser, small: Connection) -> None:
    event(of=small)
    answer = viewer.get(f"{HERE}?ticket=ZD-2&verb=delete")
    assert listed(answer) == []
    assert f'href="{HERE}?verb=delete"' in text(answer)


def test_the_end_of_the_record(viewer: Browser, small: Connection) -> None:
    event(of=small)
    assert "No older event matches" in text(viewer.get(f"{HERE}?before=0-1"))


def test_fragment(viewer: Browser, small: Connection) -> None:
    answer = viewer.fragment(f"{HERE}?verb=delete&limit=&ticket=+ZD-1+")
    assert text(answer).lstrip().startswith('<section id="list"')
    assert answer.headers["HX-Push-Url"] == f"{HERE}?verb=delete&ticket=ZD-1"
    assert "HX-Request" in answer.headers["Vary"]
    assert "<html" in text(viewer.fragment(HERE, **{"HX-Boosted": "true"}))


@pytest.mark.parametrize("query", BAD)
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(viewer: Browser, small: Connection, query: str, htmx: bool) -> None:
    event(of=small)
    answer = (viewer.fragment if htmx else viewer.get)(f"{HERE}?{query}&actor=Omar+Haddad")
    assert answer.status_code == 422
    assert f'id="error-{query.partition("=")[0]}"' in text(answer)
    assert "Omar Haddad" in text(answer)
    assert listed(answer) == []


@pytest.mark.parametrize("query", ["before=x", "from=2026-02-01&to=2026-01-01", "verb=delete&verb=purge"])
def test_what_contradicts_itself_is_refused(viewer: Browser, query: str) -> None:
    assert viewer.get(f"{HERE}?{query}").status_code == 422


def test_a_misspelt_filter_is_named(viewer: Browser) -> None:
    assert "tickets" in text(viewer.get(f"{HERE}?tickets=ZD-1"))


def test_a_raw_connection_id_is_not_repeated(viewer: Browser) -> None:
    answer = viewer.get(f"{HERE}?connection={BIG_ID}")
    assert answer.status_code == 422
    assert BIG_ID not in text(answer)


def test_it_stands_while_the_service_is_away(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=500, times=None)
    assert viewer.get(HERE).status_code == 200
    assert sandbox.calls == []


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get(HERE).status_code == 302
    assert nobody.fragment(HERE).status_code == 401


def test_what_concerns_others_connections_is_not_there(
    viewer: Browser, admin: Browser, small: Connection
) -> None:
    rewrite(Connection.objects.filter(slug="big"), groups=["vault-admins"])
    big = Connection.objects.get(slug="big")
    theirs = event(of=big, reason="secret of theirs")
    removal(big, state=RemovalState.UNRESOLVED)
    alone = event("access.refused", reason="no audience")
    ours = event(of=small)
    seen = viewer.get(HERE)
    assert listed(seen) == [ours.sequence]
    assert "Creator B" not in text(seen)
    assert "Needs a look" not in text(seen)
    assert listed(admin.get(HERE)) == [ours.sequence, alone.sequence, theirs.sequence]
    hidden, never = (viewer.get(f"{HERE}?connection={slug}") for slug in ("big", "bag"))
    assert hidden.status_code == never.status_code == 422
    without = [re.sub(r"[0-9a-f]{32}|big|bag|value=\"[\w-]{64}\"", "", text(one)) for one in (hidden, never)]
    assert without[0] == without[1]


def test_what_needs_a_look_stands_first(viewer: Browser, admin: Browser, small: Connection) -> None:
    event(of=small)
    long_ago = timezone.now() - timedelta(hours=3)
    unresolved = removal(small, state=RemovalState.UNRESOLVED, sent_at=long_ago)
    out = removal(small, state=RemovalState.SENT, settled_at=None, media_id="5")
    page = text(viewer.get(HERE))
    looks = page[page.index("Needs a look") : page.index("<table")]
    assert "3 h ago" in looks
    for one in (unresolved, out):
        assert f'href="{one.get_absolute_url()}"' in looks
    assert "Close…" not in looks
    close = f'href="{unresolved.get_absolute_url()}close/"'
    assert text(admin.get(HERE)).count(close) == 1
    assert "Needs a look" not in text(admin.get(f"{HERE}?before=0-1"))
    assert "Needs a look" not in text(admin.get(f"{HERE}?connection=big"))


def test_only_so_many_are_named(viewer: Browser, small: Connection) -> None:
    for number in range(25):
        removal(small, state=RemovalState.UNRESOLVED, media_id=str(number))
    page = text(viewer.get(HERE))
    assert page.count("Unresolved</span>") == 20
    assert "There are more" in page


def test_what_people_typed_is_text(viewer: Browser, small: Connection) -> None:
    caller = Caller(Person(SCRIPT, "", None), agent=SCRIPT)
    made = event(of=small, caller=caller, ticket=SCRIPT, reason=SCRIPT, media_id=SCRIPT)
    removal(small, state=RemovalState.UNRESOLVED, person=SCRIPT, ticket=SCRIPT, reason=SCRIPT)
    for address in (HERE, f"{HERE}?ticket={SCRIPT}&actor={SCRIPT}&media={SCRIPT}", made.get_absolute_url()):
        page = text(viewer.get(address))
        assert SCRIPT not in page
        assert "&lt;script&gt;alert" in page
    assert Event.objects.count() == 1


def test_it_says_how_ids_survive_a_spreadsheet(viewer: Browser, small: Connection) -> None:
    event(of=small)
    assert "set the column media_id to text" in words_in(text(viewer.get(HERE)))


def test_without_filters_there_is_no_room_for_chips(viewer: Browser) -> None:
    """The style sheet takes the list away where it is empty, and white space is not empty."""
    for path in ("/audit/", "/c/small/media/?limit=25"):
        assert re.search(
            r'<ul class="chips" aria-label="Applied filters">(</ul>|<li>)', text(viewer.get(path))
        )
