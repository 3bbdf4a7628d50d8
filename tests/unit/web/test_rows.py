"""Rows that are filled into kinds of rows are what Jinja would have printed, and open text stays text."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import override_settings
from markupsafe import escape
from msgspec import structs

from dashboard.models import Connection
from dashboard.vault import MediaItem, UnreadableItem, Variant
from dashboard.web import rows
from dashboard.web.preferences import Preferences
from dashboard.web.presenters.media import Row, RowBuilder
from dashboard.web.rows import HOLES, RowPrinter, get_kind, get_macros
from tests.make import item, variant

HOSTILE = '"><script>alert(1)</script>%(id)s %s {{ 7 * 7 }}'


@pytest.fixture(autouse=True)
def media_hosts() -> Any:
    with override_settings(VAULTPLUS_MEDIA_HOSTS=["https://media.ofauth.com"]):
        yield


def build(*items: MediaItem | UnreadableItem) -> list[Any]:
    return RowBuilder(Connection(slug="small", label="Small")).build_rows(items)


def plain_rows() -> list[Row]:
    """Rows of every kind of thumb, type and length."""
    picture, film = variant(), variant(content_type="video/mp4")
    foreign = structs.replace(picture, url="https://evil.example/x")
    made: list[Row] = build(
        item("1", thumb=picture),
        item("2", thumb=film, full=film),
        item("3"),
        item("4", thumb=foreign, w96=variant(status="quarantined")),
        MediaItem(id="5", type="hologram", duration=12.5, media={"thumb": picture}),
        MediaItem(id="6", type=HOSTILE, duration=None, media={HOSTILE: picture, "thumb": picture}),
    )
    return [*made, structs.replace(made[0], id="7", thumb=f"https://media.ofauth.com/{HOSTILE}", odd=HOSTILE)]


@pytest.mark.parametrize(
    ("media", "layout", "may_delete", "selected", "is_swapped"),
    list(
        itertools.product(
            ("hidden", "blurred", "shown"), ("table", "grid"), (True, False), (None, {"1"}), (True, False)
        )
    ),
)
def test_a_filled_row_is_what_the_template_prints(
    monkeypatch: pytest.MonkeyPatch,
    media: str,
    layout: str,
    may_delete: bool,
    selected: set[str] | None,
    is_swapped: bool,
) -> None:
    """With the kinds that are kept, and by the template alone, which escapes what it prints."""
    view = Preferences(media, layout=layout)
    printer = RowPrinter(view, may_delete=may_delete, selected=selected, is_swapped=is_swapped)
    made = plain_rows()
    filled = [str(printer.print_row(row, is_first=n == 0)) for n, row in enumerate(made)]
    assert filled == [str(printer.print_row(row, is_first=n == 0)) for n, row in enumerate(made)]
    for number, row in enumerate(made):
        values = {name: getattr(row, name) for name in HOLES}

        def print_alone(kind: rows.RowKind, values: dict[str, Any] = values) -> rows.PrintedKind:
            return str(get_macros().row(kind, values)).replace("%", "%%"), lambda row: ()

        monkeypatch.setattr(rows, "print_kind", print_alone)
        monkeypatch.setattr(rows, "get_kind", print_alone)
        alone = RowPrinter(view, may_delete=may_delete, selected=selected, is_swapped=is_swapped)
        assert filled[number] == str(alone.print_row(row, is_first=number == 0))
    monkeypatch.undo()


def test_a_row_prints_open_text_as_text() -> None:
    lying = Variant(**{**structs.asdict(variant()), "status": HOSTILE})
    everything = [
        *plain_rows(),
        *build(item("8", thumb=lying), UnreadableItem("9", HOSTILE), UnreadableItem(None, HOSTILE)),
    ]
    for media, layout in itertools.product(("blurred", "shown"), ("table", "grid")):
        printer = RowPrinter(Preferences(media, layout=layout), may_delete=True, selected=())
        printed = str(printer.print_rows(everything))
        assert "<script>" not in printed
        assert printed.count(str(escape("<script>"))) >= 6
        assert printed.count("%(id)s %s {{ 7 * 7 }}") >= 6


def test_kinds_are_few_and_their_number_is_bounded() -> None:
    get_kind.cache_clear()
    printer = RowPrinter(Preferences("blurred"), may_delete=True, selected=())
    printer.print_rows(build(*(item(str(number), thumb=variant()) for number in range(1, 101))))
    assert get_kind.cache_info().currsize <= 2
    assert get_kind.cache_info().maxsize
