"""The sandbox keeps the vendor's contract: shapes, statuses, errors. See openapi.yaml beside this."""

from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.sandbox import Sandbox

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_path(Path(__file__).parent / "openapi.yaml")
TIMEOUT_SECONDS = 60  # a call that hangs, not one on a busy machine
MEDIA = "/v2/vault-plus/media"


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_call_is_answered_by_the_contract(
    case: schemathesis.Case[Any], sandbox: Sandbox, headers: dict[str, str]
) -> None:
    case.call_and_validate(base_url=sandbox.url, headers=headers, checks=CHECKS, timeout=TIMEOUT_SECONDS)


def validated(sandbox: Sandbox, headers: dict[str, str], method: str, path: str, **parts: Any) -> Any:
    """The JSON of a call that must succeed and conform."""
    case = schema[path][method].Case(headers=headers, **parts)
    response = case.call_and_validate(base_url=sandbox.url, checks=CHECKS, timeout=TIMEOUT_SECONDS)
    assert response.status_code == 200
    return response.json()


def test_success_of_every_operation_conforms(sandbox: Sandbox, headers: dict[str, str]) -> None:
    page = validated(sandbox, headers, "GET", MEDIA, query={"limit": 100})
    first, second, *_ = (item["id"] for item in page["items"])
    one = validated(sandbox, headers, "GET", MEDIA + "/{mediaId}", path_parameters={"mediaId": first})
    assert one["id"] == first
    body = {"mediaIds": [second, first]}
    batch = validated(sandbox, headers, "POST", MEDIA + "/batch", body=body, media_type="application/json")
    assert [item["id"] for item in batch["items"]] == [second, first]
    gone = validated(sandbox, headers, "DELETE", MEDIA + "/{mediaId}", path_parameters={"mediaId": first})
    assert gone["success"]
    assert gone["mediaId"] == first
    purged = validated(sandbox, headers, "DELETE", MEDIA)
    assert purged["success"]
    assert purged["purgedCount"] > 5_000


def test_every_status_and_type_of_the_contract_occurs(sandbox: Sandbox, headers: dict[str, str]) -> None:
    enums = schema.raw_schema["components"]["schemas"]
    for status in enums["Status"]["enum"]:
        for kind in enums["MediaType"]["enum"]:
            found = validated(sandbox, headers, "GET", MEDIA, query={"status": status, "type": kind})["items"]
            assert found, (status, kind)
            assert {item["type"] for item in found} == {kind}
            assert all(status in {v["status"] for v in item["media"].values()} for item in found)


CALLS = [
    ("GET", MEDIA),
    ("DELETE", MEDIA),
    ("POST", MEDIA + "/batch"),
    ("GET", MEDIA + "/1"),
    ("DELETE", MEDIA + "/1"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ({"apiKey": None}, 401, "Unauthorized"),
        ({"apiKey": "other"}, 401, "Unauthorized"),
        ({"apiKey": None, "x-connection-id": None}, 401, "Unauthorized"),
        ({"x-connection-id": None}, 400, "x-connection-id header is required"),
        ({"x-connection-id": ""}, 400, "x-connection-id header is required"),
        ({"x-connection-id": "conn_of_somebody_else"}, 400, "x-connection-id header is invalid"),
    ],
)
def test_required_headers(
    sandbox: Sandbox,
    headers: dict[str, str],
    method: str,
    path: str,
    given: dict[str, str | None],
    status: int,
    sentence: str,
) -> None:
    sent = {name: value for name, value in {**headers, **given}.items() if value is not None}
    response = requests.request(method, sandbox.url + path, headers=sent, timeout=TIMEOUT_SECONDS)
    assert (response.status_code, response.json()) == (status, {"error": sentence})


def test_wrong_methods_and_unknown_routes(sandbox: Sandbox, headers: dict[str, str]) -> None:
    for method, path, status, allowed in [
        ("PUT", MEDIA, 405, "GET, DELETE"),
        ("POST", MEDIA, 405, "GET, DELETE"),
        ("GET", MEDIA + "/batch", 405, "POST"),
        ("PATCH", MEDIA + "/1", 405, "GET, DELETE"),
        ("GET", "/v2/vault-plus", 404, None),
        ("GET", "/v2/vault-plus/media/1/variants", 404, None),
        ("GET", "/v2/account/connections/1", 404, None),
        ("DELETE", "/v2/account/connections", 405, "GET"),
    ]:
        response = requests.request(method, sandbox.url + path, headers=headers, timeout=TIMEOUT_SECONDS)
        assert response.status_code == status, (method, path)
        assert response.headers.get("Allow") == allowed
        assert "error" in response.json()
