"""Numbers written with separators between their thousands: one text each, no part of which is an ID."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.lookups.parsing import parse_ids
from dashboard.lookups.references import SeveralIds, parse_target
from dashboard.web.forms.ticket import SearchForm

PARTINGS: Final = [
    *",.'",
    "\u2019",
    "\u2018",
    "\u00b4",
    "\u066c",
    "\uff0c",
    "\u00a0",
    "\u2007",
    "\u2009",
    "\u202f",
    "&nbsp;",
    "&#8239;",
]


def refusals(text: str) -> set[str]:
    """The reason for which look-up and search box refuse the text."""
    pasted = parse_ids(text)
    assert pasted.ids == []
    form = SearchForm({"q": text})
    assert form.find_target() is None
    return {pasted.malformed[0].reason, str(form.errors["q"][0])}


def western(digits: str, parting: str) -> str:
    return re.sub(r"(?<=[0-9])(?=(?:[0-9]{3})+$)", parting, digits)


def indian(digits: str, parting: str) -> str:
    return re.sub(r"(?<=[0-9])(?=(?:[0-9]{2})*[0-9]{3}$)", parting, digits)


def in_fours(digits: str, parting: str) -> str:
    return re.sub(r"(?<=[0-9])(?=(?:[0-9]{4})+$)", parting, digits)


@pytest.mark.parametrize("parting", [*PARTINGS, " "])
@pytest.mark.parametrize("grouped", [western, indian])
@pytest.mark.parametrize(
    "around", ["{}", "({})", '"{}"', "ID: {}", "{}.", "\ufeff{}\u200b", "\u202a{}\u202c"]
)
def test_a_number_with_thousands_separators_is_one_text_and_no_id(
    around: str, grouped: object, parting: str
) -> None:
    assert callable(grouped)
    text = around.format(grouped("4492994399", parting))
    assert parse_ids(text).malformed_count == 1
    (reason,) = refusals(text)
    assert "a number with thousands separators" in reason
    assert "If it is 4492994399, paste that." in reason


@pytest.mark.parametrize("gap", ["\n", "\r\n", ", ", "; ", ";", "\t", " | ", " and "])
@pytest.mark.parametrize("parting", PARTINGS)
def test_a_list_of_such_numbers_has_no_part_of_one(gap: str, parting: str) -> None:
    numbers = [western(digits, parting) for digits in ("4492994399", "4492994400", "12345678")]
    pasted = parse_ids(gap.join([*numbers, "4492994401"]))
    assert [one for one in pasted.ids if one != "and"] == ["4492994401"]
    assert pasted.malformed_count == 3


@pytest.mark.parametrize(
    "text",
    [
        "4,492,994,399,4,492,994,400",
        "4,492,994,399 4,492,994,400",
        "4,492,994 399",
        "4,492 994,399",
        "4.492,994.399",
        "4,492,994,399.00",
        "4.492.994.399,00",
        "4492994399,00",
        "$4,492,994,399",
        "x4,492,994,399",
        "-4,492,994,399",
        "4,\u200b492,\u200b994,\u200b399",
        "https://v.example/go?media=4,492,994,399",
        "https://v.example/go?media=4%2C492%2C994%2C399",
        "/c/studio-a/media/4,492,994,399/",
        "4 492 994 399",
    ],
)
def test_no_part_of_a_number_is_an_id(text: str) -> None:
    assert parse_ids(text).ids == []
    with pytest.raises(ValueError, match=r"\.$"):
        parse_target(text)


@pytest.mark.parametrize("text", ["100,200,300", "492,994,399", "1234,5678", "44,9299,4399"])
def test_what_may_be_a_number_or_a_list_is_asked_about(text: str) -> None:
    (reason,) = refusals(text)
    assert "could be one number with thousands separators or several IDs" in reason


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("100, 200, 300", ["100", "200", "300"]),
        ("100\n200\n300", ["100", "200", "300"]),
        ("100;200;300", ["100", "200", "300"]),
        ("449 450", ["449", "450"]),
        ("1,2,3", ["1", "2", "3"]),
        ("4492994399,4492994400", ["4492994399", "4492994400"]),
        ("12345,67890", ["12345", "67890"]),
        ("4492994399,449", ["4492994399", "449"]),
        ("a1,b2,c3", ["a1", "b2", "c3"]),
        ("000449,1582917533873852417", ["000449", "1582917533873852417"]),
        ('"100","200"', ["100", "200"]),
        ("['100','200']", ["100", "200"]),
    ],
)
def test_lists_stay_lists(text: str, ids: list[str]) -> None:
    assert parse_ids(text).ids == ids
    with pytest.raises(SeveralIds):
        parse_target(text)


@pytest.mark.parametrize("head", ["media_id", "Media ID", "id"])
@pytest.mark.parametrize(
    ("table", "ids"),
    [
        ("{};ticket\n4,492,994,399;ZD-1\n4492994400;ZD-2", ["4492994400"]),
        ("{}\tticket\n4,492,994,399\tZD-1\n4492994400\tZD-2", ["4492994400"]),
        ('{},ticket\n"4,492,994,399",ZD-1\n4492994400,ZD-2', ["4492994400"]),
        ("{},ticket\n4,492,994,399,ZD-1\n4492994400,ZD-2", ["4492994400"]),
        ("{}\n4,492,994,399\n4492994400", ["4492994400"]),
        ('{}\n"4,492,994,399"\n"4492994400"', ["4492994400"]),
        ("ticket,{}\nZD-1,4,492,994,399\nZD-2,4492994400", ["4492994400"]),
        ("bytes,{}\n1,024,449\n1024,4492994400", ["4492994400"]),
        ("bytes,{}\n1,024,4492994399\n1024,4492994400", ["4492994400"]),
        ("{};ticket\n4\u00a0492\u00a0994\u00a0399;ZD-1\n4492994400;ZD-2", ["4492994400"]),
        ("{};ticket\n4.492.994.399;ZD-1\n4492994400;ZD-2", ["4492994400"]),
        ("{},n,note\n449,1204,\n450,3,a", ["449", "450"]),
        ("{},n\n449,1204,,\n450,3", ["449", "450"]),
    ],
)
def test_a_tables_numbers_are_cells(table: str, head: str, ids: list[str]) -> None:
    pasted = parse_ids(table.format(head))
    assert (pasted.ids, pasted.column) == (ids, head)
    assert pasted.malformed_count == (0 if len(ids) == 2 else 1)
    assert all("thousands separators" in one.reason for one in pasted.malformed)


@given(
    st.integers(1000, 10**20).map(str),
    st.sampled_from([western, indian, in_fours]),
    st.sampled_from(PARTINGS),
    st.sampled_from(["{}", "see {}, please", '{};"x"', "({})", "ID: {}\n", "{}, {}", "{}\n{}", "{} {}"]),
)
def test_no_number_however_grouped_gives_a_shorter_id(
    digits: str, grouped: object, parting: str, around: str
) -> None:
    assert callable(grouped)
    number = grouped(digits, parting)
    if number == digits:
        return
    assert [one for one in parse_ids(around.format(number, number)).ids if one.isdigit()] == []
