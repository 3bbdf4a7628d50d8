"""`/preferences/`: how this browser shows things."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings

from dashboard import budgets
from dashboard.models import Event
from tests.answers import text
from tests.make import Browser, facts_of, facts_of_all, no_events

HERE = "/preferences/"


@pytest.mark.parametrize(
    ("name", "value"),
    [("media", "hidden"), ("layout", "grid"), ("theme", "dark"), ("media", "shown"), ("keys", "off")],
)
def test_works(viewer: Browser, name: str, value: str) -> None:
    answer = viewer.post(HERE, {name: value, "next": "/c/small/media/?status=stored"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/small/media/?status=stored")
    assert f'data-{name}="{value}"' in text(viewer.get("/c/small/media/"))


def test_empty_changes_nothing(viewer: Browser) -> None:
    viewer.post(HERE, {"layout": "grid"})
    assert viewer.post(HERE, {}).status_code == 303
    assert 'data-layout="grid"' in text(viewer.get("/c/small/media/"))


def test_fragment(viewer: Browser) -> None:
    assert viewer.fragment(HERE, {"layout": "grid"}, method="post").status_code == 204
    assert viewer.fragment(HERE, {"media": "shown"}, method="post").headers["HX-Redirect"] == "/"


@pytest.mark.parametrize(
    "bad", [{"media": "off"}, {"layout": "rows"}, {"keys": "some"}, {"theme": "neon", "layout": "grid"}]
)
def test_bad_input(viewer: Browser, bad: dict[str, str]) -> None:
    assert viewer.post(HERE, bad).status_code == 422
    assert 'data-layout="table"' in text(viewer.get("/c/small/media/"))


def test_no_way_back_leads_elsewhere(viewer: Browser) -> None:
    answer = viewer.post(HERE, {"layout": "grid", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.post(HERE, {"layout": "grid"}).status_code == 302
    assert nobody.fragment(HERE, {"layout": "grid"}, method="post").status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405


def mode_of(browser: Browser) -> str:
    page = text(browser.get("/c/small/media/"))
    return page.partition('data-media="')[2].partition('"')[0]


def ceiling(mode: str) -> Any:
    return override_settings(DASHBOARD_MEDIA_CEILING=True, DASHBOARD_MEDIA_MODE=mode)


def test_another_media_mode_is_an_event(viewer: Browser) -> None:
    viewer.post(HERE, {"layout": "grid"})
    viewer.post(HERE, {"media": "blurred"})  # which it is anyway
    assert not Event.objects.exists()
    for mode in ("shown", "shown", "hidden"):
        viewer.post(HERE, {"media": mode})
    told = facts_of_all("access.media_mode")
    assert [one["reason"] for one in told] == ["from blurred to shown", "from shown to hidden"]
    assert {one["actor_name"] for one in told} == {"Vera Lind"}


def test_a_mode_that_cannot_be_recorded_is_not_chosen(viewer: Browser) -> None:
    with database.execute_wrapper(no_events):
        assert viewer.post(HERE, {"media": "shown"}).status_code == 503
    assert mode_of(viewer) == "blurred"


def test_to_and_fro_counts_as_reveals(viewer: Browser) -> None:
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 2)):
        for mode in ("shown", "blurred"):
            assert viewer.post(HERE, {"media": mode}).status_code == 303
        for _ in range(3):
            assert viewer.post(HERE, {"media": "shown"}).status_code == 429
    assert mode_of(viewer) == "blurred"
    assert Event.objects.count() == 3
    assert facts_of("access.limited")["result"]["kind"] == "reveals"


@pytest.mark.parametrize("own", ["blurred", "hidden"])
def test_to_show_less_is_refused_to_nobody(viewer: Browser, own: str) -> None:
    """Not to whom has nothing left to reveal, and not while nothing can be recorded."""
    with override_settings(DASHBOARD_BUDGETS=dict.fromkeys(budgets.KINDS, 1)):
        viewer.post(HERE, {"media": "shown"})
        assert viewer.post(HERE, {"media": own}).status_code == 303
        assert mode_of(viewer) == own
        assert viewer.post(HERE, {"media": "shown"}).status_code == 429
    told = [one["reason"] for one in facts_of_all("access.media_mode")]
    assert told == ["from blurred to shown", f"from shown to {own}"]
    viewer.post(HERE, {"media": "shown"})
    with database.execute_wrapper(no_events):
        assert viewer.post(HERE, {"media": own}).status_code == 303
    assert mode_of(viewer) == own


@pytest.mark.parametrize("other", ["viewer", "admin"])
def test_a_mode_is_for_whoever_chose_it(viewer: Browser, other: str) -> None:
    """The next person at this browser, or one who was given its cookie, has no event that tells of it."""
    viewer.post(HERE, {"media": "shown", "theme": "dark"})
    viewer.post("/sign-in/", {"role": other})
    assert mode_of(viewer) == ("shown" if other == "viewer" else "blurred")
    assert 'data-theme="dark"' in text(viewer.get("/c/small/media/"))


@pytest.mark.parametrize(
    "asked",
    [
        {"media": "shown"},
        {"media": " shown "},
        {"media": "Shown"},
        {"media": ["hidden", "shown"]},
        {"media": "shown", "layout": "grid"},
        {"media": "shown\0"},
        {"media": "shown" * 10_000},
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_nobody_goes_beyond_the_ceiling(viewer: Browser, asked: dict[str, Any], htmx: bool) -> None:
    with ceiling("blurred"):
        ask = viewer.fragment if htmx else viewer.post
        answer = ask(HERE, asked, method="post") if htmx else ask(HERE, asked)
        assert answer.status_code == 422
        assert mode_of(viewer) == "blurred"
    assert 'data-layout="table"' in text(viewer.get("/c/small/media/"))
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("limit", "own", "seen"),
    [
        ("shown", "shown", "shown"),
        ("blurred", "shown", "blurred"),
        ("blurred", "hidden", "hidden"),
        ("hidden", "shown", "hidden"),
        ("hidden", "blurred", "hidden"),
    ],
)
def test_a_choice_from_before_the_ceiling_stands_only_below_it(
    viewer: Browser, limit: str, own: str, seen: str
) -> None:
    viewer.post(HERE, {"media": own})
    with ceiling(limit):
        assert mode_of(viewer) == seen
    assert mode_of(viewer) == own


@pytest.mark.parametrize(("limit", "offered"), [("hidden", 1), ("blurred", 2), ("shown", 3)])
def test_only_what_may_be_chosen_is_offered(viewer: Browser, limit: str, offered: int) -> None:
    with ceiling(limit):
        page = text(viewer.get("/c/small/media/"))
    assert page.count('form="prefs" name="media"') == offered
    assert ("shows no more than this" in page) is (limit != "shown")


def test_what_is_below_the_ceiling_may_be_chosen(viewer: Browser) -> None:
    with ceiling("blurred"):
        viewer.post(HERE, {"media": "hidden"})
        assert mode_of(viewer) == "hidden"
        viewer.post(HERE, {"media": "blurred"})
        assert mode_of(viewer) == "blurred"
    assert Event.objects.count() == 2
