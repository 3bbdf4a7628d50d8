from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import (
    API_PARAMETERS,
    DEFAULT_ITEMS_PER_PAGE,
    FILTER_FIELDS,
    MAX_ITEMS_PER_PAGE,
    SORTS,
    STATUSES,
    TYPES,
    MalformedMediaId,
    MediaQuery,
    check_media_id,
)

words = st.text(st.characters(codec="utf-8"), max_size=30)
seconds = st.one_of(st.integers(0, 10**6), st.floats(0, 10**6, allow_nan=False))
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=11))])
moments = st.builds(
    lambda moment, ms: moment.replace(microsecond=ms * 1000),
    st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1), timezones=zones),  # noqa: DTZ001 - given zones
    st.integers(0, 999),
)
queries = st.builds(
    MediaQuery,
    status=st.none() | st.sampled_from(STATUSES) | words,
    type=st.none() | st.sampled_from(TYPES),
    content_type=st.none() | words,
    duration_min=st.none() | seconds,
    duration_max=st.none() | seconds,
    created_at_from=st.none() | moments,
    created_at_to=st.none() | moments,
    cached_at_from=st.none() | moments,
    cached_at_to=st.none() | moments,
    sort=st.none() | st.sampled_from(SORTS),
    limit=st.integers(1, MAX_ITEMS_PER_PAGE),
    cursor=st.none() | words,
)
NAMES = {parameter: name for name, parameter in API_PARAMETERS.items()}


def read_back(parameters: dict[str, str]) -> MediaQuery:
    """The query that these parameters are, each read by what its name says it is."""
    values: dict[str, object] = {}
    for parameter, text in parameters.items():
        name = NAMES[parameter]
        if name.startswith("duration"):
            values[name] = float(text)
        elif "_at_" in name:
            values[name] = datetime.fromisoformat(text)
        else:
            values[name] = int(text) if name == "limit" else text
    return MediaQuery(**values)  # type: ignore[arg-type]


@given(queries)
def test_parameters_read_back_as_the_same_query(query: MediaQuery) -> None:
    assert read_back(query.to_api_params()) == query


@given(queries)
def test_url_reads_back_as_the_same_query(query: MediaQuery) -> None:
    pairs = parse_qsl(query.to_url(), keep_blank_values=True)
    assert len(pairs) == len(dict(pairs))
    assert read_back(dict(pairs)) == query


@given(queries)
def test_url_is_read_as_the_same_query(query: MediaQuery) -> None:
    if query.status in (None, *STATUSES):
        assert MediaQuery.from_url(query.to_url()) == query
    else:
        with pytest.raises(ValueError, match="unknown status"):
            MediaQuery.from_url(query.to_url())


@pytest.mark.parametrize(
    "text",
    [
        "status",
        "status=stored&status=pending",
        "colour=red",
        "status=melted",
        "type=film",
        "sort=size_desc",
        "durationMin=-1",
        "durationMin=nan",
        "durationMax=inf",
        "durationMax=long",
        "createdAtFrom=2026-06-01",
        "createdAtFrom=yesterday",
        "limit=0",
        "limit=101",
        "limit=many",
    ],
)
def test_url_that_asks_nothing_we_know_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        MediaQuery.from_url(text)


@given(queries)
def test_url_leaves_the_usual_limit_out(query: MediaQuery) -> None:
    assert ("limit" in dict(parse_qsl(query.to_url()))) == (query.limit != DEFAULT_ITEMS_PER_PAGE)


@given(queries, st.sampled_from([field.name for field in fields(MediaQuery) if field.name != "cursor"]))
def test_any_change_drops_the_cursor(query: MediaQuery, name: str) -> None:
    changed = query.replace(**{name: getattr(query, name)})
    assert changed.cursor is None
    assert query.replace(cursor="next").cursor == "next"


@given(queries)
def test_only_sort_dates_and_durations_make_a_scan(query: MediaQuery) -> None:
    direct = query.replace(
        sort=None,
        **{name: None for name in FILTER_FIELDS if name.startswith(("duration", "created", "cached"))},
    )
    assert not direct.is_scan
    assert query.is_scan == (query.replace(limit=1) != direct.replace(limit=1))


def test_all_twelve_parameters_are_spelled_as_the_api_spells_them() -> None:
    assert set(NAMES) == {
        "status",
        "type",
        "contentType",
        "durationMin",
        "durationMax",
        "createdAtFrom",
        "createdAtTo",
        "cachedAtFrom",
        "cachedAtTo",
        "limit",
        "cursor",
        "sort",
    }


def test_values_are_written_as_the_api_shows_them() -> None:
    query = MediaQuery(
        duration_min=10.0,
        duration_max=12.5,
        created_at_from=datetime(2026, 6, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        created_at_to=datetime(2026, 6, 7, 23, 59, 59, 999_000, tzinfo=UTC),
    )
    assert query.to_api_params() == {
        "durationMin": "10",
        "durationMax": "12.5",
        "createdAtFrom": "2026-06-01T00:00:00.000Z",
        "createdAtTo": "2026-06-07T23:59:59.999Z",
        "limit": "50",
    }


@given(st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True))
def test_media_id_comes_back_as_it_is(text: str) -> None:
    assert check_media_id(text) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/..", "#x", "?x", "1\n", "\n", "١٢", "a" * 129, "a b", "conn_1"]
)
def test_text_that_is_no_media_id_is_refused(text: str) -> None:
    with pytest.raises(MalformedMediaId) as caught:
        check_media_id(text)
    assert len(text) < 2 or text not in str(caught.value)
