"""Assertions: which are believed, and everything that is not."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import RequestFactory

from dashboard.auth.assertion import MAX_TOKEN_LENGTH, AssertionBackend
from dashboard.auth.claims import TOO_LONG_REASON
from dashboard.identity import KeysUnavailable, Person, Refused, Role
from tests.assertions import (
    GRANTS,
    GROUPS,
    HEADER,
    ISSUER,
    Provider,
    assertion,
    claims,
    forged,
    jwks,
    private_key,
    public_pem,
    token,
)

NOW = int(time.time())
Believe = Callable[..., Person]


@pytest.fixture
def believe(provider: Provider) -> Believe:
    """The person whom a header's text names, by a sign-on with `changes`."""
    by = AssertionBackend(assertion(provider.url), GRANTS)

    def person(text: str | None) -> Person:
        headers = {} if text is None else {HEADER: text}
        return by(RequestFactory().get("/", headers=headers))  # type: ignore[arg-type]

    return person


def refusal(believe: Believe, text: str | None) -> str:
    with pytest.raises(Refused) as refused:
        believe(text)
    return refused.value.reason


def test_a_good_assertion_is_a_person(believe: Believe) -> None:
    person = believe(token(groups=["x", GROUPS["operator"]]))
    assert (person.name, person.email, person.role) == ("Vera Lind", "vera@example.com", Role.OPERATOR)
    assert (person.issuer, person.subject, person.mode) == (ISSUER, "u-1", "assertion")
    assert (person.groups, person.matched) == (("x", GROUPS["operator"]), (GROUPS["operator"],))
    assert person.signed_in_at
    assert abs(person.signed_in_at.timestamp() - time.time()) < 60


@pytest.mark.parametrize(
    ("groups", "role", "matched"),
    [
        (["vault-viewers"], Role.VIEWER, ("vault-viewers",)),
        (["vault-viewers", "vault-admins"], Role.ADMIN, ("vault-admins",)),
        (["vault-admins", "vault-viewers"], Role.ADMIN, ("vault-admins",)),
        ("vault-operators", Role.OPERATOR, ("vault-operators",)),
        (["Vault-Admins"], None, ()),
        (["vault-admins "], None, ()),
        (["vault-admins,vault-operators"], None, ()),
        ("vault-admins,x", None, ()),
        (["vault-admin"], None, ()),
        ([""], None, ()),
        ("", None, ()),
        ([], None, ()),
        (None, None, ()),
        (["vault-\ud800", "vault-\x00admins", "vault-viewers"], Role.VIEWER, ("vault-viewers",)),
    ],
)
def test_groups_give_a_role_letter_by_letter(
    believe: Believe, groups: Any, role: Role | None, matched: tuple[str, ...]
) -> None:
    person = believe(token(groups=groups))
    assert (person.role, person.matched) == (role, matched)
    assert all(group.isprintable() for group in person.groups)


@pytest.mark.parametrize(
    "groups",
    [
        7,
        0,
        True,
        False,
        {},
        {"vault-admins": 1},
        ["vault-admins", 7],
        ["vault-admins", {}],
        [["vault-admins"]],
    ],
)
def test_groups_in_no_known_shape_are_no_smaller_role(believe: Believe, groups: Any) -> None:
    assert refusal(believe, token(groups=groups)) == "groups in a shape of their own"


def test_null_groups_are_none(believe: Believe) -> None:
    """As when the claim is missing: signing in again would bring the same."""
    body = {**claims(), "groups": None}
    text = jwt.encode(body, private_key(), algorithm="ES256", headers={"kid": "first"})
    person = believe(text)
    assert (person.groups, person.role) == ((), None)


@pytest.mark.parametrize(
    ("groups", "role"), [([None], None), ([None, "vault-admins", None], Role.ADMIN), ([None, ""], None)]
)
def test_a_null_among_groups_names_none(believe: Believe, groups: list[Any], role: Role | None) -> None:
    assert believe(token(groups=groups)).role is role


@pytest.mark.parametrize(
    ("path", "said", "role"),
    [
        ("custom.groups", {"custom": {"groups": ["vault-admins"]}}, Role.ADMIN),
        ("https://example.com/groups", {"https://example.com/groups": ["vault-viewers"]}, Role.VIEWER),
        ("custom.groups", {"custom": {}}, None),
        ("custom.groups", {"custom": {"groups": None}}, None),
        ("custom.groups", {"groups": ["vault-admins"]}, None),
    ],
)
def test_groups_may_lie_deeper(
    provider: Provider, path: str, said: dict[str, Any], role: Role | None
) -> None:
    by = AssertionBackend(assertion(provider.url, groups_claim=path), GRANTS)
    request: Any = RequestFactory().get("/", headers={HEADER: token(**{"groups": None, **said})})
    assert by(request).role is role


def test_a_path_through_null_finds_no_groups(provider: Provider) -> None:
    by = AssertionBackend(assertion(provider.url, groups_claim="custom.groups"), GRANTS)
    body = {**claims(), "custom": None}
    text = jwt.encode(body, private_key(), algorithm="ES256", headers={"kid": "first"})
    request: Any = RequestFactory().get("/", headers={HEADER: text})
    assert by(request).role is None


def test_a_path_through_text_is_refused(provider: Provider) -> None:
    by = AssertionBackend(assertion(provider.url, groups_claim="custom.groups"), GRANTS)
    request: Any = RequestFactory().get("/", headers={HEADER: token(custom="vault-admins")})
    with pytest.raises(Refused, match="shape"):
        by(request)


FORGED = {
    "expired": (token(iat=NOW - 400, exp=NOW - 100), "expired"),
    "not yet valid": (token(nbf=NOW + 6 * 3600), "not yet valid"),
    "issued in the future": (token(iat=NOW + 6 * 3600, exp=NOW + 7 * 3600), "not yet valid"),
    "wrong audience": (token(aud="another-app"), "wrong audience"),
    "audience in an object": (token(aud={"vault-dashboard": 1}), "wrong audience"),
    "wrong issuer": (token(iss="https://evil.example"), "wrong issuer"),
    "issuer as a beginning": (token(iss=f"{ISSUER}.evil.example"), "wrong issuer"),
    "alg none": (forged({"alg": "none", "kid": "first"}, claims()), "wrong algorithm"),
    "alg None": (forged({"alg": "None", "kid": "first"}, claims()), "wrong algorithm"),
    "alg missing": (forged({"kid": "first"}, claims()), "wrong algorithm"),
    "alg of a list": (forged({"alg": ["ES256"], "kid": "first"}, claims()), "wrong algorithm"),
    "another algorithm": (token(algorithm="RS256"), "wrong algorithm"),
    "unknown key": (token(kid="second"), "unknown key"),
    "a stranger's without a key id": (
        jwt.encode(claims(), private_key("second"), algorithm="ES256"),
        "wrong signature",
    ),
    "key id of a number": (forged({"alg": "ES256", "kid": 7}, claims()), "unreadable"),
    "its own key": (
        forged({"alg": "ES256", "kid": "first", "jwk": jwks("second")["keys"][0]}, claims(), b"x" * 64),
        "wrong signature",
    ),
    "no signature": (token().rpartition(".")[0] + ".", "wrong signature"),
    "critical extension": (token(header={"crit": ["exp"], "exp": 1}), "unreadable"),
    "payload elsewhere": (
        forged({"alg": "ES256", "kid": "first", "b64": False, "crit": ["b64"]}, claims()),
        "unreadable",
    ),
    "nested without end": (f"{'W1tb' * 1000}.e30.AAAA", "unreadable"),
    "nested to its end": (f"{'W1tb' * 3000}{'XV1d' * 3000}.e30.AAAA", "unreadable"),
    "sent twice": (f"{token()},{token()}", "sent twice"),
    "sent twice, one empty": (f"{token()}, ", "sent twice"),
    "too long": (token(padding="x" * MAX_TOKEN_LENGTH), TOO_LONG_REASON),
    "lives 25 hours": (token(exp=NOW + 25 * 3600), "lives too long"),
    "lives for ever": (token(exp=10**15), "a time that is none"),
    "exp of text": (token(exp=str(NOW + 3600)), "a time that is none"),
    "iat of truth": (token(iat=True), "a time that is none"),
    "exp of no number": (token(exp=float("nan")), "unreadable"),
    "subject empty": (token(sub=""), "without sub"),
    "subject of spaces": (token(sub="  "), "without sub"),
    "subject over-long": (token(sub="x" * 256), "a subject that cannot be kept"),
    "subject with a line end": (token(sub="u-1\n"), "a subject that cannot be kept"),
    "subject with NUL": (token(sub="u\x00"), "a subject that cannot be kept"),
    "subject of a number": (token(sub=1), "unreadable"),
    "bearer": (f"Bearer {token()}", "unreadable"),
    "encrypted": ("a.b.c.d.e", "unreadable"),
    "not a token": ("vera", "unreadable"),
    "payload of a list": (
        jwt.PyJWS().encode(b"[]", private_key(), algorithm="ES256", headers={"kid": "first"}),
        "unreadable",
    ),
    "empty": ("", "missing"),
    "missing": (None, "missing"),
}


@pytest.mark.parametrize("what", FORGED)
def test_whatever_is_doubtful_is_refused(believe: Believe, what: str) -> None:
    text, reason = FORGED[what]
    assert refusal(believe, text) == reason


@pytest.mark.parametrize("claim", ["exp", "iat", "aud", "iss", "sub"])
def test_each_claim_is_needed(believe: Believe, claim: str) -> None:
    without: Any = {claim: None}
    assert refusal(believe, token(**without)) == f"without {claim}"


def test_the_public_key_is_no_secret(believe: Believe) -> None:
    """HS256 with the public key as its secret: the classic confusion of algorithms."""
    unsigned = forged({"alg": "HS256", "kid": "first"}, claims()).rpartition(".")[0]
    signature = hmac.digest(public_pem(), unsigned.encode(), hashlib.sha256)
    text = forged({"alg": "HS256", "kid": "first"}, claims(), signature)
    assert refusal(believe, text) == "wrong algorithm"


def test_a_changed_claim_breaks_the_signature(believe: Believe) -> None:
    head, _, signature = token().split(".")
    _, body, _ = token(groups=[GROUPS["admin"]]).split(".")
    assert refusal(believe, f"{head}.{body}.{signature}") == "wrong signature"


def test_a_short_key_is_not_trusted(provider: Provider) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
    kind = jwt.get_algorithm_by_name("RS256")
    key = {**kind.to_jwk(weak.public_key(), as_dict=True), "kid": "weak"}
    provider.body = json.dumps({"keys": [key]}).encode()
    by = AssertionBackend(assertion(provider.url, algorithms=("RS256",)), GRANTS)
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        text = jwt.encode(claims(), weak, algorithm="RS256", headers={"kid": "weak"})
    request: Any = RequestFactory().get("/", headers={HEADER: text})
    with pytest.raises(Refused, match="unreadable"):
        by(request)


def test_clocks_may_differ_by_half_a_minute(believe: Believe) -> None:
    now = int(time.time())
    times: list[Any] = [{"iat": now - 300, "exp": now - 15}, {"iat": now + 15}, {"nbf": now + 15}]
    for said in times:
        assert believe(token(**said)).role


def test_a_whole_day_is_not_too_long(believe: Believe) -> None:
    assert believe(token(exp=NOW + 24 * 3600, iat=NOW)).role


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": None}, "vera@example.com"),
        ({"name": None, "preferred_username": "vera"}, "vera"),
        ({"name": None, "email": None}, "u-1"),
        ({"name": ["x"], "email": {"a": 1}}, "u-1"),
        ({"name": "Vera\u202e\x00 Lind\n"}, "Vera Lind"),
        ({"name": "x" * 5000}, "x" * 200),
    ],
)
def test_a_name_is_only_to_be_read(believe: Believe, said: dict[str, Any], name: str) -> None:
    assert believe(token(**said)).name == name


@pytest.mark.parametrize("status", [500, 404, 302, 200])
def test_without_any_key_nobody_is_refused_nor_believed(provider: Provider, status: int) -> None:
    provider.status, provider.body = status, b"<html>"
    by = AssertionBackend(assertion(provider.url), GRANTS)
    request: Any = RequestFactory().get("/", headers={HEADER: token()})
    with pytest.raises(KeysUnavailable):
        by(request)


def test_keys_in_a_file_need_no_network(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks("first")))
    by = AssertionBackend(assertion(str(file)), GRANTS)
    request: Any = RequestFactory().get("/", headers={HEADER: token()})
    assert by(request).role is Role.VIEWER
