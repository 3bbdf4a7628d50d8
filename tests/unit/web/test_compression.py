"""Compression of pages: whatever their rows, what is packed is the page."""

from __future__ import annotations

import gzip

import brotli
import pytest

from dashboard.web.compression import MIN_ROWS_BYTES, compress, split_rows

ROWS = b"<tr><td>1" * MIN_ROWS_BYTES


@pytest.mark.parametrize(
    ("page", "parts"),
    [
        (b"", 1),
        (b"<p>" * 9_000, 1),
        (b"<table><tbody>" + ROWS[:9_000] + b"</tbody></table>", 1),
        (b"<table><tbody>" + ROWS + b"</tbody></table>", 3),
        (b"<tbody></tbody>" + ROWS + b"<tbody></tbody>", 3),
        (b"</tbody>" + ROWS + b"<tbody>", 1),
        (b"<tbody>" + ROWS, 1),
        (ROWS + b"</tbody>", 1),
    ],
)
def test_a_packed_page_is_the_page(page: bytes, parts: int) -> None:
    assert len(split_rows(page)) == parts
    assert gzip.decompress(compress(page, "gzip")) == page
    assert brotli.decompress(compress(page, "br")) == page
