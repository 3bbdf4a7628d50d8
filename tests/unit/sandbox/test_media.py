"""The media host: what links serve, how they end, and what looking leaves behind."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from dashboard.sandbox import Sandbox

NOW = 1_750_000_000.0
MEDIA = "/v2/vault-plus/media"
HEADERS = {"apiKey": "demo-key", "x-connection-id": "conn_a"}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox({"conn_a": 400}, now=lambda: NOW) as running:
        yield running


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    yield shared
    shared.reset()


def items(sandbox: Sandbox, **query: Any) -> list[Json]:
    found: list[Json] = requests.get(sandbox.url + MEDIA, params=query, headers=HEADERS, timeout=5).json()[
        "items"
    ]
    return found


def read(sandbox: Sandbox, media_id: str) -> Json:
    item: Json = requests.get(f"{sandbox.url}{MEDIA}/{media_id}", headers=HEADERS, timeout=5).json()
    return item


def variant_of(sandbox: Sandbox, label: str, content_type: str, status: str = "stored") -> tuple[Json, Json]:
    """An item and its variant of this label, type and status, with a link that is still good."""
    for item in items(sandbox, contentType=content_type, status=status):
        variant = item["media"].get(label)
        if variant and variant["contentType"] == content_type and variant["status"] == status:
            fresh = read(sandbox, item["id"])
            return fresh, fresh["media"][label]
    raise AssertionError(f"no {status} {label} of {content_type}")


def fetch(variant: Json, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(method, variant["url"], headers=headers, timeout=10)


def test_links_are_short_and_on_the_sandbox(sandbox: Sandbox) -> None:
    for item in items(sandbox):
        for variant in item["media"].values():
            assert variant["url"].startswith(sandbox.url + "/v2/")
            assert len(variant["url"].removeprefix(sandbox.url + "/v2/")) <= 48


@pytest.mark.parametrize(
    ("label", "content_type", "form"),
    [
        ("thumb", "image/jpeg", "JPEG"),
        ("thumb", "image/webp", "WEBP"),
        ("720", "image/jpeg", "JPEG"),
        ("1080", "image/jpeg", "JPEG"),
        ("full", "image/png", "PNG"),
        ("full", "image/webp", "WEBP"),
        ("full", "image/jpeg", "JPEG"),
    ],
)
def test_pictures_decode_at_their_size(sandbox: Sandbox, label: str, content_type: str, form: str) -> None:
    item, variant = variant_of(sandbox, label, content_type)
    response = fetch(variant)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == content_type
    assert len(response.content) == variant["sizeBytes"]
    picture = Image.open(io.BytesIO(response.content))
    picture.load()
    assert picture.format == form
    shelf = sandbox.shelves["conn_a"]
    index = shelf.index_of(item["id"])
    assert index is not None
    fact = next(fact for fact in shelf.facts(index, NOW) if fact.label == label)
    assert picture.size == (fact.width, fact.height)
    if label == "thumb":
        assert picture.width <= 320
        assert 8_000 <= variant["sizeBytes"] <= 45_000
    elif label == "full":
        assert 1_600 <= max(picture.size) <= 2_400
    else:
        assert min(picture.size) == int(label)


def test_a_picture_is_the_same_each_time(sandbox: Sandbox) -> None:
    _, variant = variant_of(sandbox, "thumb", "image/jpeg")
    assert fetch(variant).content == fetch(variant).content


@pytest.mark.parametrize(
    ("content_type", "start"),
    [
        ("video/mp4", b"\0\0\0\x20ftyp"),
        ("audio/mpeg", b"ID3"),
        ("audio/mp4", b"\0\0\0\x1cftypM4A"),
        ("audio/wav", b"RIFF"),
    ],
)
def test_films_and_sounds_are_real_files_of_the_stated_length(
    sandbox: Sandbox, content_type: str, start: bytes
) -> None:
    label = "source" if content_type == "audio/wav" else "full"
    _, variant = variant_of(sandbox, label, content_type)
    response = fetch(variant, Range="bytes=0-99")
    assert response.status_code == 206
    assert response.content.startswith(start)
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Range"] == f"bytes 0-99/{variant['sizeBytes']}"
    assert int(fetch(variant, "HEAD").headers["Content-Length"]) == variant["sizeBytes"]


def test_a_long_film_ends_in_a_box_to_skip(sandbox: Sandbox) -> None:
    _, variant = variant_of(sandbox, "full", "video/mp4")
    content = fetch(variant).content
    place, boxes = 0, []
    while place < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        boxes.append(content[place + 4 : place + 8])
        place += size
    assert place == len(content) == variant["sizeBytes"]
    assert boxes[0] == b"ftyp"
    assert boxes[-1] == b"free"
    assert boxes.index(b"moov") < boxes.index(b"mdat")


def test_ranges(sandbox: Sandbox) -> None:
    _, variant = variant_of(sandbox, "thumb", "image/jpeg")
    whole = fetch(variant).content
    size = len(whole)
    for asked, expected in {
        "bytes=0-0": whole[:1],
        "bytes=100-199": whole[100:200],
        "bytes=500-": whole[500:],
        "bytes=-7": whole[-7:],
        f"bytes=-{size * 2}": whole,
        f"bytes={size - 1}-{size * 2}": whole[-1:],
    }.items():
        response = fetch(variant, Range=asked)
        assert (response.status_code, response.content) == (206, expected), asked
    for asked in (f"bytes={size}-", "bytes=-0"):
        response = fetch(variant, Range=asked)
        assert response.status_code == 416
        assert response.headers["Content-Range"] == f"bytes */{size}"
    for ignored in ("bytes=5-2", "bytes=0-1,5-6", "items=0-1", "bytes=-", "bytes"):
        response = fetch(variant, Range=ignored)
        assert (response.status_code, len(response.content)) == (200, size), ignored
    assert fetch(variant, Range="bytes=0-0", **{"If-Range": '"other"'}).status_code == 200


def test_headers_for_browsers(sandbox: Sandbox) -> None:
    _, variant = variant_of(sandbox, "thumb", "image/jpeg")
    headers = fetch(variant).headers
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Cache-Control"] == "private, max-age=3600"
    assert headers["Accept-Ranges"] == "bytes"
    unchanged = fetch(variant, **{"If-None-Match": headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_head_answers_without_body_and_counts_nothing(sandbox: Sandbox) -> None:
    item, variant = variant_of(sandbox, "thumb", "image/jpeg")
    response = fetch(variant, "HEAD")
    assert (response.status_code, response.content) == (200, b"")
    assert read(sandbox, item["id"])["media"]["thumb"]["accessCount"] == variant["accessCount"]


def test_looking_is_counted(sandbox: Sandbox) -> None:
    item, variant = variant_of(sandbox, "thumb", "image/jpeg")
    fetch(variant)
    fetch(variant)
    seen = read(sandbox, item["id"])["media"]["thumb"]
    assert seen["accessCount"] == variant["accessCount"] + 2
    assert seen["lastAccessedAt"] == NOW * 1000
    listed = next(one for one in items(sandbox, contentType="image/jpeg") if one["id"] == item["id"])
    assert listed["media"]["thumb"]["accessCount"] == seen["accessCount"]
    assert [call.method for call in sandbox.media_calls] == ["GET", "GET"]
    assert all(call.operation == "media" and call.status == 200 for call in sandbox.media_calls)


@pytest.mark.parametrize("status", ["edge_only", "pending", "storing"])
def test_what_is_not_stored_yet_is_served_from_the_edge(sandbox: Sandbox, status: str) -> None:
    item = next(item for item in items(sandbox, status=status, type="image"))
    fresh = read(sandbox, item["id"])
    variant = next(variant for variant in fresh["media"].values() if variant["status"] == status)
    response = fetch(variant)
    assert response.status_code == 200
    Image.open(io.BytesIO(response.content)).load()


def test_a_post_stores_and_is_counted(sandbox: Sandbox) -> None:
    item, variant = variant_of(sandbox, "full", "image/jpeg", status="edge_only")
    assert variant["storedAt"] is None
    assert fetch(variant, "POST").status_code == 200
    assert [call.method for call in sandbox.media_calls] == ["POST"]
    stored = read(sandbox, item["id"])["media"]["full"]
    assert (stored["status"], stored["storedAt"]) == ("stored", NOW * 1000)
    assert stored["sizeBytes"] > 0
    found = items(sandbox, cachedAtFrom="2025-06-15T15:06:40Z", cachedAtTo="2025-06-15T15:06:40Z")
    assert [one["id"] for one in found] == [item["id"]]
    sandbox.reset()
    assert read(sandbox, item["id"])["media"]["full"]["status"] == "edge_only"


def test_other_methods_are_refused(sandbox: Sandbox) -> None:
    _, variant = variant_of(sandbox, "thumb", "image/jpeg")
    assert fetch(variant, "DELETE").status_code == 405


def test_a_link_ends(sandbox: Sandbox) -> None:
    item, variant = variant_of(sandbox, "thumb", "image/jpeg")
    late = next(one for one in items(sandbox) for v in one["media"].values() if v["expiresAt"] < NOW * 1000)
    outlived = {True: 200, False: 403}
    for one in late["media"].values():
        if one["status"] != "removed":
            assert fetch(one, "HEAD").status_code == outlived[one["status"] == "stored"]
    sandbox.media.stored_outlives_link = False
    ended = requests.get(next(iter(late["media"].values()))["url"], timeout=5)
    assert (ended.status_code, ended.json()) == (403, {"error": "Link expired"})
    sandbox.reset()
    url = variant["url"]
    garbled = url[:-1] + ("A" if url[-1] != "A" else "B")
    for wrong in (garbled, url + "A", url[:-4], sandbox.url + "/v2/x", sandbox.url + "/v2/%C3%A9"):
        refused = requests.get(wrong, timeout=5)
        assert (refused.status_code, refused.json()) == (403, {"error": "Invalid signature"})
    requests.delete(f"{sandbox.url}{MEDIA}/{item['id']}", headers=HEADERS, timeout=5)
    assert fetch(variant).status_code == 404


def test_a_removed_variant_and_a_purged_connection_serve_nothing(sandbox: Sandbox) -> None:
    item = next(item for item in items(sandbox, status="removed"))
    fresh = read(sandbox, item["id"])
    gone = next(variant for variant in fresh["media"].values() if variant["status"] == "removed")
    assert fetch(gone).status_code == 404
    _, variant = variant_of(sandbox, "thumb", "image/jpeg")
    requests.delete(sandbox.url + MEDIA, headers=HEADERS, timeout=5)
    assert fetch(variant).status_code == 404
