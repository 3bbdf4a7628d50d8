"""What a page says of how far a job is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.models import Connection, Job, JobState, Worker
from dashboard.units import format_rate, format_span
from dashboard.web.presenters.progress import Progress
from tests import make


@pytest.fixture
def studio(db: None) -> Connection:
    return make.connection("small", label="Studio A")


def begun(studio: Connection, seconds: float = 10, **fields: Any) -> Job:
    started = timezone.now() - timedelta(seconds=seconds)
    return make.job(studio, **{"state": JobState.RUNNING, "started_at": started, **fields})


def test_of_a_known_number_it_says_what_is_left(studio: Connection) -> None:
    progress = Progress(begun(studio), done=30, total=60)
    assert progress.text == "30 of 60 items"
    assert progress.rate == "3 items a second"
    assert progress.left.startswith("about 10 s")
    assert progress.announcement == "50 % done"


def test_of_an_unknown_number_it_makes_up_none(studio: Connection) -> None:
    progress = Progress(begun(studio, seen=48_211, seconds=100))
    assert progress.text == "48,211 items"
    assert (progress.left, progress.total, progress.announcement) == ("", None, "Running")
    assert progress.rate == "482 items a second"


def test_the_last_while_says_more_of_the_rate_than_the_whole(studio: Connection) -> None:
    progress = Progress(begun(studio, seconds=3600), done=100, total=400, lately=(60, 30.0))
    assert progress.rate == "2 items a second"
    assert progress.left == "about 2 min 30 s left"


@pytest.mark.parametrize(
    ("done", "fields"),
    [
        (5, {"state": JobState.WAITING, "started_at": None}),
        (5, {"state": JobState.PAUSED}),
        (5, {"seconds": -60}),  # it began this moment, by a clock that is a little ahead
        (0, {"seconds": 50}),
    ],
)
def test_a_rate_is_no_guess(studio: Connection, done: int, fields: dict[str, Any]) -> None:
    progress = Progress(begun(studio, **fields), done=done, total=60)
    assert (progress.rate, progress.left) == ("", "")


@pytest.mark.parametrize(
    ("state", "done", "said"),
    [
        (JobState.WAITING, 0, "Waiting for a worker: 0 of 60 items"),
        (JobState.RUNNING, 14, "Running"),
        (JobState.RUNNING, 15, "25 % done"),
        (JobState.RUNNING, 44, "50 % done"),
        (JobState.RUNNING, 60, "Nearly done"),
        (JobState.PAUSED, 20, "Paused: 20 of 60 items"),
        (JobState.DONE, 60, "Done: 60 of 60 items"),
    ],
)
def test_it_is_announced_at_the_start_at_quarters_and_at_the_end(
    studio: Connection, state: JobState, done: int, said: str
) -> None:
    assert Progress(begun(studio, state=state), done=done, total=60).announcement == said


def test_it_says_when_no_worker_is_there_for_it(studio: Connection) -> None:
    job = begun(studio)
    assert Progress(job).needs_worker
    Worker.objects.create(host="here", beat_at=timezone.now() - timedelta(minutes=1))
    assert Progress(job).needs_worker
    Worker.objects.create(host="here")
    assert not Progress(job).needs_worker
    Worker.objects.all().delete()
    assert not Progress(begun(studio, state=JobState.DONE)).needs_worker


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "under 1 s"),
        (0.6, "under 1 s"),
        (38, "38 s"),
        (252, "4 min 12 s"),
        (7500, "2 h 5 min"),
        (3_700_000, "1,027 h 46 min"),
    ],
)
def test_a_span_of_time_in_words(seconds: float, text: str) -> None:
    assert format_span(seconds) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (1234.5, "1,234 items a second"),
        (12.3, "12 items a second"),
        (2.5, "2.5 items a second"),
        (1, "1 item a second"),
        (0.5, "30 items a minute"),
        (0.001, "3.6 items an hour"),
    ],
)
def test_a_rate_in_words(per_second: float, text: str) -> None:
    assert format_rate(per_second) == text
