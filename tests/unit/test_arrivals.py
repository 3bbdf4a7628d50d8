"""Half a request: when a thread is given it, however it comes."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.arrivals import MAX_DISCARDED_BYTES, Arrival

MAX_KEPT: Final = 1000
HEAD: Final = b"POST /x HTTP/1.1\r\nHost: a\r\n"


def arrive(*pieces: bytes) -> Arrival:
    """What is known once all of these have come."""
    arrival = Arrival(None, until=0, max_kept=MAX_KEPT)
    for piece in pieces:
        arrival.take(piece)
    return arrival


def letters(content: bytes) -> list[bytes]:
    return [content[at : at + 1] for at in range(len(content))]


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b": ", b"\r\n\r\n"]), max_size=20).map(b"".join),
    st.data(),
)
def test_a_head_is_the_same_in_any_pieces(content: bytes, data: st.DataObject) -> None:
    """In one piece, and cut anywhere: the same end, and the same broken lines before it."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(content)), max_size=6)))
    pieces = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    cut, whole = arrive(*pieces), arrive(content)
    assert cut.length == whole.length
    assert cut.content == whole.content
    assert whole.length == (content.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in content else None)
    if whole.length is None:
        assert cut.has_bare_feed is whole.has_bare_feed is bool(re.search(rb"(?<!\r)\n", content))
        assert cut.is_ready() is whole.is_ready() is whole.has_bare_feed


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_who_asks_first_is_told_to_go_on_unless_it_would_not_understand(version: bytes) -> None:
    head = HEAD.replace(b"1.1", version) + b"Expect: 100-Continue \r\nContent-Length: 5\r\n\r\n"
    for arrival in (arrive(head), arrive(*letters(head))):
        assert arrival.is_awaiting_word is (version == b"1.1")
        assert not arrival.is_ready()
        arrival.take(b"a=1&b")
        assert arrival.is_ready()


def test_who_asks_first_with_too_much_is_answered_at_once() -> None:
    head = HEAD + b"Content-Length: 100000\r\n"
    assert arrive(head + b"Expect: 100-continue\r\n\r\n").is_ready()
    assert not arrive(head + b"\r\n").is_ready()


def test_what_is_too_large_is_counted_and_not_kept() -> None:
    arrival = arrive(HEAD + b"Content-Length: 100000000\r\n\r\n", b"x" * 500, b"x" * 500)
    assert (len(arrival.content), arrival.discarded) < (100, 1001)
    assert not arrival.is_ready()
    arrival.discarded = MAX_DISCARDED_BYTES
    assert arrival.is_ready()
