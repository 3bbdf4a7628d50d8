"""Bodies that bite: too deep, too large, cut, not JSON, or JSON that the service never promised."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.vault import MediaQuery, OutcomeUnknown, Timeouts, UnexpectedResponse
from tests import wire
from tests.faults.raw_server import Reply, Wire, answer, says
from tests.faults.vault_calls import CALLS, CONNECTION, MANY_SECONDS, Call, Serve

ONCE = Timeouts(total=3 * MANY_SECONDS, read=3 * MANY_SECONDS)
HEAD = b"HTTP/1.1 200 OK\r\n"


def item(media_id: str = "123", **variant: object) -> dict[str, Any]:
    return {"id": media_id, "type": "image", "duration": None, "media": {"full": wire.variant(**variant)}}


def chunked(*pieces: bytes) -> bytes:
    frames = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + frames


def endless_body(wire: Wire) -> None:
    wire.send(HEAD + b"Content-Length: 1073741824\r\n\r\n")
    while not wire.stopping.is_set():
        wire.send(b" " * 65_536)


def endless_chunks(wire: Wire) -> None:
    wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not wire.stopping.is_set():
        wire.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")


def closing(data: bytes) -> Callable[[Wire], None]:
    return lambda wire: wire.send(data)


BOMB = gzip.compress(b" " * 200_000_000, 1)
EMPTY = b'{"items": [], "list": [], "hasMore": false}'  # of any read, as far as its own defect lets it be

UNUSABLE = {
    "empty": answer(),
    "html": answer(body="<html>Please sign in</html>", Content_Type="text/html"),
    "top-level list": answer(body="[]"),
    "null": answer(body="null"),
    "nested": answer(body="[" * 200_000),
    "nested in a field": answer(body='{"items":' + "[" * 200_000),
    "nested objects": answer(body='{"a":' * 200_000),
    "NaN": answer(body='{"items": NaN, "success": NaN, "id": NaN}'),
    "invalid UTF-8": answer(body=b'{"items": [], "nextCursor": "\xff\xfe"}'),
    "BOM": answer(body=b"\xef\xbb\xbf" + EMPTY),
    "UTF-16": answer(body=EMPTY.decode().encode("utf-16")),
    "trailing text": answer(body=EMPTY + b" {}"),
    "cut JSON": answer(body='{"items": [{"id": "1'),
    "length too long": closing(HEAD + b"Content-Length: 99\r\n\r\n" + EMPTY),
    "cut without length": closing(HEAD + b'\r\n{"items": [{"id'),
    "chunks without end": closing(chunked(EMPTY)),
    "chunk of nonsense": closing(chunked() + b"zz\r\n"),
    "no HTTP": closing(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP/2": closing(b"HTTP/2 200 OK\r\n\r\n{}"),
    "status of nonsense": closing(b"HTTP/1.1 abc OK\r\n\r\n{}"),
    "huge header": closing(HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n{}"),
    "many headers": closing(HEAD + b"X: y\r\n" * 200 + b"\r\n{}"),
    "two lengths": closing(HEAD + b"Content-Length: 2\r\nContent-Length: 43\r\n\r\n" + EMPTY),
    "length of nonsense": closing(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{"),
    "gzip bomb": answer(body=BOMB, Content_Encoding="gzip"),
    "gzip that is none": answer(body=EMPTY, Content_Encoding="gzip"),
    "gzip in gzip": answer(body=gzip.compress(gzip.compress(b"{}")), Content_Encoding="gzip, gzip"),
    "brotli": answer(body="x", Content_Encoding="br"),
    "deflate": answer(body=zlib.compress(EMPTY), Content_Encoding="deflate"),
    "1 GiB": endless_body,
    "endless chunks": endless_chunks,
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_read_of_an_unusable_body_is_unexpected(serve: Serve, read: Call, name: str) -> None:
    _, client = serve(UNUSABLE[name])
    started = time.monotonic()
    with pytest.raises(UnexpectedResponse) as caught:
        read(client, ONCE)
    assert time.monotonic() - started < MANY_SECONDS
    assert caught.value.detail


@pytest.mark.parametrize("name", UNUSABLE)
def test_removal_with_an_unusable_body_has_an_unknown_outcome(serve: Serve, removal: Call, name: str) -> None:
    server, client = serve(UNUSABLE[name])
    with pytest.raises(OutcomeUnknown):
        removal(client, ONCE)
    assert len(server.requests) == 1


@pytest.mark.parametrize("reply", [UNUSABLE["gzip bomb"], endless_body, endless_chunks])
def test_body_without_end_does_not_fill_the_memory(serve: Serve, reply: Reply) -> None:
    _, client = serve(reply)
    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponse):
            client.query(CONNECTION, MediaQuery(), ONCE)
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoded", [True, False])
def test_read_may_have_8_mib_and_not_a_byte_more(serve: Serve, encoded: bool) -> None:
    for extra in (0, 1):
        body = b'{"items": []}'.ljust(8 * 2**20 + extra)
        reply = answer(body=gzip.compress(body), Content_Encoding="gzip") if encoded else answer(body=body)
        _, client = serve(reply)
        if extra:
            with pytest.raises(UnexpectedResponse, match="larger"):
                client.query(CONNECTION, MediaQuery(), ONCE)
        else:
            assert client.query(CONNECTION, MediaQuery(), ONCE).items == ()


def test_removal_may_have_64_kib_and_not_a_byte_more(serve: Serve) -> None:
    for extra in (0, 1):
        _, client = serve(
            answer(body=b'{"success":true,"purgedCount":1,"freedBytes":1}'.ljust(65_536 + extra))
        )
        if extra:
            with pytest.raises(OutcomeUnknown, match="larger"):
                client.purge(CONNECTION)
        else:
            assert client.purge(CONNECTION).purged_count == 1


def test_chunked_and_compressed_answers_are_read(serve: Serve) -> None:
    body = json.dumps({"items": [item()], "nextCursor": "100"}).encode()
    zipped = gzip.compress(body)
    packed = chunked(zipped[:10], zipped[10:11], zipped[11:], b"").replace(
        b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1
    )
    for reply in (chunked(body[:7], body[7:], b""), packed):
        server, client = serve(reply)
        for _ in range(2):
            page = client.query(CONNECTION, MediaQuery())
            assert [one.id for one in page.items] == ["123"]
            assert page.next_cursor == "100"
        assert server.connections == 1


ODD_VARIANTS: dict[str, dict[str, object]] = {
    "number as text": {"sizeBytes": "1024"},
    "negative": {"sizeBytes": -1},
    "2^63": {"sizeBytes": 2**63},
    "fraction of a byte": {"sizeBytes": 1.5},
    "seconds for milliseconds": {"createdAt": 1715800000},
    "time beyond all calendars": {"expiresAt": 10**300},
    "null where none may be": {"url": None},
    "list for text": {"status": ["stored"]},
}


@pytest.mark.parametrize("name", ODD_VARIANTS)
def test_odd_item_is_marked_wherever_it_is_read(serve: Serve, name: str) -> None:
    odd = item("2", **ODD_VARIANTS[name])
    page = says({"items": [item("1"), odd, item("3")]})
    _, client = serve(page)
    read = client.query(CONNECTION, MediaQuery()).readable
    assert [[len(v.oddities) for v in one.media.values()] for one in read] == [[0], [1], [0]]
    _, client = serve(page)
    assert client.get_batch(CONNECTION, ["1", "2", "3"]) == {one.id: one for one in read}
    _, client = serve(says(odd))
    assert client.get(CONNECTION, "2") == read[1]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e9999"])
def test_numbers_that_are_none_are_not_known(serve: Serve, number: str) -> None:
    text = json.dumps({"items": [item()]}).replace("1024000", number)
    _, client = serve(answer(body=text))
    (read,) = client.query(CONNECTION, MediaQuery(), ONCE).readable
    assert read.media["full"].size is None
    assert [one.raw for one in read.media["full"].oddities] == [number]


@pytest.mark.parametrize(
    "result",
    [
        {"success": True, "mediaId": "124", "freedBytes": 5},
        {"success": True, "mediaId": "123", "freedBytes": "5"},
        {"success": True, "mediaId": "conn_abcdef", "freedBytes": 5},
        {"success": "true", "mediaId": "123", "freedBytes": 5},
        {"success": True, "mediaId": 123, "freedBytes": 5},
        {"success": True, "freedBytes": 5},
        {},
    ],
)
def test_delete_with_another_result_has_an_unknown_outcome(serve: Serve, result: dict[str, object]) -> None:
    _, client = serve(says(result))
    with pytest.raises(OutcomeUnknown) as caught:
        client.delete(CONNECTION, "123")
    told = str(caught.value)
    assert told.endswith("another item (124).") is (result.get("mediaId") == "124")
    assert "conn_" not in told


def test_success_false_is_a_result_and_no_error(serve: Serve) -> None:
    _, client = serve(says({"success": False, "mediaId": "123", "freedBytes": 0}))
    assert client.delete(CONNECTION, "123").success is False
    _, client = serve(says({"success": False, "purgedCount": 0, "freedBytes": 0}))
    assert client.purge(CONNECTION).success is False


def test_get_of_another_item_is_unexpected(serve: Serve) -> None:
    _, client = serve(says(item("124")))
    with pytest.raises(UnexpectedResponse):
        client.get(CONNECTION, "123", ONCE)


@pytest.mark.parametrize("name", CALLS)
def test_unknown_fields_and_values_are_no_trouble(serve: Serve, name: str) -> None:
    result = {"success": True, "mediaId": "123", "purgedCount": 1, "freedBytes": 1, "new": {"a": [1]}}
    one = item(status="frozen", quality="<script>", more=1) | {"type": "hologram"}
    row = {"id": "conn_1", "status": "frozen", "userData": {"name": "N", "more": 1}, "more": 1}
    page = {"items": [one], "list": [row], "hasMore": False}
    _, client = serve(says({**one, **page, **result}))
    CALLS[name](client)
