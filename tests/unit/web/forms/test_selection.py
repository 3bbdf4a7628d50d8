"""What is typed to confirm a removal of many."""

from __future__ import annotations

import pytest

from dashboard.web.forms.selection import remove_thousands_separators


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1,234", "1234"), ("1 234", "1234"), ("1\u202f234", "1234"), ("10.000", "10000"), ("1,23", "1,23")],
)
def test_thousands_may_be_parted(typed: str, number: str) -> None:
    assert remove_thousands_separators(typed) == number
