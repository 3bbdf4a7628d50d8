"""Every kind of fault really happens on the socket, as often as declared."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dashboard.sandbox import Fault, Sandbox

MEDIA = "/v2/vault-plus/media"
HEADERS = {"apiKey": "demo-key", "x-connection-id": "conn_a"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox({"conn_a": 120}) as running:
        yield running


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    shared.reset()
    yield shared
    shared.reset()


def call(sandbox: Sandbox, method: str = "GET", path: str = MEDIA, timeout: float = 5) -> requests.Response:
    return requests.request(method, sandbox.url + path, headers=HEADERS, timeout=timeout)


def first_id(sandbox: Sandbox) -> str:
    return str(call(sandbox).json()["items"][0]["id"])


def test_a_status_with_body_and_headers_for_so_many_calls(sandbox: Sandbox) -> None:
    sandbox.faults.add(times=2, status=429, body={"error": "Too many"}, headers={"Retry-After": "3"})
    for _ in range(2):
        response = call(sandbox)
        assert (response.status_code, response.json()) == (429, {"error": "Too many"})
        assert response.headers["Retry-After"] == "3"
        assert response.headers["Content-Type"] == "application/json"
    assert call(sandbox).status_code == 200
    assert [one.status for one in sandbox.calls] == [429, 429, 200]


def test_faults_are_used_in_order_and_only_where_they_match(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(method="DELETE", status=500))
    sandbox.faults.add(Fault(path=r"/media/\d+$", status=503))
    sandbox.faults.add(Fault(status=502, times=None))
    assert call(sandbox).status_code == 502
    assert call(sandbox, path=MEDIA + "/123").status_code == 503
    assert call(sandbox, "DELETE", MEDIA + "/123").status_code == 500
    assert call(sandbox, "DELETE", MEDIA + "/123").status_code == 502
    assert len(sandbox.faults) == 1
    sandbox.faults.clear()
    assert call(sandbox).status_code == 200


def test_pictures_are_spoiled_only_when_their_path_is_named(sandbox: Sandbox) -> None:
    url = next(
        variant["url"]
        for item in call(sandbox).json()["items"]
        for variant in item["media"].values()
        if variant["status"] == "stored" and variant["quality"] == "thumb"
    )
    sandbox.faults.add(status=500)
    assert requests.get(url, timeout=5).status_code != 500
    sandbox.faults.add(path=r"^/v2/[^/]+$", status=418)
    assert requests.get(url, timeout=5).status_code == 418
    assert sandbox.media_calls[-1].status == 418


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("<html>busy</html>", "text/html"), ("", "application/json"), ({"success": False}, "application/json")],
)
def test_a_raw_body_instead_of_the_answer(sandbox: Sandbox, body: Any, content_type: str) -> None:
    media_id = first_id(sandbox)
    sandbox.faults.add(method="DELETE", body=body)
    response = call(sandbox, "DELETE", f"{MEDIA}/{media_id}")
    assert response.status_code == 200
    assert response.text == (body if isinstance(body, str) else json.dumps(body, separators=(",", ":")))
    assert response.headers["Content-Type"] == content_type
    assert call(sandbox, path=f"{MEDIA}/{media_id}").status_code == 200  # nothing was removed


def test_a_body_cut_half_way(sandbox: Sandbox) -> None:
    sandbox.faults.add(cut=True)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        call(sandbox)
    link = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
    sandbox.faults.add(cut=True)
    link.request("GET", MEDIA, headers=HEADERS)
    with pytest.raises(http.client.IncompleteRead) as cut:
        link.getresponse().read()
    link.close()
    assert abs(len(cut.value.partial) - (cut.value.expected or 0)) <= 1


def test_closing_before_answering(sandbox: Sandbox) -> None:
    media_id = first_id(sandbox)
    sandbox.faults.add(close=True)
    with pytest.raises(requests.ConnectionError):
        call(sandbox, "DELETE", f"{MEDIA}/{media_id}")
    assert sandbox.calls[-1].status == 0
    assert call(sandbox, path=f"{MEDIA}/{media_id}").status_code == 200


@pytest.mark.parametrize("ending", [{"close": True}, {"status": 502, "body": "<p>bad gateway"}])
def test_acting_and_then_failing(sandbox: Sandbox, ending: dict[str, Any]) -> None:
    media_id = first_id(sandbox)
    sandbox.faults.add(Fault(method="DELETE", act=True, **ending))
    try:
        assert call(sandbox, "DELETE", f"{MEDIA}/{media_id}").status_code == 502
    except requests.ConnectionError:
        assert ending == {"close": True}
    assert call(sandbox, path=f"{MEDIA}/{media_id}").status_code == 404


def test_hanging_until_cleared(sandbox: Sandbox) -> None:
    sandbox.faults.add(hang=True)
    with pytest.raises(requests.ReadTimeout):
        call(sandbox, timeout=0.15)
    until = time.monotonic() + 30
    while not sandbox.calls and time.monotonic() < until:  # it may come after its caller has gone
        time.sleep(0.01)
    assert [one.status for one in sandbox.calls] == [0]


def test_stopping_ends_hanging_calls() -> None:
    with Sandbox({"conn_a": 1}) as sandbox:
        sandbox.faults.add(hang=True)
        with pytest.raises(requests.ReadTimeout):
            call(sandbox, timeout=0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 30


def test_latency_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.faults.add(latency_ms=120)
    began = time.monotonic()
    assert call(sandbox).status_code == 200
    assert time.monotonic() - began >= 0.12


def test_a_dripping_body_arrives_whole_but_slowly(sandbox: Sandbox) -> None:
    sandbox.faults.add(drip_ms=15, drip_bytes=4, body="0123456789abcdefghij")
    began = time.monotonic()
    with requests.get(sandbox.url + MEDIA, headers=HEADERS, timeout=5, stream=True) as response:
        pieces = list(response.raw.stream(4))
    assert b"".join(pieces) == b"0123456789abcdefghij"
    assert time.monotonic() - began >= 5 * 0.015


def test_extra_headers_on_the_usual_answer(sandbox: Sandbox) -> None:
    sandbox.faults.add(headers={"X-RateLimit-Remaining": "0"})
    response = call(sandbox)
    assert response.json()["items"]
    assert response.headers["X-RateLimit-Remaining"] == "0"


def test_control_from_another_process(sandbox: Sandbox) -> None:
    control = sandbox.url + "/_sandbox"
    declared = requests.post(f"{control}/faults", json=[{"status": 503}, {"close": True}], timeout=5).json()
    assert [fault["status"] for fault in declared["faults"]] == [503, None]
    assert call(sandbox).status_code == 503
    assert len(requests.get(f"{control}/faults", timeout=5).json()["faults"]) == 1
    assert requests.delete(f"{control}/faults", timeout=5).json() == {"faults": []}
    assert call(sandbox).status_code == 200
    recorded = requests.get(f"{control}/calls", timeout=5).json()
    assert [one["status"] for one in recorded["calls"]] == [503, 200]
    assert recorded["calls"][0]["connection"] == "conn_a"
    assert recorded["mediaCalls"] == []
    assert requests.post(f"{control}/reset", timeout=5).json() == {"reset": True}
    assert requests.get(f"{control}/calls", timeout=5).json()["calls"] == []
    assert requests.get(f"{control}/else", timeout=5).status_code == 404


@pytest.mark.parametrize(
    "body", ["", "7", '{"stauts": 1}', '{"path": "("}', '{"latency_ms": -1}', "[" * 5000]
)
def test_a_misspelt_fault_is_refused(sandbox: Sandbox, body: str) -> None:
    response = requests.post(f"{sandbox.url}/_sandbox/faults", data=body, timeout=5)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Not a fault: ")
    assert len(sandbox.faults) == 0
