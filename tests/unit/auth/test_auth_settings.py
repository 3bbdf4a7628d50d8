"""The settings of the sign-on: what each mode needs, what each preset knows, and a sentence for all else."""

from __future__ import annotations

import json
import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from environs import FileAwareEnv

from dashboard.auth.config import AssertionConfig, AuthConfig, Grants, HeaderConfig
from dashboard.auth.settings import read_auth_config
from dashboard.identity import Role
from tests.assertions import jwks
from tests.unit.auth.examples import ALB, ARN, CLOUDFLARE, HEADER, IDTOKEN, SECRET, WRONG_SIGN_INS


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is read from these variables and no others of the sign-on."""

    def reading(settings: dict[str, str], **changes: str) -> tuple[AuthConfig, list[str]]:
        for name in [name for name in os.environ if name.startswith("DASHBOARD_")]:
            monkeypatch.delenv(name)
        for name, value in {**settings, **changes}.items():
            monkeypatch.setenv(name, value)
        return read_auth_config(FileAwareEnv(eager=False, strip_whitespace=True))

    return reading


def by(reading: Any, settings: dict[str, str], **changes: str) -> Any:
    sign_on, wrong = reading(settings, **changes)
    assert wrong == []
    return sign_on.by


def test_a_demo_needs_nothing(reading: Any) -> None:
    sign_on, wrong = reading({"DASHBOARD_AUTH": "demo"})
    assert (wrong, sign_on, sign_on.mode) == ([], AuthConfig(), "demo")


def test_an_id_token(reading: Any) -> None:
    assert by(reading, IDTOKEN) == AssertionConfig(
        "Authorization",
        "https://sso.example.com/jwks",
        "https://sso.example.com",
        ("vault",),
        ("RS256", "ES256"),
        "groups",
    )


@pytest.mark.parametrize(
    ("settings", "header", "keys", "claim", "algorithms"),
    [
        (
            {
                **IDTOKEN,
                "DASHBOARD_AUTH_PRESET": "iap",
                "DASHBOARD_AUTH_JWKS": "",
                "DASHBOARD_AUTH_ISSUER": "",
            },
            "X-Goog-IAP-JWT-Assertion",
            "https://www.gstatic.com/iap/verify/public_key-jwk",
            "google.access_levels",
            ("ES256",),
        ),
        (
            CLOUDFLARE,
            "Cf-Access-Jwt-Assertion",
            "https://acme.cloudflareaccess.com/cdn-cgi/access/certs",
            "custom.groups",
            ("RS256",),
        ),
        (
            {**CLOUDFLARE, "DASHBOARD_AUTH_PRESET": "pomerium", "DASHBOARD_AUTH_ISSUER": "vault.example.com"},
            "X-Pomerium-Jwt-Assertion",
            "https://vault.example.com/.well-known/pomerium/jwks.json",
            "groups",
            ("ES256",),
        ),
        (
            {
                **CLOUDFLARE,
                "DASHBOARD_AUTH_PRESET": "pomerium",
                "DASHBOARD_AUTH_ISSUER": "https://v.example/",
            },
            "X-Pomerium-Jwt-Assertion",
            "https://v.example/.well-known/pomerium/jwks.json",
            "groups",
            ("ES256",),
        ),
        (
            ALB,
            "X-Amzn-Oidc-Data",
            "https://public-keys.auth.elb.eu-west-1.amazonaws.com",
            "groups",
            ("ES256",),
        ),
    ],
)
def test_a_preset_knows_what_is_fixed(
    reading: Any, settings: dict[str, str], header: str, keys: str, claim: str, algorithms: tuple[str, ...]
) -> None:
    found = by(reading, settings)
    assert (found.header, found.keys, found.groups_claim, found.algorithms) == (
        header,
        keys,
        claim,
        algorithms,
    )


def test_each_of_a_presets_can_be_set_otherwise(reading: Any) -> None:
    found = by(
        reading,
        CLOUDFLARE,
        DASHBOARD_AUTH_HEADER="X-SSO-Assertion",
        DASHBOARD_AUTH_JWKS="http://127.0.0.1:9/jwks",
        DASHBOARD_AUTH_ALGORITHMS="ES256",
        DASHBOARD_AUTH_GROUPS_CLAIM="https://acme.example/groups",
        DASHBOARD_AUTH_AUDIENCE="one, two",
    )
    assert found == AssertionConfig(
        "X-SSO-Assertion",
        "http://127.0.0.1:9/jwks",
        "https://acme.cloudflareaccess.com",
        ("one", "two"),
        ("ES256",),
        "https://acme.example/groups",
    )


def test_without_a_preset_everything_is_said(reading: Any) -> None:
    plain = {**IDTOKEN, "DASHBOARD_AUTH_PRESET": "", "DASHBOARD_AUTH_HEADER": "X-SSO-Assertion"}
    assert by(reading, plain).header == "X-SSO-Assertion"


@pytest.mark.parametrize("preset", ["idtoken", ""])
def test_how_and_when_people_sign_in_may_be_asked_for(reading: Any, preset: str) -> None:
    settings = {**IDTOKEN, "DASHBOARD_AUTH_PRESET": preset, "DASHBOARD_AUTH_HEADER": "X-SSO-Assertion"}
    usual = by(reading, settings)
    assert (usual.acr, usual.amr, usual.max_age) == ((), (), 0)
    names = ("DASHBOARD_AUTH_ACR", "DASHBOARD_AUTH_AMR", "DASHBOARD_AUTH_MAX_AGE")
    found = by(reading, settings, **dict(zip(names, ("phrh, urn:a:b", "mfa,mfa", "60"), strict=True)))
    assert (found.acr, found.amr, found.max_age) == (("phrh", "urn:a:b"), ("mfa", "mfa"), 60)
    assert by(reading, settings, DASHBOARD_AUTH_MAX_AGE="0").max_age == 0


def test_keys_may_lie_in_a_file(reading: Any, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks("first")))
    assert by(reading, IDTOKEN, DASHBOARD_AUTH_JWKS=str(file)).keys == str(file)


def test_headers(reading: Any) -> None:
    found = by(reading, HEADER)
    assert found == HeaderConfig((ip_network("10.0.0.5/32"), ip_network("2001:db8::/64")), (SECRET,))
    other = by(
        reading,
        HEADER,
        DASHBOARD_TRUSTED_PEERS="",
        DASHBOARD_AUTH_SECRET=f"{SECRET}\n{SECRET}-2",
        DASHBOARD_AUTH_SECRET_HEADER="X-A",
        DASHBOARD_AUTH_USER_HEADER="X-B",
        DASHBOARD_AUTH_EMAIL_HEADER="X-C",
        DASHBOARD_AUTH_GROUPS_HEADER="X-D",
        DASHBOARD_AUTH_GROUPS_SEPARATOR="|",
    )
    assert other == HeaderConfig((), (SECRET, f"{SECRET}-2"), "X-A", "X-B", "X-C", "X-D", "|")


def test_the_secret_may_stand_in_a_file(reading: Any, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert by(reading, HEADER, DASHBOARD_AUTH_SECRET="", DASHBOARD_AUTH_SECRET_FILE=str(file)).secrets == (
        SECRET,
    )


def test_groups_by_commas_or_as_json(reading: Any) -> None:
    sign_on, wrong = reading(
        HEADER,
        DASHBOARD_VIEWER_GROUPS=" staff , Vertrieb Süd",
        DASHBOARD_OPERATOR_GROUPS='["cn=ops,ou=groups,dc=example", "b"]',
        DASHBOARD_ADMIN_GROUPS="Staff",
        DASHBOARD_SIGN_OUT_URL="/oauth2/sign_out?rd=/",
        DASHBOARD_CONTACT="it@example.com, extension 12",
    )
    assert wrong == []
    assert sign_on.grants.viewer == {"staff", "Vertrieb Süd"}
    assert sign_on.grants.operator == {"cn=ops,ou=groups,dc=example", "b"}
    assert sign_on.grants.find_role(["Staff", "staff"]) == (Role.ADMIN, ("Staff",))
    assert (sign_on.sign_out_url, sign_on.contact) == (
        "/oauth2/sign_out?rd=/",
        "it@example.com, extension 12",
    )


def test_of_several_groups_those_that_gave_the_role_are_named() -> None:
    grants = Grants(frozenset("a"), frozenset("bc"), frozenset())
    assert grants.find_role(["a", "c", "b"]) == (Role.OPERATOR, ("c", "b"))
    assert grants.find_role([]) == (None, ())


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({}, "DASHBOARD_AUTH", ""),
    *(
        (settings, name, "")
        for settings, names in (
            (IDTOKEN, ("JWKS", "ISSUER", "AUDIENCE")),
            (CLOUDFLARE, ("ISSUER", "AUDIENCE")),
            (ALB, ("ISSUER", "SIGNER")),
            (HEADER, ("SECRET",)),
        )
        for name in (f"DASHBOARD_AUTH_{one}" for one in names)
    ),
    ({**IDTOKEN, "DASHBOARD_AUTH_PRESET": ""}, "DASHBOARD_AUTH_HEADER", ""),
    (IDTOKEN, "DASHBOARD_ADMIN_GROUPS", ""),
    (HEADER, "DASHBOARD_VIEWER_GROUPS", ""),
    (IDTOKEN, "DASHBOARD_AUTH_PRESET", "canary-proxy"),
    (IDTOKEN, "DASHBOARD_AUTH_HEADER", "X_SSO_Assertion"),
    (IDTOKEN, "DASHBOARD_AUTH_HEADER", "X SSO"),
    (IDTOKEN, "DASHBOARD_AUTH_ALGORITHMS", "HS256"),
    (IDTOKEN, "DASHBOARD_AUTH_ALGORITHMS", "RS256,none"),
    (IDTOKEN, "DASHBOARD_AUTH_ALGORITHMS", "RS512"),
    (IDTOKEN, "DASHBOARD_AUTH_JWKS", "http://sso.example.com/jwks"),
    (IDTOKEN, "DASHBOARD_AUTH_JWKS", "file:///etc/passwd"),
    (IDTOKEN, "DASHBOARD_AUTH_JWKS", "https://user:canary@sso.example.com/jwks"),
    (IDTOKEN, "DASHBOARD_AUTH_JWKS", "/nowhere/jwks.json"),
    (IDTOKEN, "DASHBOARD_AUTH_JWKS", "manage.py"),
    (IDTOKEN, "DASHBOARD_AUTH_JWKS", str(Path(__file__).resolve())),
    (IDTOKEN, "DASHBOARD_AUTH_ISSUER", "two words"),
    (IDTOKEN, "DASHBOARD_AUTH_AUDIENCE", "one,,two"),
    (IDTOKEN, "DASHBOARD_AUTH_SIGNER", ARN),
    (IDTOKEN, "DASHBOARD_AUTH_SECRET", SECRET),
    (IDTOKEN, "DASHBOARD_TRUSTED_PEERS", "10.0.0.0/8"),
    (ALB, "DASHBOARD_AUTH_SIGNER", ARN[:40]),
    (ALB, "DASHBOARD_AUTH_SIGNER", ARN.replace("/app/", "/net/")),
    (ALB, "DASHBOARD_AUTH_AUDIENCE", "vault"),
    ({**ALB, "DASHBOARD_AUTH_SIGNER": ARN.replace("aws:", "aws-us-gov:")}, "DASHBOARD_AUTH_JWKS", ""),
    (ALB, "DASHBOARD_AUTH_JWKS", str(Path(__file__).resolve())),
    *WRONG_SIGN_INS,
    (HEADER, "DASHBOARD_AUTH_SECRET", SECRET[:31]),
    (HEADER, "DASHBOARD_AUTH_SECRET", f"{SECRET},canary"),
    (HEADER, "DASHBOARD_AUTH_SECRET", f"{SECRET}1,{SECRET}2,{SECRET}3"),
    (HEADER, "DASHBOARD_AUTH_SECRET", "canary-ü" * 10),
    (HEADER, "DASHBOARD_TRUSTED_PEERS", "10.0.0.5/8"),
    (HEADER, "DASHBOARD_TRUSTED_PEERS", "proxy.example.com"),
    (HEADER, "DASHBOARD_TRUSTED_PEERS", "*"),
    (HEADER, "DASHBOARD_TRUSTED_PEERS", "10.0.0.5/32, 0.0.0.0/0"),
    (IDTOKEN, "DASHBOARD_PROXIES", "::/0"),
    (HEADER, "DASHBOARD_AUTH_SECRET", "a" * 40),
    (HEADER, "DASHBOARD_AUTH_SECRET", f"{SECRET},{'ab' * 20}"),
    (HEADER, "DASHBOARD_ADMIN_GROUPS", "vault-admins, staff"),
    (HEADER, "DASHBOARD_ADMIN_GROUPS", "vault-admins,,staff"),
    (HEADER, "DASHBOARD_ADMIN_GROUPS", '["vault\\u0007admins"]'),
    (HEADER, "DASHBOARD_CONTACT", "it@example.com\tor 12"),
    (HEADER, "DASHBOARD_CONTACT", "x" * 301),
    (HEADER, "DASHBOARD_OPERATOR_GROUPS", '["staff"]'),
    (HEADER, "DASHBOARD_AUTH_JWKS", "https://sso.example.com/jwks"),
    (HEADER, "DASHBOARD_AUTH_PRESET", "iap"),
    (HEADER, "DASHBOARD_AUTH_EMAIL_HEADER", "x-forwarded-user"),
    (HEADER, "DASHBOARD_AUTH_USER_HEADER", "X:User"),
    (HEADER, "DASHBOARD_VIEWER_GROUPS", "a,,b"),
    (HEADER, "DASHBOARD_VIEWER_GROUPS", '["a", 7]'),
    (HEADER, "DASHBOARD_VIEWER_GROUPS", '["a"'),
    (HEADER, "DASHBOARD_VIEWER_GROUPS", '["a", ""]'),
    (HEADER, "DASHBOARD_SIGN_OUT_URL", "http://sso.example.com/out"),
    (HEADER, "DASHBOARD_SIGN_OUT_URL", "//sso.example.com/out"),
    (HEADER, "DASHBOARD_SIGN_OUT_URL", "/\\evil.example"),
    (HEADER, "DASHBOARD_SIGN_OUT_URL", "javascript:alert(1)"),
    (HEADER, "DASHBOARD_SIGN_OUT_URL", 'https://sso.example.com/"out'),
    (HEADER, "DASHBOARD_CONTACT", "a\nb"),
]


@pytest.mark.parametrize(("settings", "name", "value"), WRONG)
def test_a_wrong_setting_is_a_sentence_that_names_it(
    reading: Any, settings: dict[str, str], name: str, value: str
) -> None:
    _, wrong = reading(settings, **{name: value})
    assert any(name in sentence for sentence in wrong), wrong
    for sentence in wrong:
        assert sentence.endswith(".")
        assert "canary" not in sentence
        assert "_" not in re.sub(r"[A-Z_]{6,}|token_urlsafe", "", sentence), "a name of the code"


def test_all_that_is_wrong_is_said_at_once(reading: Any) -> None:
    _, wrong = reading(
        HEADER, DASHBOARD_AUTH_SECRET="", DASHBOARD_TRUSTED_PEERS="x", DASHBOARD_CONTACT="\x07"
    )
    assert len(wrong) == 3
