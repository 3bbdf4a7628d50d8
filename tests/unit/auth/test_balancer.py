"""The assertion of an AWS load balancer: one signer, a key by its id, no audience, ends in two places."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from django.test import RequestFactory

from dashboard.auth.assertion import AssertionBackend
from dashboard.auth.config import AssertionConfig
from dashboard.identity import Person, Refused, Role
from tests.assertions import GRANTS, GROUPS, ISSUER, Provider, a_provider, private_key, public_pem

KID = "12345678-1234-1234-1234-1234567890ab"
SIGNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/vault/50dc6c495c0c9188"
HEADER = "X-Amzn-Oidc-Data"
NOW = int(time.time())
Believe = Callable[[str], Person]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as provider:
        provider.body = {f"/{KID}": public_pem(KID)}
        yield provider


@pytest.fixture
def believe(provider: Provider) -> Believe:
    by = AssertionConfig(HEADER, provider.url, ISSUER, (), ("ES256",), signer=SIGNER)
    identify = AssertionBackend(by, GRANTS)

    def person(text: str) -> Person:
        request: Any = RequestFactory().get("/", headers={HEADER: text})
        return identify(request)

    return person


def data(head: dict[str, Any] | None = None, *, padded: bool = True, kid: str = KID, **changes: Any) -> str:
    """What the balancer sends, with `changes` of its claims and `head` of its header; None leaves one out."""
    usual_head = {"kid": kid, "signer": SIGNER, "iss": ISSUER, "client": "abc", "exp": NOW + 12 * 3600}
    usual = {
        "sub": "u-1",
        "email": "vera@example.com",
        "groups": [GROUPS["operator"]],
        "exp": NOW + 12 * 3600,
    }
    headers = {name: value for name, value in {**usual_head, **(head or {})}.items() if value is not None}
    claims = {name: value for name, value in {**usual, "iss": ISSUER, **changes}.items() if value is not None}
    if not padded:
        return jwt.encode(claims, private_key(KID), algorithm="ES256", headers=headers)
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode())
        for part in ({"typ": "JWT", "alg": "ES256", **headers}, claims)
    ]
    signature = jwt.get_algorithm_by_name("ES256").sign(b".".join(parts), private_key(KID))
    return b".".join([*parts, base64.urlsafe_b64encode(signature)]).decode()


@pytest.mark.parametrize("padded", [True, False])
def test_a_good_one_is_a_person(believe: Believe, provider: Provider, padded: bool) -> None:
    text = data(padded=padded)
    assert ("=" in text) is padded
    person = believe(text)
    assert (person.subject, person.role, person.issuer) == ("u-1", Role.OPERATOR, ISSUER)
    assert person.signed_in_at is None
    assert provider.asked == [f"/{KID}"]


@pytest.mark.parametrize(
    "text",
    [
        data(exp=None),
        data({"exp": None}),
        data(iss=None),
        data({"iss": None}),
        data(aud="whatever"),
        data(iat="yesterday"),
    ],
)
def test_what_it_may_leave_out_or_add(believe: Believe, text: str) -> None:
    assert believe(text).role is Role.OPERATOR


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (data({"signer": SIGNER.replace("vault", "evil")}), "wrong signer"),
        (data({"signer": SIGNER[:-1]}), "wrong signer"),
        (data({"signer": [SIGNER]}), "wrong signer"),
        (data({"signer": None}), "wrong signer"),
        (data(kid="../../evil"), "unknown key"),
        (data(kid=KID + "/x"), "unknown key"),
        (data(kid=KID + "\n"), "unknown key"),
        (data(kid=KID.replace("1", "9")), "unknown key"),
        (data({"exp": NOW - 60}), "expired"),
        (data(exp=NOW - 60), "expired"),
        (data({"exp": None}, exp=None), "without exp"),
        (data({"exp": NOW + 30 * 3600}), "lives too long"),
        (data({"exp": "soon"}), "a time that is none"),
        (data({"iss": None}, iss=None), "without iss"),
        (data(iss="https://evil.example"), "wrong issuer"),
        (data({"iss": "https://evil.example"}), "wrong issuer"),
        (data(sub=None), "without sub"),
        (data(sub=""), "without sub"),
        (data({"alg": "none"}, padded=True), "wrong algorithm"),
        (f"{data()},{data()}", "sent twice"),
        ("", "missing"),
    ],
)
def test_whatever_is_doubtful_is_refused(believe: Believe, text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        believe(text)
    assert refused.value.reason == reason


def test_another_balancers_key_does_not_do(believe: Believe, provider: Provider) -> None:
    provider.body = {f"/{KID}": public_pem("another")}
    with pytest.raises(Refused, match="wrong signature"):
        believe(data())
