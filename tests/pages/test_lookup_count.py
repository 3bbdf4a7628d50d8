"""`/lookup/count/`: how many ids there are so far, by the same reading as when they are sent."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dashboard.models import Lookup
from dashboard.sandbox import Sandbox
from tests.answers import text, words_in
from tests.make import SMALL_ID, Browser, operations

HERE: Final = "/lookup/count/"


def counted(browser: Browser, ids: str = "", **given: Any) -> str:
    answer = browser.fragment(HERE, {"ids": ids, **given}, method="post")
    assert answer.status_code == 200
    assert text(answer).lstrip().startswith('<p id="count"')
    return words_in(text(answer))


def test_works(viewer: Browser, sandbox: Sandbox) -> None:
    ids = " ".join(str(number) for number in range(12))
    assert counted(viewer, f"{ids} 1 1 2 4.49E+09") == "12 IDs 3 repeated 1 malformed"
    assert operations(sandbox) == []
    assert not Lookup.objects.exists()


def test_a_file_is_counted_too(viewer: Browser) -> None:
    file = SimpleUploadedFile("a.csv", b"size;media_id\n7;449\n8;450\n")
    assert counted(viewer, file=file) == "2 IDs from the column “media_id”"


def test_empty(viewer: Browser) -> None:
    assert counted(viewer) == "0 IDs"


def test_fragment(viewer: Browser) -> None:
    """It is nothing but one; without script it stands alone, and nothing leads there."""
    assert "<html" not in text(viewer.post(HERE, {"ids": "449"}))


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (" ".join(map(str, range(1001))), "1,001 IDs at most 1,000 at once"),
        ("\x00", "0 IDs"),
        (SMALL_ID, "0 IDs 1 malformed"),
        ("<b>", "1 ID"),
    ],
)
def test_bad_input(viewer: Browser, ids: str, words: str) -> None:
    assert counted(viewer, ids) == words


def test_a_file_beside_text_is_one_too_many(viewer: Browser) -> None:
    assert "not both" in counted(viewer, "449", file=SimpleUploadedFile("a.txt", b"450"))
    assert "no plain text" in counted(viewer, file=SimpleUploadedFile("a.xlsx", b"PK\x03\x04"))


def test_upstream_error(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=500, times=None)
    assert counted(viewer, "449") == "1 ID"


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.fragment(HERE, {"ids": "449"}, method="post").status_code == 401


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)(HERE).status_code == 405
