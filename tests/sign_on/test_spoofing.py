"""Assertions that the proxy did not make: sent through it, and past it to the dashboard's own port."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sign_on.keys import SigningKey
from tests.sign_on.loop import Loop
from tests.sign_on.visitor import Visitor, raw_get

LIST = "/c/studio-a/media/"
NAME = "X-SSO-Assertion"
FORMS: dict[str, list[str]] = {
    "as it is": [NAME],
    "in lower case": [NAME.lower()],
    "with underscores": [NAME.replace("-", "_")],
    "in both spellings": [NAME, NAME.replace("-", "_")],
    "twice": [NAME, NAME],
}


@pytest.mark.parametrize("names", FORMS.values(), ids=FORMS)
def test_through_the_proxy_only_its_own_word_counts(
    loop: Loop, visitor: Callable[[], Visitor], names: list[str]
) -> None:
    """Even a true assertion of somebody else, as one who stole it has."""
    stolen = loop.key.sign(loop.claims("ada"))
    browser = visitor()
    browser.open(LIST, "vera")
    status, page = raw_get(loop, LIST, [(name, stolen) for name in names], browser.cookies())
    assert status == 200
    assert 'aria-label="Vera Lind, viewer: account"' in page
    assert "Ada Brandt" not in page
    status, page = raw_get(loop, LIST, [(name, stolen) for name in names])
    assert status == 302
    assert "Ada Brandt" not in page


def test_the_dashboards_own_port_believes_what_the_provider_signed(loop: Loop) -> None:
    """Shows that the refusals below are for the reason that they name, and why the port stays closed."""
    status, page = at_the_port(loop, [(NAME, loop.key.sign(loop.claims("ada")))])
    assert status == 200
    assert 'aria-label="Ada Brandt, admin: account"' in page


FORGERIES: dict[str, Callable[[Loop], str]] = {
    "unsigned": lambda loop: join({"alg": "none", "typ": "JWT"}, loop.claims("ada"), b""),
    "signed by a stranger under our key's id": lambda loop: SigningKey(loop.key.kid).sign(loop.claims("ada")),
    "signed by a stranger": lambda loop: SigningKey().sign(loop.claims("ada")),
    "HS256 with the public key as its secret": lambda loop: with_public_key_as_secret(loop),
    "cut": lambda loop: loop.key.sign(loop.claims("ada"))[:-1],
    "changed": lambda loop: changed(loop),
    "expired": lambda loop: signed(loop, iat=now(-700), exp=now(-100)),
    "not yet valid": lambda loop: signed(loop, iat=now(100), exp=now(700)),
    "without an end": lambda loop: signed(loop, exp=None),
    "good for a year": lambda loop: signed(loop, exp=now(365 * 24 * 3600)),
    "for another application": lambda loop: signed(loop, aud="another-application"),
    "for nobody": lambda loop: signed(loop, aud=None),
    "from another issuer": lambda loop: signed(loop, iss="https://login.example.com"),
    "about nobody": lambda loop: signed(loop, sub=None),
    "no assertion": lambda loop: "ada",
    "empty": lambda loop: "",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_assertion_is_nobody(loop: Loop, forge: Callable[[Loop], str]) -> None:
    refused(*at_the_port(loop, [(NAME, forge(loop))]))


def test_an_assertion_longer_than_any_header_may_be_is_not_read(loop: Loop) -> None:
    status, page = at_the_port(loop, [(NAME, signed(loop, groups=["vault-admins"] + ["x" * 60] * 400))])
    assert status == 431
    assert "Ada" not in page


def test_no_assertion_is_nobody(loop: Loop) -> None:
    refused(*at_the_port(loop, []))


def test_a_name_with_underscores_is_no_assertion(loop: Loop) -> None:
    true = loop.key.sign(loop.claims("ada"))
    refused(*at_the_port(loop, [(NAME.replace("-", "_"), true)]))
    refused(*at_the_port(loop, [("X_SSO-Assertion", true)]))


def test_two_assertions_are_none(loop: Loop) -> None:
    vera, ada = (loop.key.sign(loop.claims(account)) for account in ("vera", "ada"))
    refused(*at_the_port(loop, [(NAME, vera), (NAME, ada)]))
    refused(*at_the_port(loop, [(NAME, ada), (NAME, ada)]))
    refused(*at_the_port(loop, [(NAME, f"{vera},{ada}")]))


def test_an_underscore_cannot_stand_in_for_a_true_one(loop: Loop) -> None:
    vera, ada = (loop.key.sign(loop.claims(account)) for account in ("vera", "ada"))
    for order in ([(NAME, vera), ("X_SSO_Assertion", ada)], [("X_SSO_Assertion", ada), (NAME, vera)]):
        status, page = at_the_port(loop, order)
        assert status == 200
        assert "Vera Lind, viewer" in page


def test_nobody_says_where_the_dashboard_begins(loop: Loop, visitor: Callable[[], Visitor]) -> None:
    """Else one who says so would write a prefix into links that are kept for everybody."""
    browser = visitor()
    browser.open(LIST, "vera")
    status, page = raw_get(loop, f"/elsewhere{LIST}", [("SCRIPT_NAME", "/elsewhere")], browser.cookies())
    assert status == 404
    assert "/elsewhere/c/" not in page


def at_the_port(loop: Loop, headers: list[tuple[str, str]]) -> tuple[int, str]:
    """What the dashboard answers to somebody on its own machine who goes around the proxy."""
    return raw_get(loop, LIST, [("X-Forwarded-Proto", "https"), *headers], at=loop.app_url)


def refused(status: int, page: str) -> None:
    assert status == 401, page
    assert "Ada" not in page
    assert "Studio A" not in page


def now(seconds: int) -> int:
    return int(time.time()) + seconds


def signed(loop: Loop, **changed: Any) -> str:
    return loop.key.sign(loop.claims("ada", **changed))


def changed(loop: Loop) -> str:
    """Vera's assertion, her groups made Ada's."""
    head, _, signature = loop.key.sign(loop.claims("vera")).split(".")
    return ".".join((head, encoded(loop.claims("vera", groups=["vault-admins"])), signature))


def with_public_key_as_secret(loop: Loop) -> str:
    public = loop.key.private.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": loop.key.kid}
    text = f"{encoded(head)}.{encoded(loop.claims('ada'))}"
    return join(head, loop.claims("ada"), hmac.digest(secret, text.encode(), hashlib.sha256))


def join(head: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    return f"{encoded(head)}.{encoded(claims)}.{base64(signature)}"


def encoded(part: dict[str, Any]) -> str:
    return base64(json.dumps(part).encode())


def base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
