"""One reading of pasted IDs for search box, ticket links and look-up: what pastes along, what looks alike."""

from __future__ import annotations

import re
from typing import Final

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from dashboard.lookups.media_ids import is_perhaps_rounded
from dashboard.lookups.parsing import parse_ids
from dashboard.web.forms.ticket import SearchForm
from dashboard.web.ticket_links import TicketLink, UnusableLink

ID: Final = "4492994401"
UNSEEN: Final = {
    "\u200b": "a zero-width space (U+200B)",
    "\u200c": "a zero-width non-joiner (U+200C)",
    "\u200d": "a zero-width joiner (U+200D)",
    "\u200e": "a left-to-right mark (U+200E)",
    "\u200f": "a right-to-left mark (U+200F)",
    "\u202a": "a left-to-right embedding (U+202A)",
    "\u202c": "a pop directional formatting (U+202C)",
    "\u2060": "a word joiner (U+2060)",
    "\u2069": "a pop directional isolate (U+2069)",
    "\ufe0f": "a variation selector-16 (U+FE0F)",
    "\ufeff": "a zero-width no-break space (U+FEFF)",
    "\x7f": "a control character (U+007F)",
}
AROUND: Final = [
    "{}",
    " {}\t",
    "\u00a0{}\u202f",
    "{}.",
    "{},",
    "{};",
    "{}:",
    "{}!",
    "#{}",
    "# {}",
    "\u2116 {}",
    '"{}"',
    "'{}'",
    "\u2018{}\u2019",
    "\u201c{}\u201d",
    "\u201e{}\u201c",
    "\u00ab{}\u00bb",
    "\u300c{}\u300d",
    "({})",
    "[{}]",
    "{{{}}}",
    "<{}>",
    "`{}`",
    "```{}```",
    "**{}**",
    "~~{}~~",
    "- {}",
    "* {}",
    "\u2022 {}",
    "1. {}",
    "1) {}",
    "- [ ] {}",
    "- [x] {}",
    "> {}",
    '="{}"',
    "&quot;{}&quot;",
    "&lt;{}&gt;",
    "{}&nbsp;",
    "ID: {}",
    "ID:{}",
    "id {}",
    "ID #{}",
    "ID\uff1a{}",
    "Media ID = {}",
    "Media ID: #{}",
    "media_id={}",
    "mediaId: {}",
    "MEDIA-ID: {}",
    "**Media ID:** `{}`",
    '"media_id": "{}",',
    "Media item {}",
    "(ID: {}).",
    *(f"{sign}{{}}" for sign in UNSEEN),
    *(f"{{}}{sign}" for sign in UNSEEN),
    *(f"\u201c{sign}{{}}{sign}\u201d" for sign in UNSEEN),
    "\u2066{}\u2069.",
]


def sought(text: str) -> str:
    """The ID that the search box finds in the text."""
    form = SearchForm({"q": text})
    target = form.find_target()
    assert target is not None, form.errors
    return target.media_id


def linked(text: str) -> str:
    """The ID that a ticket link with the text names."""
    asked = QueryDict(mutable=True)
    asked["media"] = text
    return TicketLink.from_query(asked).media_id


SOME_IDS: Final = [ID, "med-1_A", "_a-", "-00123", "000449", "x" * 128]
WORDS: Final = ("id {}", "Media item {}")
"""A word without a sign behind it is a label before digits alone."""


@pytest.mark.parametrize(
    ("around", "media_id"),
    [(around, one) for around in AROUND for one in SOME_IDS if around not in WORDS or one[0].isdigit()],
)
def test_what_pastes_along_is_ignored_alike(around: str, media_id: str) -> None:
    text = around.format(media_id)
    pasted = parse_ids(text)
    assert (pasted.ids, pasted.malformed) == ([media_id], [])
    assert sought(text) == linked(text) == media_id


@pytest.mark.parametrize("text", ["449299\u00ad4401", "\u00ad4492994401\u00ad", "44\u00ad92\u00ad994401"])
def test_a_soft_hyphen_is_no_part_of_an_id(text: str) -> None:
    assert parse_ids(text).ids == [ID]
    assert sought(text) == linked(text) == ID


def refusals(text: str) -> set[str]:
    """The reason for which each of the three refuses the text."""
    pasted = parse_ids(text)
    assert pasted.ids == []
    form = SearchForm({"q": text})
    assert form.find_target() is None
    with pytest.raises(UnusableLink) as refused:
        linked(text)
    return {pasted.malformed[0].reason, str(form.errors["q"][0]), refused.value.advice}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        *((f"449299{sign}4401", f"contains {named}.") for sign, named in UNSEEN.items()),
        ("4492994401\uff14", "contains “\uff14”, a fullwidth digit four (U+FF14)."),
        ("\u0430bc", "contains “\u0430”, a cyrillic small letter a (U+0430)."),
        ("med\u20111", "contains “\u2011”, a non-breaking hyphen (U+2011)."),
        ("med\u20131", "contains “\u2013”, an en dash (U+2013)."),
        ("a@b", "contains “@”."),
        ("4492994401\u2026", "it was cut where “…” stands."),
        ("...2994401", "it was cut where “…” stands."),
        ("x" * 129, "it has 129 characters."),
    ],
)
def test_where_an_id_is_refused_the_reason_can_be_seen(text: str, word: str) -> None:
    (reason,) = refusals(text)
    assert reason.startswith("Not a media ID: ")
    assert word in reason
    assert reason.isprintable()


IDS: Final = st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True).filter(
    lambda one: (
        re.search(r"[A-Za-z0-9]", one)
        and not re.fullmatch(r"[0-9]+[eE][0-9]+|conn_.*", one)
        and not re.match(r"ids?$|(media|item|asset|file|content|post)[_-]?(item)?[_-]?(ids?)?$", one, re.I)
    )
)
ONE_A_LINE: Final = [
    around for around in AROUND if around not in ("id {}", "Media item {}", "1) {}", "1. {}")
]


@given(st.lists(IDS, min_size=1, max_size=12), st.sampled_from(ONE_A_LINE), st.sampled_from(["\n", "\r\n"]))
def test_ids_a_line_each_are_exactly_these(ids: list[str], around: str, end: str) -> None:
    pasted = parse_ids(end.join(around.format(one) for one in ids))
    assert pasted.ids == list(dict.fromkeys(ids))
    assert pasted.malformed == []


@given(st.lists(IDS, min_size=2, max_size=12, unique=True))
def test_a_numbered_list_has_no_id_more(ids: list[str]) -> None:
    assert parse_ids("\n".join(f"{place}. {one}" for place, one in enumerate(ids, 1))).ids == ids


@pytest.mark.parametrize(
    ("media_id", "is_rounded"),
    [
        ("1582917533873850000", True),
        ("15829175338738500", True),
        ("1582917533873852", False),
        ("1582917533873850", True),
        ("1582917533873852000", True),
        ("1582917533873852417", False),
        ("449299439900000", False),
        ("med-1582917533873850000", False),
        ("", False),
    ],
)
def test_a_number_that_a_spreadsheet_may_have_rounded(media_id: str, is_rounded: bool) -> None:
    assert is_perhaps_rounded(media_id) is is_rounded
