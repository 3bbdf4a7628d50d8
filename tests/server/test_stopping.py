"""A server that is told to stop while a call is out: probes are answered, and downloads break off."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from dashboard.exports.downloads import MAX_DOWNLOADS
from dashboard.sandbox import Sandbox
from tests.environment import API_KEY
from tests.make import BIG_ID, SMALL_ID
from tests.server.conftest import PATIENCE, Server
from tests.server.test_unread_downloads import Reader


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox({SMALL_ID: 5, BIG_ID: 1_000_000}, key=API_KEY) as service:
        yield service


@pytest.fixture
def dashboard(service: Sandbox, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, VAULTPLUS_API_URL=service.url, VAULTPLUS_MEDIA_HOSTS=service.url)
    server.manage("connection", "add", "small", SMALL_ID, "--label", "Studio A")
    server.manage("connection", "add", "big", BIG_ID, "--label", "Creator B")
    server.start()
    yield server
    server.stop()


def wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def read(download: requests.Response) -> None:
    """Read to its end, or as far as it comes: all of it would be a million rows."""
    for _ in download.iter_content(65_536):
        pass


def assert_that_unread_exports_give_way(dashboard: Server, path: str) -> None:
    """As many of them as there are slots; the limit of others is tried in test_unread_downloads."""
    unread = [Reader(dashboard, f"person-{number}", path) for number in range(MAX_DOWNLOADS)]
    assert [one.status() for one in unread] == [200] * MAX_DOWNLOADS
    wait(lambda: all(one.is_cut_off() for one in unread))
    for one in unread:
        one.socket.close()


def test_probes_are_answered_until_the_last_call_is_back(dashboard: Server, service: Sandbox) -> None:
    address = f"http://{dashboard.address}"
    path, eve = "/c/big/export/now/?format=csv", dashboard.headers("eve")
    assert_that_unread_exports_give_way(dashboard, path)
    while (
        download := requests.get(f"{address}{path}", headers=eve, stream=True, timeout=PATIENCE)
    ).status_code == 503:  # a slot is free only once what read from the service has ended
        download.close()
    assert (download.status_code, len(download.raw.read(20_000))) == (200, 20_000)
    service.faults.add(path="/media$", hold=True, times=None)
    with ThreadPoolExecutor(1) as threads:
        try:
            page = threads.submit(dashboard.get, "/c/small/media/", "ada")
            wait(lambda: any(call.connection == SMALL_ID for call in service.calls))
            dashboard.process.send_signal(signal.SIGTERM)
            wait(lambda: dashboard.get("/readyz", "nobody").status_code == 503)
            assert dashboard.get("/readyz", "nobody").json()["stopping"] is True
            assert dashboard.get("/healthz", "nobody").content == b"ok\n"
            assert dashboard.get("/keys/", "ada").status_code == 200
            pressed = requests.post(
                f"{address}/preferences/", headers=dashboard.headers("ada"), timeout=PATIENCE
            )
            assert (pressed.status_code, "nothing was sent" in pressed.text) == (503, True)
        finally:
            service.faults.clear()
        assert page.result().status_code == 200
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        read(download)
    assert dashboard.process.wait(PATIENCE) == 0
    assert "Traceback" not in dashboard.said()
