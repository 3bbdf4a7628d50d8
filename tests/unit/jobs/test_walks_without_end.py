"""A walk that leads nowhere: it stops in words, and a press has it go on from the same place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.exports.downloads import DownloadAborted
from dashboard.jobs import lifecycle, paging
from dashboard.models import Connection, Job, JobState
from dashboard.sandbox import Sandbox
from tests import exports, make, scans
from tests.exports import streamed

pytestmark = pytest.mark.usefixtures("folder")

BEGIN: dict[str, Callable[[Connection], Job]] = {"scan": scans.begun, "export": exports.begun}
AFTER: dict[str, Callable[[Job], Job]] = {"scan": scans.after, "export": exports.after}


def lead_on(upstream: Sandbox, pages: int, items: int, *, ends: bool = False) -> None:
    """The service answers as many pages, each with a cursor that never came before; at last without one."""
    for page in range(pages):
        number = len(upstream.faults) + len(upstream.calls)
        found: list[Any] = [
            {"id": f"{number}-{item}", "type": "image", "duration": None, "media": {}}
            for item in range(items)
        ]
        more = {} if ends and page == pages - 1 else {"nextCursor": f"to {number}"}
        upstream.faults.add(body={"items": found, **more})


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_EMPTY_PAGES", 8)
    monkeypatch.setattr(paging, "MAX_WALKED_ITEMS", 24)


@pytest.mark.parametrize("kind", BEGIN)
@pytest.mark.parametrize(
    ("items", "words"),
    [
        (0, "The service sent 8 empty pages, one after the other."),
        (3, "The list has no end so far: 24 items were read."),
    ],
)
def test_it_waits_for_somebody_and_goes_on_from_there(
    some: Connection, upstream: Sandbox, kind: str, items: int, words: str
) -> None:
    job = BEGIN[kind](some)
    for already in (0, 8):
        lead_on(upstream, 9, items)
        AFTER[kind](job)
        assert (job.state, job.next_try_at, job.why) == (JobState.PAUSED, None, words)
        assert (job.seen, job.cursor) == ((already + 8) * items, f"to {already + 7}")
        upstream.faults.clear()
        del upstream.calls[already + 8 :]  # the page that was asked for ahead
        assert lifecycle.resume(job, make.OMAR.person)
    lead_on(upstream, 2, 1, ends=True)
    AFTER[kind](job)
    assert (job.state, job.seen, job.why) == (JobState.DONE, 16 * items + 2, "")
    assert f"cursor=to+{15}" in upstream.calls[16].query


def test_a_page_with_items_among_empty_ones_is_no_reason(some: Connection, upstream: Sandbox) -> None:
    job = scans.begun(some)
    for items in (0, 1, 0):
        lead_on(upstream, 7, items)
    lead_on(upstream, 1, 0, ends=True)
    assert (scans.after(job).state, job.seen) == (JobState.DONE, 7)


def test_a_download_breaks_off(some: Connection, upstream: Sandbox) -> None:
    lead_on(upstream, 20, 0)
    with pytest.raises(DownloadAborted):
        streamed(some)
    assert len(upstream.calls) <= 11
