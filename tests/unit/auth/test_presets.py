"""Each kind of proxy is believed as it speaks, by nothing but its preset and what is a company's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory

from dashboard.auth.assertion import AssertionBackend
from dashboard.auth.config import PRESETS, Grants
from dashboard.identity import Refused, Role
from tests.assertions import AUDIENCE, GRANTS, ISSUER, Provider, a_provider, assertion, token

NOW = int(time.time())


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as provider:
        provider.publish("first")
        yield provider


SAID: dict[str, dict[str, Any]] = {
    "iap": {
        "iss": "https://cloud.google.com/iap",
        "aud": "/projects/123/global/backendServices/456",
        "sub": "accounts.google.com:118133858486581853996",
        "google": {"access_levels": ["accessPolicies/1/accessLevels/vault"]},
    },
    "cloudflare": {
        "iss": "https://acme.cloudflareaccess.com",
        "aud": ["32eafc7626e737136ff0bf1f6a0d6e2f"],
        "sub": "ca639bb9-26ab-42e5-b9bf-3aea27b331fd",
        "nbf": NOW,
        "type": "app",
        "custom": {"groups": ["vault"]},
    },
    "pomerium": {
        "iss": "vault.example.com",
        "aud": "vault.example.com",
        "jti": "7e0b2b6f",
        "user": "u-1",
        "groups": ["vault"],
    },
    "idtoken": {"groups": ["vault"], "nonce": "n"},
}


@pytest.mark.parametrize("name", SAID)
def test_each_proxy_is_believed_as_it_speaks(provider: Provider, name: str) -> None:
    preset, said = PRESETS[name], SAID[name]
    algorithm = preset.algorithms[0]
    provider.publish("first", algorithm=algorithm)
    by = assertion(
        provider.url,
        header=preset.header,
        algorithms=preset.algorithms,
        groups_claim=preset.groups_claim,
        issuer=said.get("iss", ISSUER),
        audience=(
            said["aud"][0] if isinstance(said.get("aud"), list) else said.get("aud", AUDIENCE),
            "other",
        ),
    )
    grants = Grants(operator=frozenset({"vault", "accessPolicies/1/accessLevels/vault"}))
    prefix = "Bearer " if preset.header == "Authorization" else ""
    text = prefix + token(algorithm=algorithm, **{"groups": None, **said})
    request: Any = RequestFactory().get("/", headers={preset.header: text})
    person = AssertionBackend(by, grants)(request)
    assert (person.role, person.subject) == (Role.OPERATOR, said.get("sub", "u-1"))


@pytest.mark.parametrize("text", ["Basic dmVyYTp4", "Bearer", "Bearer ", "{}", "bearer\t{}", "Bearer  {}"])
def test_authorization_has_to_be_a_bearer_token(provider: Provider, text: str) -> None:
    by = AssertionBackend(assertion(provider.url, header="Authorization"), GRANTS)
    request: Any = RequestFactory().get("/", headers={"Authorization": text.format(token())})
    with pytest.raises(Refused):
        by(request)
