"""The sandbox's list of the account's connections."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dashboard.sandbox import ACCOUNT_CONNECTIONS, DEMO_CONNECTIONS, Sandbox

LIST = "/v2/account/connections"
MEDIA = "/v2/vault-plus/media"
KEY = {"apiKey": "demo-key"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def ask(sandbox: Sandbox, query: str = "") -> Any:
    answer = requests.get(f"{sandbox.url}{LIST}{query}", headers=KEY, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_demos_account_lists_what_the_dashboard_shows_and_more(sandbox: Sandbox) -> None:
    page = ask(sandbox)
    assert set(page) == {"list", "hasMore"}
    assert page["hasMore"] is False
    assert [row["id"] for row in page["list"]] == [one.id for one in ACCOUNT_CONNECTIONS]
    assert len(ACCOUNT_CONNECTIONS) > len(DEMO_CONNECTIONS)
    for row in page["list"]:
        assert set(row) == {"id", "status", "userData"}
        assert set(row["userData"]) == {"id", "name", "username", "avatar"}
    assert {row["status"] for row in page["list"]} == {"active", "expired", "awaiting_2fa"}


def test_what_is_listed_can_be_asked_for_media(sandbox: Sandbox) -> None:
    held = {}
    for one in ACCOUNT_CONNECTIONS[len(DEMO_CONNECTIONS) :]:
        headers = {**KEY, "x-connection-id": one.id}
        held[one.id] = len(requests.get(sandbox.url + MEDIA, headers=headers, timeout=5).json()["items"])
        assert held[one.id] == one.count
    assert any(held.values())


@pytest.mark.parametrize("status", ["active", "expired", "awaiting_2fa"])
def test_a_status_is_filtered_by(sandbox: Sandbox, status: str) -> None:
    rows = ask(sandbox, f"?status={status}")["list"]
    assert rows
    assert {row["status"] for row in rows} == {status}


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_together_are_the_list(sandbox: Sandbox, limit: int) -> None:
    whole = ask(sandbox)["list"]
    found: list[Any] = []
    while True:
        page = ask(sandbox, f"?limit={limit}&offset={len(found)}")
        assert len(page["list"]) <= limit
        found += page["list"]
        if not page["hasMore"]:
            break
    assert found == whole
    assert ask(sandbox, f"?offset={len(whole)}") == {"list": [], "hasMore": False}


def test_a_page_has_twenty_where_nobody_says_otherwise() -> None:
    with Sandbox({f"conn_{number}": 0 for number in range(21)}) as sandbox:
        page = ask(sandbox)
        assert (len(page["list"]), page["hasMore"]) == (20, True)
        assert [row["id"] for row in ask(sandbox, "?offset=20")["list"]] == ["conn_20"]


@pytest.mark.parametrize(
    "query",
    [
        "status=gone",
        "status=",
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1.5",
        "offset=-1",
        "offset=",
        "limit=1&limit=2",
    ],
)
def test_a_parameter_that_is_none_is_refused(sandbox: Sandbox, query: str) -> None:
    answer = requests.get(f"{sandbox.url}{LIST}?{query}", headers=KEY, timeout=5)
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["error"]


@pytest.mark.parametrize("key", [None, "", "other"])
def test_it_wants_the_key_and_no_connection(sandbox: Sandbox, key: str | None) -> None:
    headers = {} if key is None else {"apiKey": key}
    answer = requests.get(sandbox.url + LIST, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_is_read_only(sandbox: Sandbox, method: str) -> None:
    answer = requests.request(method, sandbox.url + LIST, headers=KEY, timeout=5)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_it_is_recorded_and_spoiled_as_the_others_are(sandbox: Sandbox) -> None:
    sandbox.reset()
    sandbox.faults.add(path="/account/", status=403, body={"error": "Scope"})
    answer = requests.get(sandbox.url + LIST, headers=KEY, timeout=5)
    assert (answer.status_code, answer.json()) == (403, {"error": "Scope"})
    ask(sandbox, "?limit=2")
    calls = [(call.operation, call.connection, call.query, call.status) for call in sandbox.calls]
    assert calls == [("connections", "", "", 403), ("connections", "", "limit=2", 200)]
