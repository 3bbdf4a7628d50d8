"""A service that hangs takes no page with it that asks the service nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from dashboard import server as gunicorn_settings
from dashboard.sandbox import Sandbox
from dashboard.vault.concurrency import PROCESS_CONCURRENCY, RESERVED_PLACES
from tests.environment import API_KEY
from tests.make import SMALL_ID
from tests.server.conftest import PATIENCE, Server

CLIENTS: Final = 32
LIMIT: Final = PROCESS_CONCURRENCY.max_requests
OTHER_PAGES: Final = ("/healthz", "/readyz", "/audit/", "/keys/", "/c/small/jobs/")


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox({SMALL_ID: 5}, key=API_KEY) as service:
        yield service


@pytest.fixture(scope="module")
def dashboard(service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("bulkhead")
    server = Server(folder, VAULTPLUS_API_URL=service.url, VAULTPLUS_MEDIA_HOSTS=service.url)
    server.manage("connection", "add", "small", SMALL_ID, "--label", "Studio A")
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("path", "most", "calls"),
    [("/c/small/media/", LIMIT, 16), ("/c/small/stuck/", LIMIT - RESERVED_PLACES, 12)],
    ids=["by the request", "by helpers"],
)
def test_who_asks_a_hanging_service_leaves_threads_for_everybody_else(
    dashboard: Server, service: Sandbox, path: str, most: int, calls: int
) -> None:
    assert dashboard.get(path, "ada").status_code == 200
    service.calls.clear()
    service.faults.add(path="/media", hold=True, times=None)
    with ThreadPoolExecutor(CLIENTS) as clients:
        try:
            asked = [clients.submit(dashboard.get, path, f"person-{number}") for number in range(CLIENTS)]
            wait_for_calls(service, calls)
            refused_at_once = CLIENTS - most
            until = time.monotonic() + PATIENCE
            while sum(one.done() for one in asked) < refused_at_once:
                assert time.monotonic() < until
                time.sleep(0.01)
            others = [dashboard.get(other, "ada").status_code for other in OTHER_PAGES]
            still_waiting = sum(not one.done() for one in asked)
        finally:
            service.faults.clear()
        answers = [one.result() for one in asked]
    assert others == [200] * len(OTHER_PAGES)
    assert still_waiting == most, "they were answered while all of these waited"
    assert still_waiting < gunicorn_settings.threads
    busy = [answer for answer in answers if answer.status_code == 503]
    assert len(busy) == refused_at_once
    assert all("Too many calls are under way from here" in answer.text for answer in busy)
    assert {answer.status_code for answer in answers} == {200, 503}
    assert "Traceback" not in dashboard.said()


def wait_for_calls(service: Sandbox, number: int) -> None:
    until = time.monotonic() + PATIENCE
    while len(service.calls) < number:
        assert time.monotonic() < until, len(service.calls)
        time.sleep(0.01)
