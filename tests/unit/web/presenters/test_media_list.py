"""Where Next, Previous and every chip lead."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.models import Connection
from dashboard.vault import MediaPage, MediaQuery
from dashboard.web.presenters.media_list import MAX_TRAIL_LENGTH, ListPage, describe_filter, list_limits
from tests.make import item, variant

SMALL = Connection(slug="small", label="Small")


def page(
    query: MediaQuery | None = None, *, trail: list[str] | None = None, cursor: str | None = None
) -> ListPage:
    return ListPage(SMALL, query or MediaQuery(), trail or [], MediaPage((item(full=variant()),), cursor))


def asked(href: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(href).query)


def test_the_first_page_of_everything_has_the_bare_address() -> None:
    first = page()
    assert first.href == "/c/small/media/"
    assert (first.next_href, first.previous_href, first.chips) == ("", "", [])
    assert first.summary == "1 shown"


def test_next_keeps_the_filters_and_takes_the_cursor() -> None:
    first = page(MediaQuery(status="stored", limit=25), cursor="c1")
    assert asked(first.next_href) == {"status": ["stored"], "limit": ["25"], "cursor": ["c1"]}
    assert first.summary == "1 shown, more available"
    assert first.next_label == "Next 25"


def test_the_trail_grows_by_next_and_shrinks_by_previous() -> None:
    third = page(MediaQuery(cursor="c2"), trail=["c1"], cursor="c3")
    assert asked(third.next_href) == {"cursor": ["c3"], "trail": ["c1", "c2"]}
    assert asked(third.previous_href) == {"cursor": ["c1"]}
    assert asked(third.href) == {"cursor": ["c2"], "trail": ["c1"]}
    second = page(MediaQuery(cursor="c1"), cursor="c2")
    assert second.previous_href == "/c/small/media/"


def test_a_cursor_that_leads_to_itself_is_the_end() -> None:
    assert page(MediaQuery(cursor="c1"), cursor="c1").next_href == ""


def test_a_long_trail_loses_its_oldest_part() -> None:
    trail = [f"{number:0>100}" for number in range(30)]
    href = page(MediaQuery(cursor="c"), trail=trail, cursor="d").next_href
    kept = asked(href)["trail"]
    assert sum(map(len, kept)) <= MAX_TRAIL_LENGTH
    assert kept == [*trail, "c"][-len(kept) :]


def test_a_trail_without_a_cursor_is_forgotten() -> None:
    assert page(trail=["c1"]).href == "/c/small/media/"


def test_a_chip_removes_itself_the_cursor_and_the_trail() -> None:
    query = MediaQuery(status="stored", type="image", sort="cachedAt_asc", limit=25, cursor="c9")
    chips = {chip.name: chip for chip in page(query, trail=["c1"]).chips}
    assert set(chips) == {"status", "type"}
    assert asked(chips["status"].href) == {"type": ["image"], "sort": ["cachedAt_asc"], "limit": ["25"]}


def test_clear_all_keeps_sort_and_page_size() -> None:
    query = MediaQuery(status="stored", duration_min=1.0, sort="cachedAt_asc", limit=25)
    assert asked(page(query).clear_href) == {"sort": ["cachedAt_asc"], "limit": ["25"]}


def test_the_narrowest_chip_is_offered_first() -> None:
    narrow = page(MediaQuery(type="image", status="stored", content_type="image/png")).narrowest
    assert narrow
    assert narrow.name == "content_type"
    assert page().narrowest is None


MOMENT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("status", "edge_only", "Status: Edge only"),
        ("type", "audio", "Type: Audio"),
        ("content_type", "image/png", "MIME: image/png"),
        ("duration_min", 10.0, "Length from 0:10"),
        ("duration_max", 72.0, "Length up to 1:12"),
        ("created_at_from", MOMENT, "First seen since 2026-06-01"),
        ("created_at_to", MOMENT.replace(hour=14), "First seen until 2026-06-01 14:00:00Z"),
        ("cached_at_from", MOMENT.replace(microsecond=5000), "Stored since 2026-06-01 00:00:00.005Z"),
        ("cached_at_to", MOMENT, "Stored until 2026-06-01"),
    ],
)
def test_a_chip_says_its_filter(name: str, value: object, words: str) -> None:
    query = MediaQuery().replace(**{name: value})
    assert describe_filter(name, query) == words


def test_page_sizes_on_offer() -> None:
    assert list_limits(None) == [25, 50, 100]
    assert list_limits(30) == [25, 30, 50, 100]


def test_moving_items_are_asked_for_again() -> None:
    moving = item("7", full=variant(status="storing"))
    still = ListPage(SMALL, MediaQuery(), [], MediaPage((moving, item("8", full=variant()))))
    assert still.moving == 1
    assert still.live_href == "/c/small/live/"
    marked = ListPage(SMALL, MediaQuery(status="storing"), [], MediaPage((moving,)))
    assert marked.live_href == "/c/small/live/?status=storing"
