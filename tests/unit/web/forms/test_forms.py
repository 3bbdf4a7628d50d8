"""Text from people to typed values: good, bad, doubled and empty, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import DEFAULT_ITEMS_PER_PAGE, SORTS, STATUSES, TYPES, MediaQuery
from dashboard.vault.query import API_PARAMETERS
from dashboard.web.forms.account import PreferencesForm, SignInForm
from dashboard.web.forms.media import MediaFilterForm
from dashboard.web.forms.ticket import SearchForm


def filters(query_string: str) -> MediaFilterForm:
    return MediaFilterForm(QueryDict(query_string))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


GOOD: list[tuple[str, str, Any]] = [
    ("status=edge_only", "status", "edge_only"),
    ("type=audio", "type", "audio"),
    ("contentType=image%2Fjpeg", "content_type", "image/jpeg"),
    ("durationMin=0", "duration_min", 0.0),
    ("durationMax=12.5", "duration_max", 12.5),
    ("createdAtFrom=2026-06-01", "created_at_from", utc(2026, 6, 1)),
    ("createdAtFrom=2026-06-01T14:00%2B02:00", "created_at_from", utc(2026, 6, 1, 12)),
    ("createdAtTo=2026-06-01", "created_at_to", utc(2026, 6, 1, 23, 59, 59, 999_000)),
    ("createdAtTo=2026-06-01T00:00", "created_at_to", utc(2026, 6, 1)),
    ("cachedAtFrom=2026-06-01T14:00:01.250Z", "cached_at_from", utc(2026, 6, 1, 14, 0, 1, 250_000)),
    ("cachedAtTo=2026-06-01T14:00Z", "cached_at_to", utc(2026, 6, 1, 14)),
    ("sort=cachedAt_asc", "sort", "cachedAt_asc"),
    ("limit=100", "limit", 100),
    ("cursor=abc%20", "cursor", "abc "),
]

BAD = [
    "status=Stored",
    "status=deleted",
    "type=picture",
    f"contentType={'x' * 201}",
    "durationMin=soon",
    "durationMin=-1",
    "durationMin=nan",
    "durationMax=inf",
    "createdAtFrom=yesterday",
    "createdAtFrom=2026-13-01",
    "createdAtTo=0001-01-01T00:00%2B23:00",
    "cachedAtFrom=1750000000",
    "cachedAtTo=2026-06-01T25:00",
    "sort=newest",
    "limit=0",
    "limit=101",
    "limit=ten",
    "limit=1.5",
    f"cursor={'x' * 4097}",
    "cursor=%00",
]


@pytest.mark.parametrize(("link", "field", "value"), GOOD)
def test_a_good_value_is_understood(link: str, field: str, value: Any) -> None:
    form = filters(link)
    assert form.is_valid(), form.errors
    assert getattr(form.to_query(), field) == value


@pytest.mark.parametrize("link", BAD)
def test_a_bad_value_is_refused_beside_its_field(link: str) -> None:
    form = filters(link)
    assert not form.is_valid()
    assert list(form.errors) == [link.partition("=")[0]]


@pytest.mark.parametrize("link", [link for link in BAD if "%00" not in link])
def test_what_was_refused_is_shown_again_as_it_was_given(link: str) -> None:
    form = filters(link)
    form.is_valid()
    name = link.partition("=")[0]
    assert form.get_text(name) == QueryDict(link)[name]


@pytest.mark.parametrize("name", API_PARAMETERS.values())
def test_an_empty_value_asks_nothing(name: str) -> None:
    form = filters(f"{name}=")
    assert form.is_valid(), form.errors
    assert form.to_query() == MediaQuery()


@pytest.mark.parametrize(("link", "field", "value"), GOOD)
def test_the_same_twice_is_once(link: str, field: str, value: Any) -> None:
    form = filters(f"{link}&{link}")
    assert form.is_valid(), form.errors
    assert getattr(form.to_query(), field) == value


@pytest.mark.parametrize(
    "link", ["status=stored&status=pending", "limit=10&limit=20", "cursor=a&cursor=b", "sort=x&sort="]
)
def test_two_different_values_are_refused(link: str) -> None:
    form = filters(link)
    assert not form.is_valid()
    assert list(form.errors) == [link.partition("=")[0]]


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("durationMin=10&durationMax=9", "durationMax"),
        ("createdAtFrom=2026-06-02&createdAtTo=2026-06-01", "createdAtTo"),
        ("cachedAtFrom=2026-06-02&cachedAtTo=2026-06-01", "cachedAtTo"),
    ],
)
def test_an_end_before_its_start_is_refused(link: str, name: str) -> None:
    form = filters(link)
    assert list(form.errors) == [name]


def test_a_day_may_begin_and_end_on_the_same_date() -> None:
    assert filters("createdAtFrom=2026-06-01&createdAtTo=2026-06-01").is_valid()


def test_misspelt_filters_are_named_and_our_own_parameters_are_not() -> None:
    form = filters("statuss=stored&trail=a&ticket=ZD-1&status=stored")
    assert form.unknown_names == ["statuss"]


def test_dates_are_shown_as_a_date_field_reads_them() -> None:
    form = filters("createdAtFrom=2026-06-01T14:00%2B02:00&durationMin=10.0")
    assert form.is_valid()
    assert form.get_text("createdAtFrom") == "2026-06-01T12:00"
    assert form.get_text("durationMin") == "10"
    assert form.has_dates


moments = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
seconds = st.floats(0, 1e7, allow_nan=False)
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=40)


def in_order(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    low, high = pair
    return (high, low) if low is not None and high is not None and low > high else pair


def pairs(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(st.none() | values, st.none() | values).map(in_order)


@st.composite
def questions(draw: st.DrawFn) -> MediaQuery:
    duration, created, cached = draw(pairs(seconds)), draw(pairs(moments)), draw(pairs(moments))
    return MediaQuery(
        status=draw(st.none() | st.sampled_from(STATUSES)),
        type=draw(st.none() | st.sampled_from(TYPES)),
        content_type=draw(st.none() | texts),
        duration_min=duration[0],
        duration_max=duration[1],
        created_at_from=created[0],
        created_at_to=created[1],
        cached_at_from=cached[0],
        cached_at_to=cached[1],
        sort=draw(st.none() | st.sampled_from(SORTS)),
        limit=draw(st.integers(1, 100)),
        cursor=draw(st.none() | texts),
    )


@given(questions())
def test_a_question_written_as_our_link_is_read_as_the_same_question(question: MediaQuery) -> None:
    form = filters(question.to_url())
    assert form.is_valid(), form.errors
    assert form.to_query() == question


@given(st.sampled_from(sorted(API_PARAMETERS.values())), st.text(max_size=50))
def test_any_text_is_either_understood_or_refused_beside_its_field(name: str, text: str) -> None:
    data = QueryDict(mutable=True)
    data[name] = text
    form = MediaFilterForm(data)
    if form.is_valid():
        assert filters(form.to_query().to_url()).is_valid()
    else:
        assert list(form.errors) == [name]


def test_no_limit_is_the_usual_one() -> None:
    form = filters("")
    assert form.is_valid()
    assert form.to_query().limit == DEFAULT_ITEMS_PER_PAGE


@pytest.mark.parametrize(
    ("given", "valid"), [("viewer", True), ("admin", True), ("root", False), ("", False)]
)
def test_sign_in_knows_three_people(given: str, valid: bool) -> None:
    assert SignInForm({"role": given}).is_valid() is valid


def test_search_says_why_a_text_names_no_item() -> None:
    form = SearchForm({"q": "a b"})
    assert form.find_target() is None
    assert form.errors["q"]
    assert SearchForm({"q": "x" * 2001}).find_target() is None
    target = SearchForm({"q": " 4492994399 "}).find_target()
    assert target is not None
    assert target.media_id == "4492994399"


@pytest.mark.parametrize(
    ("data", "valid"),
    [({}, True), ({"media": "hidden"}, True), ({"media": "off"}, False), ({"layout": "rows"}, False)],
)
def test_preferences(data: dict[str, str], valid: bool) -> None:
    assert PreferencesForm(data).is_valid() is valid


@given(questions())
def test_what_the_fields_show_asks_the_same(query: MediaQuery) -> None:
    """The next press sends what stands in the fields: nothing may be lost on the way there."""
    form = MediaFilterForm(QueryDict(query.to_url()))
    assert form.is_valid(), form.errors
    again = MediaFilterForm({name: form.get_text(name) for name in form.fields})
    assert again.is_valid(), again.errors
    assert again.to_query() == form.to_query()
