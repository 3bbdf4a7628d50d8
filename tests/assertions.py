"""A sign-on of the tests' own: keys made once a run, tokens by them, and their JWKS by file or over HTTP."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dashboard.auth.config import AssertionConfig, AuthConfig, Grants

HEADER: Final = "X-SSO-Assertion"
ISSUER: Final = "https://sso.example.com"
AUDIENCE: Final = "vault-dashboard"
GROUPS: Final = {"viewer": "vault-viewers", "operator": "vault-operators", "admin": "vault-admins"}
GRANTS: Final = Grants(*(frozenset({GROUPS[role]}) for role in ("viewer", "operator", "admin")))

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def private_key(kid: str = "first", algorithm: str = "ES256") -> PrivateKey:
    """The key that this run's sign-on keeps under an id."""
    return _made(kid, algorithm)


@cache
def _made(kid: str, algorithm: str) -> PrivateKey:
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(kid: str = "first", algorithm: str = "ES256") -> bytes:
    return (
        private_key(kid, algorithm).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


def jwks(*kids: str, algorithm: str = "ES256") -> dict[str, Any]:
    """The public halves of these keys, as providers publish them."""
    kind = jwt.get_algorithm_by_name(algorithm)
    return {
        "keys": [
            {
                **kind.to_jwk(private_key(kid, algorithm).public_key(), as_dict=True),
                "kid": kid,
                "use": "sig",
                "alg": algorithm,
            }
            for kid in kids
        ]
    }


def claims(**changes: Any) -> dict[str, Any]:
    """What an assertion says, with `changes`; None leaves a claim out."""
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u-1",
        "iat": now,
        "exp": now + 12 * 3600,
        "name": "Vera Lind",
        "email": "vera@example.com",
        "groups": [GROUPS["viewer"]],
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def token(
    *,
    kid: str | None = "first",
    algorithm: str = "ES256",
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """An assertion, signed by the key under `kid`."""
    key = private_key(kid or "first", algorithm)
    named = {"kid": kid} if kid else {}
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={**named, **(header or {})})


def forged(header: dict[str, Any], body: dict[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand, for what no library signs."""
    parts = json.dumps(header).encode(), json.dumps(body).encode(), signature
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def assertion(keys: str, **changes: Any) -> AssertionConfig:
    """The settings of this sign-on, with its keys at an address or in a file."""
    usual: dict[str, Any] = {
        "header": HEADER,
        "issuer": ISSUER,
        "audience": (AUDIENCE,),
        "algorithms": ("ES256",),
    }
    return AssertionConfig(keys=keys, **{**usual, **changes})


def sign_on_with(folder: Path, **changes: Any) -> AuthConfig:
    """The sign-on of page tests: its keys lie in a file."""
    file = folder / "jwks.json"
    file.write_text(json.dumps(jwks("first")))
    return AuthConfig(assertion(str(file)), GRANTS, **changes)


class Provider:
    """A provider's address for keys: answers with `body` and counts who asked for what."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.body: bytes | dict[str, bytes] = b""
        self.status = 200
        self.location = ""
        self.wait = threading.Event()
        self.wait.set()
        self.asked: list[str] = []

    def publish(self, *kids: str, algorithm: str = "ES256") -> None:
        self.body = json.dumps(jwks(*kids, algorithm=algorithm)).encode()


@contextmanager
def a_provider() -> Iterator[Provider]:
    """A provider on loopback, over real HTTP, for as long as the block lasts."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            provider.wait.wait(10)
            body = provider.body.get(self.path, b"") if isinstance(provider.body, dict) else provider.body
            self.send_response(provider.status if body else 404)
            if provider.location:
                self.send_header("Location", provider.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        provider = Provider(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            provider.wait.set()
            server.shutdown()
            thread.join()
