"""Items as they are taken away: what stands in which cell, and what never goes along."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.exports.rows import EXPORT_COLUMNS, Items, encode_header, format_moment, make_encoder
from dashboard.lookups.parsing import parse_ids
from dashboard.models import Connection
from dashboard.units import format_iso
from dashboard.vault import MediaItem, UnreadableItem
from tests.make import SMALL_ID, item, variant

STUDIO = Connection(slug="small", label="Studio A")
FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def table(items: Items) -> list[dict[str, str]]:
    text = (encode_header("csv") + make_encoder("csv", STUDIO)(items)).decode()
    assert text.startswith('\ufeff"connection","media_id",')
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def objects(items: Items) -> list[Any]:
    return [json.loads(line) for line in make_encoder("jsonl", STUDIO)(items).splitlines()]


STORED = variant(
    size_bytes=1_234_567,
    access_count=3,
    created_ms=1_795_252_566_958,
    stored_ms=1_795_252_600_000,
    last_accessed_ms=1_795_252_700_001.0,
    expires_ms=1_795_253_000_000,
)
WAITING = variant(status="pending", quality="720", size_bytes=0, access_count=0, stored_ms=None)
FACTS = {
    "status": "stored",
    "quality": "full",
    "content_type": "image/jpeg",
    "bytes": 1_234_567,
    "accesses": 3,
    "first_seen": "2026-11-21T09:16:06.958Z",
    "stored": "2026-11-21T09:16:40.000Z",
    "last_access": "2026-11-21T09:18:20.001Z",
    "link_expires": "2026-11-21T09:23:20.000Z",
}


def test_a_row_a_variant() -> None:
    stored, waiting = table([item("449", full=STORED, small=WAITING)])
    of_item = {
        "connection": "small",
        "media_id": "449",
        "type": "image",
        "length_s": "",
        "unreadable": "",
        "odd": "",
    }
    assert stored == {**of_item, "variant": "full", **{name: str(fact) for name, fact in FACTS.items()}}
    assert (waiting["variant"], waiting["status"]) == ("small", "pending")
    assert (waiting["bytes"], waiting["stored"], waiting["last_access"]) == ("", "", "")
    assert waiting["accesses"] == "0"


def test_an_object_an_item() -> None:
    (found,) = objects([MediaItem("449", "video", 72.5, {"full": STORED, "small": WAITING})])
    variants = found.pop("variants")
    assert found == {"connection": "small", "media_id": "449", "type": "video", "length_s": 72.5}
    assert variants[0] == {"variant": "full", **FACTS}
    assert (variants[1]["bytes"], variants[1]["stored"]) == (None, None)


def test_an_item_without_variants_is_there_all_the_same() -> None:
    (row,) = table([item("449")])
    assert (row["media_id"], row["variant"]) == ("449", "")
    assert objects([item("449")])[0]["variants"] == []


@pytest.mark.parametrize(("media_id", "shown"), [("449", "449"), (None, "")])
def test_what_cannot_be_read_says_why(media_id: str | None, shown: str) -> None:
    broken = UnreadableItem(media_id, "Object missing required field `status`")
    (row,) = table([broken])
    assert (row["media_id"], row["unreadable"]) == (shown, broken.reason)
    assert set(row) == set(EXPORT_COLUMNS)
    assert objects([broken]) == [{"connection": "small", "media_id": media_id, "unreadable": broken.reason}]


def test_a_whole_length_has_no_fraction() -> None:
    (row,) = table([MediaItem("449", "video", 60.0, {})])
    assert row["length_s"] == "60"
    assert b'"length_s":60,' in make_encoder("jsonl", STUDIO)([MediaItem("449", "video", 60.0, {})])


@given(st.integers(946_684_800_000, 253_402_300_799_999))
def test_moments_are_those_of_the_pages(ms: int) -> None:
    seconds, rest = divmod(ms, 1000)
    there = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
    assert format_moment(float(ms)) == format_iso(there)


def test_no_moment_is_empty() -> None:
    assert (format_moment(None), format_moment(0)) == ("", "")


@given(*[st.text(max_size=20) | st.sampled_from(["=1+1", "\uff1dx", SMALL_ID, "\ud800", "\x00=1"])] * 3)
def test_open_texts_stay_texts(label: str, word: str, reason: str) -> None:
    odd = variant(status=word, quality=word, content_type=word)
    items: Items = [MediaItem("-449", word, None, {label: odd}), UnreadableItem("-1", reason)]
    rows = table(items)
    assert not any(cell.startswith(FORMULAS) for row in rows for cell in row.values())
    assert [row["media_id"] for row in rows] == ["'-449", "'-1"]
    assert [found["media_id"] for found in objects(items)] == ["-449", "-1"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20))
def test_an_open_text_is_kept_but_for_its_apostrophe(word: str) -> None:
    items = [item("449", **{"full": variant(status=word)})]
    (row,), (found,) = table(items), objects(items)
    assert row["status"] in (word, f"'{word}")
    assert found["variants"][0]["status"] == word


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_neither_links_nor_connection_ids_go_along(form: str) -> None:
    secret = variant(url="https://media.example.com/v2/signed", status=SMALL_ID, content_type=f"x {SMALL_ID}")
    written = make_encoder(form, STUDIO)(
        [item("449", full=secret), UnreadableItem(None, f"of {SMALL_ID}")]
    ).decode()
    assert "signed" not in written
    assert SMALL_ID not in written
    assert "conn_…" in written


@pytest.mark.parametrize("media_id", ["1582917533873852417", "000449", "0", "1e5a", "med-1_A", "-00123"])
def test_an_id_is_taken_away_and_pasted_again_as_it_is(media_id: str) -> None:
    items = [item(media_id, full=STORED, small=WAITING), item(f"{media_id}x", full=STORED)]
    assert [one["media_id"] for one in objects(items)] == [media_id, f"{media_id}x"]
    cells = {one["media_id"] for one in table(items)}
    assert cells == {f"'{one}" if one.startswith("-") else one for one in (media_id, f"{media_id}x")}
    pasted = parse_ids((encode_header("csv") + make_encoder("csv", STUDIO)(items)).decode())
    assert (pasted.ids, pasted.column) == ([media_id, f"{media_id}x"], "media_id")
