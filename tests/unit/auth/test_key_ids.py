"""Key ids, which neither the keys of a sign-on nor its assertions have to give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.test import RequestFactory

from dashboard.auth.assertion import AssertionBackend
from dashboard.auth.jwks import COOLDOWN_SECONDS, make_jwks_keyring
from dashboard.identity import Refused, Role
from tests.assertions import GRANTS, HEADER, Provider, assertion, claims, jwks, private_key


def nameless(*kids: str, algorithm: str = "ES256") -> list[dict[str, Any]]:
    """Keys as published without `kid`."""
    keys = jwks(*kids, algorithm=algorithm)["keys"]
    return [{name: value for name, value in key.items() if name != "kid"} for key in keys]


def signed_by(key: str, kid: str | None = None) -> str:
    named = {"kid": kid} if kid else {}
    return jwt.encode(claims(), private_key(key), algorithm="ES256", headers=named)


NAMED = jwks("first", "second")["keys"]
RSA = {**jwks("rsa", algorithm="RS256")["keys"][0]}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (nameless("first"), signed_by("first")),
        (nameless("first"), signed_by("first", "any")),
        (NAMED[:1], signed_by("first")),
        (NAMED, signed_by("first")),
        (NAMED, signed_by("second")),
        ([*nameless("first", "second")], signed_by("second")),
        ([*nameless("first"), NAMED[1]], signed_by("first", "any")),
        ([RSA, *NAMED], signed_by("second")),
        ([*nameless("rsa", algorithm="RS256"), *nameless("first")], signed_by("first")),
        ([{**NAMED[0], "kid": ""}], signed_by("first")),
    ],
)
@pytest.mark.parametrize("source", ["address", "file"])
def test_without_a_key_id_the_signature_tells(
    provider: Provider, tmp_path: Path, source: str, keys: list[dict[str, Any]], text: str
) -> None:
    provider.body = json.dumps({"keys": keys}).encode()
    (tmp_path / "jwks.json").write_bytes(provider.body)
    place = provider.url if source == "address" else str(tmp_path / "jwks.json")
    by = AssertionBackend(assertion(place, algorithms=("RS256", "ES256")), GRANTS)
    request: Any = RequestFactory().get("/", headers={HEADER: text})
    assert by(request).role is Role.VIEWER


@pytest.mark.parametrize(
    ("keys", "text", "reason"),
    [
        (nameless("first"), signed_by("second"), "wrong signature"),
        (nameless("first"), signed_by("second", "first"), "wrong signature"),
        (NAMED[:1], signed_by("first", "second"), "unknown key"),
        ([*nameless("second"), NAMED[0]], signed_by("second", "first"), "wrong signature"),
        (jwks("first", algorithm="RS256")["keys"], signed_by("first"), "wrong algorithm"),
    ],
)
def test_the_signature_has_to_be_of_a_key_that_may_be_meant(
    provider: Provider, keys: list[dict[str, Any]], text: str, reason: str
) -> None:
    provider.body = json.dumps({"keys": keys}).encode()
    by = AssertionBackend(assertion(provider.url, algorithms=("RS256", "ES256")), GRANTS)
    request: Any = RequestFactory().get("/", headers={HEADER: text})
    with pytest.raises(Refused) as refused:
        by(request)
    assert refused.value.reason == reason


@pytest.mark.parametrize("kid", [None, "second"])
def test_a_key_without_an_id_is_rotated_without_a_restart(provider: Provider, kid: str | None) -> None:
    clock = [1000.0]
    keyring = make_jwks_keyring(provider.url, ("ES256",), lambda: clock[0])
    by = AssertionBackend(assertion(provider.url), GRANTS, keyring)
    request: Any = RequestFactory().get("/", headers={HEADER: signed_by("first")})
    provider.body = json.dumps({"keys": nameless("first")}).encode()
    assert by(request).role
    provider.body = json.dumps({"keys": nameless("second")}).encode()
    request = RequestFactory().get("/", headers={HEADER: signed_by("second", kid)})
    with pytest.raises(Refused, match="wrong signature"):  # asked just now: forged ones ask no more often
        by(request)
    assert len(provider.asked) == 1
    clock[0] += COOLDOWN_SECONDS
    assert by(request).role
