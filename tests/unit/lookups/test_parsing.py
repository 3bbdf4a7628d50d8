"""What people paste when they look for many: any text, read in the time that its length needs."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.lookups.parsing import MAX_MALFORMED_LENGTH, MalformedText, PastedIds, decode_file, parse_ids
from dashboard.vault import MEDIA_ID

pytestmark = pytest.mark.no_cover  # it measures times

FIVE_MB: Final = 5_000_000
GAPS: Final = [" ", "\n", "\r\n", "\t", ",", ";", "|", ", ", '","', "\u00a0", "\u2003", "][", ") (", "\n- "]
SECRET: Final = "conn_canary_small_0000000000a1b2"


@pytest.mark.parametrize("gap", GAPS)
def test_anything_may_stand_between_ids(gap: str) -> None:
    assert parse_ids(gap.join(["4492994399", "med-1_A", "00123"])).ids == ["4492994399", "med-1_A", "00123"]


@pytest.mark.parametrize(
    "text",
    [
        '"4492994399"',
        "'4492994399'",
        "\u201c4492994399\u201d",
        "[4492994399]",
        '="4492994399"',
        "#4492994399",
        ": 4492994399.",
        "\u2022 4492994399",
        "- 4492994399 -",
        "\ufeff4492994399",
        "https://vault.example.com/c/studio-a/media/4492994399/?ticket=ZD-1",
        "(https://vault.example.com/go?media=4492994399&connection=studio-a).",
        "/c/studio-a/media/4492994399/delete/",
        "<https://api.ofauth.com/v2/vault-plus/media/4492994399>",
        f"/go?media=4492994399&connection={SECRET}",
        '["4492994399"]',
    ],
)
def test_what_stands_around_an_id_is_no_part_of_it(text: str) -> None:
    pasted = parse_ids(text)
    assert (pasted.ids, pasted.malformed, pasted.repeated) == (["4492994399"], [], {})
    assert SECRET not in repr(pasted)


def test_each_id_once_in_the_order_pasted() -> None:
    pasted = parse_ids("b a b https://v.example/c/x/media/a/ c b")
    assert pasted.ids == ["b", "a", "c"]
    assert pasted.repeated == {"b": 2, "a": 1}
    assert pasted.repeats == 3


def test_the_same_id_900_times_is_one_repeated_899_times() -> None:
    pasted = parse_ids("4492994399\n" * 900)
    assert (pasted.ids, pasted.repeats) == (["4492994399"], 899)


@pytest.mark.parametrize("text", ["4.49E+09", "4,49E+09", "4.49e9", "4E9", '"4,49E+09"'])
@pytest.mark.parametrize("around", ["{}", "1;{};2", "1\t{}\n2", "1, {}, 2"])
def test_what_a_spreadsheet_shortened_is_never_guessed(text: str, around: str) -> None:
    pasted = parse_ids(around.format(text))
    (wrong,) = pasted.malformed
    assert wrong.text == text.strip('"')
    assert "lost digits in a spreadsheet" in wrong.reason
    assert pasted.ids == [one for one in ("1", "2") if one in around]


def test_a_list_parted_by_commas_keeps_its_ids_beside_a_shortened_one() -> None:
    pasted = parse_ids("4492994399,4,49E+09,4492994400")
    assert (pasted.ids, pasted.malformed[0].text) == (["4492994399", "4492994400"], "4,49E+09")


def test_a_number_with_decimals_is_said_to_be_one() -> None:
    (wrong,) = parse_ids("4492994399.0").malformed
    assert wrong.text == "4492994399.0"
    assert "number with decimals" in wrong.reason


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        (SECRET, "connection's ID", "conn_…"),
        (f"/go?media={SECRET}", "connection's ID", "conn_…"),
        ("https://media.ofauth.com/v2/eyJhbGciOi", "signed media link", "https://media.ofauth.com/…"),
        ("https://user:pass@evil.example/x?token=1", "names no media item", "https://evil.example/…"),
        ("/v2/eyJhbGciOi", "signed media link", "/v2/…"),
        ("http://a:b:c/?x", "names no media item", None),
        ("..a@b", "Not a media ID", "a@b"),
        ("x" * 129, "Not a media ID", f"{'x' * (MAX_MALFORMED_LENGTH - 1)}…"),
        ("a\x00b", "Not a media ID", "a\ufffdb"),
        ("\uff14\uff14\uff19", "Not a media ID", "\uff14\uff14\uff19"),
        ("5" * 3000, "3,000 characters", f"{'5' * (MAX_MALFORMED_LENGTH - 1)}…"),
    ],
)
def test_what_is_no_id_is_kept_short_with_its_reason(text: str, word: str, shown: str | None) -> None:
    pasted = parse_ids(f"{text} {text}")
    (wrong,) = pasted.malformed
    assert pasted.ids == []
    assert word in wrong.reason
    assert wrong.times == pasted.malformed_count == 2
    assert shown in (None, wrong.text)
    assert SECRET not in repr(pasted)


def test_only_so_many_are_listed_and_the_others_counted() -> None:
    pasted = parse_ids(" ".join(f"{number}@" for number in range(2500)))
    assert len(pasted.malformed) == 1000
    assert pasted.malformed_count == 2500


@pytest.mark.parametrize("head", ["media_id", "mediaId", "media", "id", "Media ID", "ID", '"media_id"'])
@pytest.mark.parametrize("gap", [",", ";", "\t", "|"])
def test_of_a_table_the_column_for_ids_is_read(head: str, gap: str) -> None:
    lines = [["size", head, "note"], ["100", "449", "900 a"], ["200", "450", ""], ["300"], ["400", "449"]]
    pasted = parse_ids("\r\n".join(gap.join(cells) for cells in lines))
    assert (pasted.ids, pasted.repeated, pasted.malformed) == (["449", "450"], {"449": 1}, [])
    assert pasted.column == head.strip('"')


def test_the_surest_column_is_taken() -> None:
    pasted = parse_ids("id,media_id\n1,449\n")
    assert (pasted.ids, pasted.column) == (["449"], "media_id")


def test_cells_with_commas_and_lines_stay_whole() -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["note", "media_id"], ["a,b\n7", "449"], ['"', "4,49E+09"]])
    pasted = parse_ids(f"\ufeffsep=,\n{out.getvalue()}")
    assert pasted.ids == ["449"]
    assert [one.text for one in pasted.malformed] == ["4,49E+09"]


@pytest.mark.parametrize(
    "text", ["id 449", "ID, 449", "449\nid\n", "name,size\n449,450\n", f'id,x\n"{"y " * 100_000}', "id"[:0]]
)
def test_what_is_no_such_table_is_text(text: str) -> None:
    assert parse_ids(text).column == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_in_the_codes_that_spreadsheets_write(encoding: str) -> None:
    pasted = parse_ids(decode_file("note;media_id\nGr\u00f6\u00dfe;449\n".encode(encoding)))
    assert (pasted.ids, pasted.column) == (["449"], "media_id")


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"%PDF-1.7", b"449\x00450"])
def test_a_file_without_text_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ValueError, match="no plain text"):
        decode_file(content)


def assert_holds(pasted: PastedIds) -> None:
    assert len(set(pasted.ids)) == len(pasted.ids)
    assert all(MEDIA_ID.fullmatch(media_id) for media_id in pasted.ids)
    assert set(pasted.repeated) <= set(pasted.ids)
    assert all(times > 0 for times in pasted.repeated.values())
    assert all(len(one.text) <= MAX_MALFORMED_LENGTH and one.text.isprintable() for one in pasted.malformed)
    json.dumps(pasted.malformed).encode()
    assert "conn_a" not in repr(pasted.malformed)


LIKELY: Final = st.sampled_from(
    [*GAPS, "449", "4.49E+09", "4,49", "E+09", "conn_a", "/c/a/media/", "/go?media=", "https://", "[", "id"]
)


@given(st.text(max_size=300) | st.lists(LIKELY | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read(text: str) -> None:
    assert_holds(parse_ids(text))


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    try:
        text = decode_file(content)
    except ValueError as reason:
        assert str(reason).endswith(".")  # noqa: PT017 - both ways are right
    else:
        assert_holds(parse_ids(text))


IDS: Final = st.lists(st.from_regex(r"[1-9][0-9]{5,12}", fullmatch=True), max_size=40)


@given(IDS, st.sampled_from(GAPS))
def test_no_id_is_lost_and_none_is_made_up(ids: list[str], gap: str) -> None:
    pasted = parse_ids(gap.join(ids))
    assert pasted.ids == list(dict.fromkeys(ids))
    assert {one: pasted.repeated.get(one, 0) + 1 for one in pasted.ids} == {
        one: ids.count(one) for one in ids
    }
    assert pasted.malformed == []


@pytest.mark.parametrize(
    "text",
    [
        "4" * FIVE_MB,
        '"' * FIVE_MB,
        "a-" * (FIVE_MB // 2),
        " " * FIVE_MB + "x" * 3000,
        "1,1E" * (FIVE_MB // 4),
        "1," + "2" * FIVE_MB,
        "/c/" * (FIVE_MB // 3),
        "id\n" + '"' * FIVE_MB,
        "http://[ " * (FIVE_MB // 9),
        "media_id,x\n" + "4492994399,1\n" * (FIVE_MB // 13),
    ],
    ids=["digits", "quotes", "token", "spaces", "shortened", "decimal", "slashes", "cells", "links", "table"],
)
def test_five_megabytes_take_a_moment(text: str) -> None:
    started = time.process_time()
    pasted = parse_ids(text)
    assert time.process_time() - started < 60  # a busy machine too; what is not linear takes hours
    assert all(isinstance(one, MalformedText) for one in pasted.malformed)
    assert len(repr(pasted)) < 2000
