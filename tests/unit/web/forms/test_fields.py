"""Fields for what browsers and key pads write in their own way: lines of text, and decimals."""

from __future__ import annotations

from typing import Final

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from dashboard.web.forms.fields import LinesField, SecondsField

MAX: Final = 1000
LINE_ENDS: Final = ["\n", "\r\n", "\r"]
TALLIES: Final = {
    "25 lines": "\n".join(["x" * 39] * 25),
    "one line": "x" * MAX,
    "empty lines": "x" + "\n" * (MAX - 2) + "x",
    "emoji": "\U0001f600" * (MAX // 2),
    "emoji in lines": "\n".join(["\U0001f600" * 9] * 52),
    "umlauts": "\u00fc" * MAX,
    "e and an accent": "e\u0301" * (MAX // 2),
}


@pytest.mark.parametrize("end", LINE_ENDS)
@pytest.mark.parametrize("text", TALLIES.values(), ids=TALLIES)
def test_what_the_box_lets_in_is_accepted(text: str, end: str) -> None:
    assert LinesField(max_length=MAX).clean(text.replace("\n", end)) == text


@pytest.mark.parametrize("end", LINE_ENDS)
@pytest.mark.parametrize(
    "text",
    ["x" * (MAX + 1), "\n".join(["x" * 39] * 25) + "yy", "\U0001f600" * (MAX // 2) + "x"],
    ids=["letters", "lines", "emoji"],
)
def test_what_the_box_would_cut_is_refused_with_the_same_count(text: str, end: str) -> None:
    with pytest.raises(ValidationError, match=r"at most 1000 characters \(it has 1001\)"):
        LinesField(max_length=MAX).clean(text.replace("\n", end))


@given(st.text(st.characters(exclude_characters="\x00"), max_size=40), st.sampled_from(LINE_ENDS))
def test_lines_end_in_one_character(text: str, end: str) -> None:
    kept = LinesField(max_length=MAX, required=False).clean(text.replace("\n", end))
    assert "\r" not in kept
    assert kept == kept.strip()


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("12,5", 12.5),
        ("12.5", 12.5),
        (" 12,5 ", 12.5),
        ("0,5", 0.5),
        (",5", 0.5),
        (".5", 0.5),
        ("0,125", 0.125),
        ("12,50", 12.5),
        ("12,1250", 12.125),
        ("1234,5", 1234.5),
        ("1234,567", 1234.567),
        ("12.125", 12.125),
        ("1.234", 1.234),
        ("12", 12.0),
        ("0", 0.0),
        ("", None),
    ],
)
def test_decimals_come_after_a_comma_or_a_point(typed: str, seconds: float | None) -> None:
    assert SecondsField().clean(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("1.234,5", "separators between its thousands"),
        ("1,234.5", "separators between its thousands"),
        ("1.234.567", "separators between its thousands"),
        ("1,234,567", "separators between its thousands"),
        ("1'234,5", "separators between its thousands"),
        ("1,234", "separators between its thousands"),
        ("12,500", "separators between its thousands"),
        ("1,,5", "separators between its thousands"),
        ("12,5 s", "number of seconds"),
        ("12,", "number of seconds"),
        (",", "number of seconds"),
        ("1 234,5", "number of seconds"),
        ("1\u00a0234,5", "number of seconds"),
        ("soon", "number of seconds"),
        ("nan", "number of seconds"),
        ("inf", "number of seconds"),
        ("-1,5", "start at 0"),
        ("10000000,5", "longer than 10,000,000"),
    ],
)
def test_a_number_that_reads_in_two_ways_is_refused_in_words(typed: str, word: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SecondsField().clean(typed)
    assert word in refused.value.messages[0]


@given(st.floats(0, 1_000_000).map(lambda seconds: round(seconds, 4)))
def test_both_ways_of_writing_are_one_number(seconds: float) -> None:
    written = f"{seconds:.4f}"  # four decimals are no thousands
    assert SecondsField().clean(written) == SecondsField().clean(written.replace(".", ",")) == seconds
