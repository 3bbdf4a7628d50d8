"""A connection's id is a secret: where the service puts it into a label, no page or file repeats it."""

import json

import pytest

from dashboard.vault.decode import decode_item, decode_page
from tests import wire

LABELS = [
    "conn_canary01",
    "thumb-conn_canary01",
    "conn_canary01_720",
    "conn_canary01/conn_canary02",
    " conn_canary01 ",
    "Bild ü conn_canary01",
    "🎬conn_canary01",
    "a.conn_canary01.b",
    "(conn_canary01)",
    "conn_" + "x" * 200,
    "xconn_canary01",
]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(
    "escape", [str, lambda body: body.replace("conn_", "\\u0063onn_")], ids=["plain", "escaped"]
)
def test_no_label_holds_an_id(label: str, escape: object) -> None:
    assert callable(escape)
    item = {
        "id": "7",
        "type": "image",
        "duration": None,
        "media": {label: wire.variant(), "720": wire.variant()},
    }
    other = {**item, "id": "8", "media": {"480": wire.variant()}}
    (first, second) = decode_page(escape(json.dumps({"items": [item, other]})).encode()).readable
    for read in (first, decode_item(escape(json.dumps(item)).encode())):
        masked, plain = read.media  # type: ignore[union-attr]
        assert plain == "720"
        assert "canary" not in masked
        assert "xxx" not in masked
        assert "conn_…" in masked
    assert list(second.media) == ["480"]


def test_labels_that_become_the_same_stay_apart() -> None:
    media = {f"conn_{number}": wire.variant() for number in range(3)}
    read = decode_item(json.dumps({"id": "7", "type": "image", "duration": None, "media": media}).encode())
    assert list(read.media) == ["conn_…", "conn_… (2)", "conn_… (3)"]  # type: ignore[union-attr]
