"""What people paste into the search box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.lookups.references import Target, parse_target
from dashboard.vault import MEDIA_ID
from dashboard.web.forms.ticket import SearchForm


@pytest.mark.parametrize(
    ("pasted", "target"),
    [
        ("4492994399", Target("4492994399")),
        ("  4492994399\n", Target("4492994399")),
        ('"4492994399"', Target("4492994399")),
        ("'med-1_A'", Target("med-1_A")),
        ("<4492994399>", Target("4492994399")),
        ("00123", Target("00123")),
        ("9007199254740993123", Target("9007199254740993123")),
        ("https://vault.example.com/c/studio-a/media/4492994399/", Target("4492994399", "studio-a")),
        ("https://vault.example.com/c/studio-a/media/449?reveal=thumb#variant-0", Target("449", "studio-a")),
        ("/c/studio-a/media/449/delete/", Target("449", "studio-a")),
        ("https://api.ofauth.com/v2/vault-plus/media/449", Target("449")),
        ("https://v.example/go?media=449&connection=studio-a", Target("449", "studio-a")),
        ("https://v.example/go?media=449&ticket=ZD-1", Target("449", ticket="ZD-1")),
        ("https://v.example/c/studio-a/media/449/?ticket=ZD-1", Target("449", "studio-a", "ZD-1")),
        ("https://v.example/go/?media=449", Target("449")),
    ],
)
def test_what_names_an_item_is_understood(pasted: str, target: Target) -> None:
    assert parse_target(pasted) == target


@pytest.mark.parametrize(
    ("pasted", "word"),
    [
        ("", "Paste"),
        ("  ", "Paste"),
        ('""', "Paste"),
        ("4.49E+09", "spreadsheet"),
        ("4,49E+09", "spreadsheet"),
        ("4E9", "spreadsheet"),
        ("..", "media ID"),
        (".", "media ID"),
        ("a b", "media ID"),
        ("x" * 129, "media ID"),
        ("\uff14\uff14\uff19\uff12", "media ID"),
        ("44\u200b9", "zero-width space"),
        ("https://media.ofauth.com/v2/eyJhbGciOi", "signed"),
        ("https://example.com/", "link"),
        ("https://v.example/c/studio-a/media/", "link"),
        ("https://v.example/c/studio-a/media/%2e%2e/", "media ID"),
        ("https://v.example/go?media=../x", "media ID"),
        ("https://v.example/go?connection=a", "link"),
        ("javascript:alert(1)//", "link"),
        ("https://[", "link"),
        ("http://[::1/x", "link"),
        ("a/b", "link"),
    ],
)
def test_what_names_none_is_refused_in_words(pasted: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_target(pasted)


@given(st.text(max_size=200) | st.from_regex(r"https?://[a-z\[\]:./?=&%#@]{0,60}"))
def test_any_text_is_an_item_or_a_sentence(pasted: str) -> None:
    form = SearchForm({"q": pasted})
    target = form.find_target()
    if target is None:
        assert all(str(reason).endswith(".") for reason in form.errors["q"])
    else:
        assert MEDIA_ID.fullmatch(target.media_id)
