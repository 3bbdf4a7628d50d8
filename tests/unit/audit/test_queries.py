"""What is read of the record: by whom, filtered by what, page after page without a gap."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.audit.event_codes import OUTCOMES, VERBS
from dashboard.audit.queries import MAX_ATTENTION_ITEMS, AuditQuery, AuditReader, Position, UnknownRecord
from dashboard.identity import Caller, Person, Role
from dashboard.models import Connection, Event, RemovalState
from dashboard.web.forms.audit import AuditFilterForm
from dashboard.web.presenters.audit import list_removals_needing_attention
from tests import make

ADMIN: Final = Person("Ada", "", Role.ADMIN)
VIEWER: Final = Person("Vera", "", Role.VIEWER, groups=("support",))
NOON: Final = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)


def numbers(events: list[Event]) -> list[int]:
    return [event.sequence for event in events]


def read(person: Person = ADMIN, **asked: Any) -> list[int]:
    return numbers(AuditReader(person).read_page(AuditQuery(**asked)).events)


def rows(*moments: datetime, **columns: Any) -> list[Event]:
    """Events at these moments, in the order they were written; only what lists are filtered by."""
    usual = {
        "code": "media.delete.deleted",
        "verb": "delete",
        "outcome": "deleted",
        "line": "{}",
        "hash": "-",
    }
    start = (Event.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0) + 1
    made = [Event(sequence=n, at=at, **{**usual, **columns}) for n, at in enumerate(moments, start)]
    return Event.objects.bulk_create(made)


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)
moments = st.integers(0, 2**52).map(
    lambda micros: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
)
places = st.builds(Position, moments, st.integers(0, 2**63 - 1))


@given(
    query=st.builds(
        AuditQuery,
        actor=st.none() | words,
        verb=st.sampled_from([None, *VERBS]),
        connection=st.sampled_from([None, "small"]),
        media_id=st.none() | words,
        ticket=st.none() | words,
        outcome=st.sampled_from([None, *OUTCOMES]),
        at_from=st.none() | moments,
        at_to=st.none(),
        steps=st.sampled_from([None, "all"]),
        job=st.none() | st.uuids(),
        limit=st.integers(1, 200),
        before=st.none() | places,
    )
)
def test_a_question_survives_its_address(query: AuditQuery) -> None:
    form = AuditFilterForm(QueryDict(query.to_url()), connections=[Connection(slug="small", label="S")])
    assert form.is_valid(), form.errors
    assert form.to_query() == query


@given(places)
def test_a_place_survives_its_address(place: Position) -> None:
    assert Position.parse(str(place)) == place


@pytest.mark.parametrize(
    "text",
    ["1", "-", "1-", "-1", "x-1", "1-x", "1-1-1", "²-1", "1-" + "9" * 19, "9" * 30 + "-1", "9" * 5000 + "-1"],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    form = AuditFilterForm(QueryDict(urlencode({"before": text})), connections=[])
    assert form.errors == {"before": ["This is not a place in the record."]}


def test_a_change_of_filter_starts_from_the_newest() -> None:
    query = AuditQuery(ticket="ZD-1", before=Position(NOON, 3))
    assert query.replace(ticket=None).before is None
    assert query.replace(before=Position(NOON, 2)).ticket == "ZD-1"


def walked(query: AuditQuery, history: AuditReader | None = None, *, between: Any = None) -> list[int]:
    """The numbers on every page, from the first to the last."""
    found: list[int] = []
    while True:
        page = (history or AuditReader(ADMIN)).read_page(query)
        assert len(page.events) <= query.limit
        found += numbers(page.events)
        if page.next is None:
            return found
        query = query.replace(before=page.next)
        if between:
            between()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 50])
def test_pages_have_no_gaps_and_no_doubles_also_at_equal_times(db: None, limit: int) -> None:
    step = timedelta(microseconds=1)
    made = rows(*[NOON + step * (n // 5) for n in range(20)])
    assert walked(AuditQuery(limit=limit)) == numbers(made[::-1])


def test_a_clock_that_jumped_back_mixes_nothing_up(db: None) -> None:
    hour = timedelta(hours=1)
    made = rows(NOON, NOON + hour, NOON, NOON - hour, NOON + hour, NOON)
    ordered = sorted(made, key=lambda event: (event.at, event.sequence), reverse=True)
    assert walked(AuditQuery(limit=2)) == numbers(ordered)


def test_what_is_added_meanwhile_moves_no_page(db: None) -> None:
    made = rows(*[NOON + timedelta(seconds=n) for n in range(10)])
    between = lambda: rows(NOON + timedelta(days=1), NOON + timedelta(days=2))  # noqa: E731
    assert walked(AuditQuery(limit=3), between=between) == numbers(made[::-1])


def test_the_walk_has_every_event_whatever_its_stride(db: None) -> None:
    made = rows(*[NOON + timedelta(seconds=n // 3) for n in range(1203)])
    assert numbers(list(AuditReader(ADMIN).iterate_events(AuditQuery(limit=1)))) == numbers(made[::-1])


def test_the_last_page_leads_nowhere(db: None) -> None:
    rows(NOON, NOON)
    assert AuditReader(ADMIN).read_page(AuditQuery(limit=2)).next is None
    assert AuditReader(ADMIN).read_page(AuditQuery(limit=1)).next is not None


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        ({"verb": "purge"}, {"verb": "purge"}),
        ({"outcome": "unknown"}, {"outcome": "unknown"}),
        ({"outcome": "sent"}, {"outcome": "sent"}),
        ({"connection": "small"}, {"connection": "small"}),
        ({"media_id": "7"}, {"media_id": "7"}),
        ({"ticket": "ZD-7"}, {"ticket": "ZD-7"}),
        ({"actor": "Ömer"}, {"actor_name": "Ömer"}),
        ({"actor": "Omar@Example.com"}, {"actor_email": "omar@example.com"}),
        (
            {"ticket": "ZD-7", "connection": "small", "verb": "purge"},
            {"ticket": "ZD-7", "connection": "small", "verb": "purge"},
        ),
        ({"actor": "o@x", "outcome": "deleted"}, {"actor_email": "o@x"}),
    ],
)
def test_filters_are_exact(db: None, asked: dict[str, Any], columns: dict[str, Any]) -> None:
    rows(NOON, NOON)
    rows(
        NOON,
        ticket="ZD-77",
        media_id="77",
        connection="smalls",
        actor_name="Ömer B",
        actor_email="omar@example.co",
    )
    (fits,) = rows(NOON, **columns)
    rows(NOON)
    assert read(**asked) == [fits.sequence]


def test_an_email_is_found_however_it_is_written(db: None) -> None:
    caller = Caller(Person("Omar", "Omar.H@Example.COM", Role.OPERATOR))
    event = make.event(caller=caller)
    assert read(actor="omar.h@example.com") == read(actor="OMAR.H@EXAMPLE.COM") == [event.sequence]


def test_a_range_holds_both_its_ends(db: None) -> None:
    before, first, last, after = rows(*[NOON + timedelta(milliseconds=n) for n in range(4)])
    end = last.at.replace(microsecond=125_000)
    assert read(at_from=first.at, at_to=end) == [last.sequence, first.sequence]
    assert read(at_to=datetime.max.replace(tzinfo=UTC)) == numbers([after, last, first, before])
    assert read(at_from=datetime.min.replace(tzinfo=UTC), at_to=datetime.min.replace(tzinfo=UTC)) == []


def test_intents_stand_aside_unless_every_step_is_asked_for(db: None) -> None:
    (sent,) = rows(NOON, outcome="sent")
    (done,) = rows(NOON)
    assert read() == [done.sequence]
    assert read(steps="all") == [done.sequence, sent.sequence]


@pytest.fixture
def shelves(db: None) -> dict[str, Connection]:
    """Connections open to all, to the viewer's group and to another, and an archived one."""
    return {
        "all": make.connection("all"),
        "ours": make.connection("ours", groups=["support", "x"]),
        "theirs": make.connection("theirs", groups=["legal"]),
        "old": make.connection("old", archived_at=timezone.now()),
        "old-theirs": make.connection("old-theirs", groups=["legal"], archived_at=timezone.now()),
    }


def test_others_connections_do_not_exist(shelves: dict[str, Connection]) -> None:
    events = {slug: make.event(of=one) for slug, one in shelves.items()}
    alone = make.event("access.refused")
    mine = [events[slug].sequence for slug in ("old", "ours", "all")]
    assert read(VIEWER) == mine
    assert read(VIEWER, steps="all", limit=200) == mine
    assert read(VIEWER, connection="theirs") == []
    assert len(read(ADMIN)) == 6
    for number in (events["theirs"].sequence, alone.sequence, 10**6, 10**30):
        with pytest.raises(UnknownRecord):
            AuditReader(VIEWER).get_event(number)
    assert AuditReader(VIEWER).get_event(events["old"].sequence) == events["old"]
    assert AuditReader(ADMIN).get_event(alone.sequence) == alone
    assert set(AuditReader(VIEWER).connections) == {"all", "ours", "old"}


@pytest.mark.parametrize("open_to_them", [0, 1, 3, 15])
def test_who_reads_of_few_connections_or_many_has_every_page_of_them(db: None, open_to_them: int) -> None:
    slugs = [f"ours-{number}" for number in range(open_to_them)]
    for slug in slugs:
        make.connection(slug, label=slug)
    make.connection("theirs", groups=["legal"])
    events = [
        event
        for number in range(60)
        for event in rows(
            NOON + timedelta(seconds=number // 7),
            connection=[*slugs, "theirs", ""][number % (open_to_them + 2)],
        )
    ]
    ours = [event for event in events if event.connection in slugs]
    history = AuditReader(VIEWER)
    for limit in (1, 7, 50):
        assert walked(AuditQuery(limit=limit), history) == numbers(ours[::-1])
    assert numbers(list(history.iterate_events(AuditQuery()))) == numbers(ours[::-1])


def test_nobody_reads_nothing(shelves: dict[str, Connection]) -> None:
    make.event(of=shelves["all"])
    assert AuditReader(None).read_page(AuditQuery()).events == []
    assert AuditReader(None).connections == {}


def test_a_removal_of_anothers_connection_does_not_exist(shelves: dict[str, Connection]) -> None:
    ours, theirs = make.removal(shelves["ours"]), make.removal(shelves["theirs"])
    assert AuditReader(VIEWER).get_removal(ours.pk) == ours
    assert AuditReader(ADMIN).get_removal(theirs.pk) == theirs
    for number in (theirs.pk, uuid.uuid4()):
        with pytest.raises(UnknownRecord):
            AuditReader(VIEWER).get_removal(number)


def test_what_needs_a_look_is_shown_to_those_who_may_see_it(shelves: dict[str, Connection]) -> None:
    out = make.removal(shelves["ours"], state=RemovalState.SENT, settled_at=None, media_id="1")
    unknown = make.removal(shelves["all"], state=RemovalState.UNKNOWN, media_id="2")
    unresolved = make.removal(shelves["theirs"], state=RemovalState.UNRESOLVED, media_id="3")
    make.removal(shelves["all"], state=RemovalState.UNRESOLVED, closed_at=timezone.now(), media_id="4")
    make.removal(shelves["all"], media_id="5")
    assert list_removals_needing_attention(AuditReader(VIEWER), AuditQuery()) == [unknown, out]
    assert list_removals_needing_attention(AuditReader(ADMIN), AuditQuery()) == [unresolved, unknown, out]
    assert list_removals_needing_attention(AuditReader(ADMIN), AuditQuery(connection="ours")) == [out]
    assert list_removals_needing_attention(AuditReader(VIEWER), AuditQuery(connection="theirs")) == []


def test_only_so_many_looks_are_named(db: None) -> None:
    small = make.connection()
    for n in range(MAX_ATTENTION_ITEMS + 5):
        make.removal(small, state=RemovalState.UNRESOLVED, media_id=str(n))
    assert len(list_removals_needing_attention(AuditReader(ADMIN), AuditQuery())) == MAX_ATTENTION_ITEMS + 1
