"""`/c/<slug>/tray/change/`: boxes of the list, ticked and not, with script and without."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboard import selection
from dashboard.auth.demo import DEMO_PEOPLE
from dashboard.models import Connection, TrayItem
from dashboard.removals.bulk import MAX_ITEMS
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import Browser, signed_in

HERE = "/c/small/tray/change/"
OMAR = DEMO_PEOPLE["operator"]


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def tell(operator: Browser, **said: Any) -> Any:
    return operator.fragment(HERE, said, method="post")


def test_works(operator: Browser, small: Connection, sandbox: Sandbox) -> None:
    answer = tell(operator, item=["11 3 1500", "12 1 500"])
    assert answer.status_code == 200
    assert text(answer).lstrip().startswith('<div id="selection" class="selection"')
    for words in ("2 selected", "4 variants", "2.0 kB", 'href="/c/small/tray/"'):
        assert words in text(answer)
    assert 'data-announcement="2 selected, 4 variants"' in text(answer)
    assert selection.list_ids(OMAR, small) == ["11", "12"]
    answer = tell(operator, item=["13 1 1"], out=["11", "99"])
    assert selection.list_ids(OMAR, small) == ["12", "13"]
    assert sandbox.calls == []  # nobody is asked before the review


def test_empty(operator: Browser, small: Connection) -> None:
    tell(operator, item=["11 3 1500"])
    answer = tell(operator, clear="all")
    assert 'class="selection"' not in text(answer)
    assert "Nothing is selected" in text(answer)
    assert selection.list_ids(OMAR, small) == []
    assert tell(operator).status_code == 200


def test_without_script_the_tray_takes_what_the_page_says(operator: Browser, small: Connection) -> None:
    tell(operator, item=["11 3 1500", "12 1 1", "77 1 1"])
    said = {"was": "11 12", "item": ["12 1 1", "13 2 2"], "next": "/c/small/media/?limit=25"}
    answer = operator.post(HERE, said)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/small/media/?limit=25")
    assert selection.list_ids(OMAR, small) == ["12", "77", "13"]  # 77 is on another page, and stays
    away = operator.post(HERE, {"next": "https://evil.example/"})
    assert away.headers["Location"] == "/"


def test_boxes_are_ticked_wherever_the_item_is_shown(operator: Browser, small: Connection) -> None:
    page = text(operator.get("/c/small/media/?limit=25"))
    assert 'name="item"' in page
    assert " checked>" not in page
    tell(operator, item=["odd-many 1 1"])
    for address in ("/c/small/media/?limit=100", "/c/small/live/?id=odd-many"):
        shown = text(operator.get(address))
        ticked = re.findall(r'value="([^" ]+) \d+ \d+"[^>]* checked>', shown)
        assert ticked == ["odd-many"]
    assert text(signed_in("operator").get("/c/small/media/?limit=100")).count(" checked>") == 1
    assert text(signed_in("admin").get("/c/small/media/?limit=100")).count(" checked>") == 0


def test_the_list_shows_its_bar_and_what_is_selected_elsewhere(operator: Browser) -> None:
    operator.post("/c/big/tray/change/", {"item": ["5 1 1", "6 1 1"]})
    assert 'class="selection"' not in text(operator.get("/c/small/media/"))
    answer = tell(operator, item=["11 3 1500"])
    assert '<a href="/c/big/tray/">2 in Creator B</a>' in text(answer)
    page = text(operator.get("/c/small/media/?ticket=ZD-7"))
    assert '<a href="/c/big/tray/">2 in Creator B</a>' in page
    assert 'href="/c/small/tray/?ticket=ZD-7"' in page
    assert 'href="/c/small/tray/?ticket=ZD-7"' in text(tell(operator, ticket="ZD-7", out=["5"]))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"item": ["../x 1 1"]}, "is not an item"),
        ({"item": ["conn_canary 1 1"]}, "is not an item"),
        ({"item": ["11 many 1"]}, "is not a number"),
        ({"item": ["11 -1 1"]}, "is not a number"),
        ({"item": ["11 1 1e9"]}, "is not a number"),
        ({"out": ["a/b"]}, "is not an item"),
        ({"was": "a/b"}, "is not an item"),
        ({"ticket": "x" * 101, "item": ["11 1 1"]}, "at most 100"),
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_bad_input(operator: Browser, small: Connection, said: Any, why: str, htmx: bool) -> None:
    answer = tell(operator, **said) if htmx else operator.post(HERE, said)
    assert answer.status_code == 422
    assert why in text(answer)
    assert answer.headers.get("HX-Retarget") == ("#notice" if htmx else None)
    assert selection.list_ids(OMAR, small) == []


def test_numbers_beyond_belief_are_cut(operator: Browser, small: Connection) -> None:
    tell(operator, item=["11 999999999 9999999999999999999"])
    assert selection.count_totals(OMAR, small) == selection.Totals(1, 10_000, 2**49)


def test_a_full_tray_says_so_and_takes_nothing(operator: Browser, small: Connection) -> None:
    TrayItem.objects.bulk_create(
        TrayItem(issuer=OMAR.issuer, subject=OMAR.subject, connection=small, media_id=f"n{number}")
        for number in range(MAX_ITEMS)
    )
    answer = tell(operator, item=["11 1 1"], out=["n0", "n1"])
    assert answer.status_code == 200  # two out, one in
    answer = tell(operator, item=["12 1 1", "13 1 1"])
    assert answer.status_code == 409
    assert "The tray is full" in text(answer)
    assert selection.count_totals(OMAR, small).items == MAX_ITEMS - 1


def test_wrong_role(viewer: Browser) -> None:
    assert viewer.post(HERE, {"item": ["11 1 1"]}).status_code == 403
    assert not TrayItem.objects.exists()
    page = text(viewer.get("/c/small/media/"))
    assert "checkbox" not in page
    assert 'id="selection"' not in page


def test_unknown_connection(operator: Browser) -> None:
    assert operator.post("/c/nowhere/tray/change/", {"item": ["11 1 1"]}).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(operator: Browser, method: str) -> None:
    assert getattr(operator, method)(HERE).status_code == 405
