"""An export over a real socket from the shipped server: it leaves as it is read, never short unsaid."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
import requests

from tests.browser.program import Program, Sandbox
from tests.crash.databases import PATIENCE
from tests.crash.program import Person

SMALL = "/c/studio-a/export/now/?format="
LARGE = "/c/creator-b/export/now/?format=jsonl"


@pytest.fixture
def vera(program: Program, sandbox: Sandbox) -> Iterator[Person]:
    vera = Person(program.url, "viewer")
    for _ in range(4):  # by then nobody reads for the test before, and its failures are few among these
        assert download(vera, f"{SMALL}jsonl").content
    yield vera
    sandbox.behave()
    vera.leave()


def download(person: Person, path: str) -> requests.Response:
    """Begin a download, as soon as the one before has given its place back."""
    until = time.monotonic() + PATIENCE
    while (answer := person.download(path)).status_code == 429 and time.monotonic() < until:
        answer.close()
        time.sleep(0.1)
    return answer


def after_pages(sandbox: Sandbox, pages: int, **fault: object) -> None:
    sandbox.fault(times=pages)
    sandbox.fault(**{"times": None, **fault})


def test_a_whole_file(vera: Person, sandbox: Sandbox) -> None:
    answer = download(vera, f"{SMALL}jsonl")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    ids = [json.loads(line)["media_id"] for line in answer.iter_lines()]
    assert ids[:50] == [item["id"] for item in sandbox.items()]


def test_it_begins_with_the_first_page_while_the_second_is_out(vera: Person, sandbox: Sandbox) -> None:
    after_pages(sandbox, 1, hang=True)
    answer = download(vera, LARGE)
    lines = answer.iter_lines(chunk_size=1)
    assert len({json.loads(next(lines))["media_id"] for _ in range(100)}) == 100
    sandbox.behave()
    answer.close()


@pytest.mark.parametrize("fault", [{"status": 500}, {"close": True}, {"status": 200, "body": "<html>"}])
def test_a_service_that_dies_half_way_cuts_the_transfer(
    vera: Person, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    after_pages(sandbox, 3, **fault)
    answer = download(vera, LARGE)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        for _ in answer.iter_content(8192):
            pass


def test_trouble_at_the_beginning_is_a_page(vera: Person, sandbox: Sandbox) -> None:
    sandbox.fault(status=403, times=None)
    answer = download(vera, LARGE)
    assert answer.status_code == 502
    assert "Content-Disposition" not in answer.headers
    assert "refused our key" in answer.text


def test_who_goes_away_ends_the_walk(vera: Person, sandbox: Sandbox) -> None:
    answer = download(vera, LARGE)
    next(answer.iter_content(100_000))
    answer.close()
    until, before = time.monotonic() + PATIENCE, -1
    while (count := len(sandbox.calls("query"))) != before:
        assert time.monotonic() < until
        before = count
        time.sleep(0.5)
    assert 1 <= count < 2_000  # of ten thousand pages
