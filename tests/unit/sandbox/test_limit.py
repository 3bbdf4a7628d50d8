"""The sandbox's limit of calls per connection."""

import pytest
import requests

from dashboard.sandbox import Sandbox

MEDIA = "/v2/vault-plus/media"
TOLD = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")


def call(sandbox: Sandbox, connection: str = "conn_a", method: str = "GET") -> requests.Response:
    headers = {"apiKey": sandbox.key, "x-connection-id": connection}
    return requests.request(method, sandbox.url + MEDIA, headers=headers, timeout=5)


def told(response: requests.Response) -> tuple[int, list[str | None]]:
    return response.status_code, [response.headers.get(name) for name in TOLD]


def test_without_a_limit_nothing_is_said_of_one() -> None:
    with Sandbox({"conn_a": 1}) as sandbox:
        assert told(call(sandbox)) == (200, [None] * 4)


def test_the_bucket_empties_call_by_call_and_fills_with_time() -> None:
    now = [1_790_000_000.0]
    with Sandbox({"conn_a": 1, "conn_b": 1}, rate_limit=(60, 3), now=lambda: now[0]) as sandbox:
        assert told(call(sandbox)) == (200, ["60", "2", "1", None])
        assert told(call(sandbox)) == (200, ["60", "1", "2", None])
        assert told(call(sandbox)) == (200, ["60", "0", "3", None])
        assert told(call(sandbox)) == (429, ["60", "0", "3", "1"])
        assert told(call(sandbox, "conn_b")) == (200, ["60", "2", "1", None])
        now[0] += 1
        assert told(call(sandbox)) == (200, ["60", "0", "3", None])
        now[0] += 3600
        assert told(call(sandbox)) == (200, ["60", "2", "1", None])


def test_what_is_over_the_limit_is_not_carried_out() -> None:
    with Sandbox({"conn_a": 5}, rate_limit=(1, 1)) as sandbox:
        assert call(sandbox).status_code == 200
        assert call(sandbox, method="DELETE").status_code == 429
        sandbox.reset()
        assert len(call(sandbox).json()["items"]) == 5


def test_who_has_no_key_or_no_connection_uses_nothing_up() -> None:
    with Sandbox({"conn_a": 1}, rate_limit=(60, 2)) as sandbox:
        assert told(call(sandbox, "conn_x")) == (400, [None] * 4)
        assert told(call(sandbox)) == (200, ["60", "1", "1", None])


@pytest.mark.parametrize("limit", [(0, 5), (5, 0)])
def test_a_limit_of_nothing_is_refused(limit: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Sandbox({}, rate_limit=limit)
