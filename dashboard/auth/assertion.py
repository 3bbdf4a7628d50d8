"""Identity by assertion: a JWT that the proxy signs. In doubt nobody is let in; no smaller role is given."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import jwt

from dashboard.identity import TOO_LONG_AGO, Person, Refused, SignInNotEnough
from dashboard.request import Request

from .claims import TOO_LONG_REASON, check_subject, clean_name, filter_groups
from .config import AssertionConfig, Grants
from .jwks import KeyFile, Keyring, make_balancer_keyring, make_jwks_keyring
from .repeated_headers import refuse_repeated

MAX_TOKEN_LENGTH: Final = 32 * 1024
"""Characters: 200 groups of 100 letters, as from Entra ID. `dashboard.server` has to let it pass, too."""
MAX_LIFETIME_SECONDS: Final = 24 * 60 * 60
LEEWAY_SECONDS: Final = 30

_BALANCER_KEY_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""It becomes part of an address before anything is checked, so it is this and nothing else."""
_REASONS: Final = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.ImmatureSignatureError, "not yet valid"),
    (jwt.InvalidAudienceError, "wrong audience"),
    (jwt.InvalidIssuerError, "wrong issuer"),
    (jwt.InvalidAlgorithmError, "wrong algorithm"),
    (jwt.InvalidSignatureError, "wrong signature"),
)

Claims = Mapping[str, Any]


class AssertionBackend:
    """Identifies a person by the assertion of a request. Raises Refused and KeysUnavailable."""

    def __init__(self, by: AssertionConfig, grants: Grants, keyring: Keyring | None = None) -> None:
        self.by, self.grants = by, grants
        self.keyring = keyring or make_keyring(by)

    def start(self) -> None:
        """Have the keys fetched ahead of the first request, which need not wait for them then."""
        self.keyring.start()

    def __call__(self, request: Request) -> Person:
        refuse_repeated(request.META, self.by.names)
        token = parse_token(request.headers.get(self.by.header, ""), self.by.header)
        check = verify_balancer_token if self.by.signer else verify_token
        claims = check(token, self.by, self.keyring)
        check_sign_in(claims, self.by)
        subject, email = check_subject(claims["sub"]), clean_name(claims.get("email"))
        groups = find_groups(claims, self.by.groups_claim)
        role, matched = self.grants.find_role(groups)
        return Person(
            name=clean_name(claims.get("name"))
            or clean_name(claims.get("preferred_username"))
            or email
            or subject,
            email=email,
            role=role,
            issuer=claims["iss"],
            subject=subject,
            groups=groups,
            matched=matched,
            mode="assertion",
            signed_in_at=datetime.fromtimestamp(claims["iat"], UTC) if "iat" in claims else None,
        )


def make_keyring(by: AssertionConfig) -> Keyring:
    """Return the keyring for the configured source of keys."""
    if by.signer:
        return make_balancer_keyring(by.keys)
    if "://" in by.keys:
        return make_jwks_keyring(by.keys, by.algorithms)
    return KeyFile(Path(by.keys), by.algorithms)


def parse_token(text: str, header: str) -> str:
    """Return the token of a header. Raises Refused if there is none or more than one."""
    if not text:
        raise Refused("missing")
    if len(text) > MAX_TOKEN_LENGTH:
        raise Refused(TOO_LONG_REASON)
    if "," in text:  # how servers join a header that was sent twice
        raise Refused("sent twice")
    if header.lower() != "authorization":
        return text
    scheme, _, token = text.partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("missing")
    return token


def verify_token(token: str, by: AssertionConfig, keyring: Keyring) -> Claims:
    """Return the claims of a JWT with valid signature, issuer, audience and times. Raises Refused."""
    with _refusing():
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in by.algorithms:  # before a made-up key id makes anyone ask for keys
            raise jwt.InvalidAlgorithmError
        kid = header.get("kid", "")
        try:
            claims = _decode(token, header, by, keyring.find_keys(kid))
        except jwt.InvalidSignatureError:
            if not (newer := keyring.find_newer_keys(kid)):
                raise
            claims = _decode(token, header, by, newer)
    if _check_timestamp(claims["exp"]) - _check_timestamp(claims["iat"]) > MAX_LIFETIME_SECONDS:
        raise Refused("lives too long")
    return claims


def _decode(token: str, header: Mapping[str, Any], by: AssertionConfig, keys: Iterable[Any]) -> Claims:
    """Return the claims by the first of `keys` that signed the token. Raises PyJWT's error."""
    error: jwt.PyJWTError = jwt.InvalidAlgorithmError()
    for key in keys:
        if key.algorithm_name != header["alg"]:
            continue
        try:
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=by.algorithms,
                audience=by.audience,
                issuer=by.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "sub"], "enforce_minimum_key_length": True},
            )
        except jwt.InvalidSignatureError as wrong:
            error = wrong
        else:
            return claims
    raise error


def verify_balancer_token(token: str, by: AssertionConfig, keyring: Keyring) -> Claims:
    """Return the claims of an AWS load balancer's JWT. Raises Refused.

    It has no audience: the signer, one load balancer by its ARN, makes it ours.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    """
    with _refusing():
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in by.algorithms:
            raise jwt.InvalidAlgorithmError
        if header.get("signer") != by.signer:
            raise Refused("wrong signer")
        if not _BALANCER_KEY_ID.fullmatch(header.get("kid", "")):
            raise Refused("unknown key")
        claims: Claims = jwt.decode(
            token,
            keyring.find_keys(header["kid"])[0],
            algorithms=by.algorithms,
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub"], "verify_aud": False, "verify_iat": False},
        )
    ends = [_check_timestamp(part["exp"]) for part in (header, claims) if "exp" in part]
    issuers = {part["iss"] for part in (header, claims) if isinstance(part.get("iss"), str)}
    if not ends or not issuers:
        raise Refused("without exp" if issuers else "without iss")
    if issuers != {by.issuer}:
        raise Refused("wrong issuer")
    now = time.time()
    if min(ends) <= now - LEEWAY_SECONDS:
        raise Refused("expired")
    if max(ends) - now > MAX_LIFETIME_SECONDS:
        raise Refused("lives too long")
    return {**{name: value for name, value in claims.items() if name != "iat"}, "iss": by.issuer}


def check_sign_in(claims: Claims, by: AssertionConfig) -> None:
    """Raise SignInNotEnough unless the person signed in by the methods, and as lately, as `by` asks for.

    A claim that is missing, or not of the type that OpenID Connect gives it, is a refusal.
    """
    if by.acr and claims.get("acr") not in by.acr:
        raise SignInNotEnough("without acr" if claims.get("acr") is None else "wrong acr")
    if by.amr:
        used = claims.get("amr")
        if not isinstance(used, list) or not all(isinstance(method, str) for method in used):
            raise SignInNotEnough("without amr" if used is None else "amr in a shape of its own")
        if missing := [method for method in by.amr if method not in used]:
            raise SignInNotEnough(f"amr without {', '.join(missing)}")
    if by.max_age:
        at = claims.get("auth_time")
        try:
            age = time.time() - _check_timestamp(at)
        except Refused:
            raise SignInNotEnough("without auth_time" if at is None else "auth_time that is none") from None
        if not -LEEWAY_SECONDS <= age <= by.max_age + LEEWAY_SECONDS:
            raise SignInNotEnough(TOO_LONG_AGO if age > 0 else "auth_time to come")


def find_groups(claims: Claims, path: str) -> tuple[str, ...]:
    """Return the groups of the claim of this name, or else of this dotted path. Raises Refused."""
    found: Any = claims
    for name in [path] if path in claims else path.split("."):
        if not isinstance(found, Mapping):
            raise Refused("groups in a shape of their own")
        found = found.get(name)
        if found is None:
            return ()
    groups = [group for group in found if group is not None] if isinstance(found, list) else [found]
    if not all(isinstance(group, str) for group in groups):
        raise Refused("groups in a shape of their own")
    return filter_groups(groups)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn PyJWT's errors into Refused with a phrase of ours, which repeats nothing of the token."""
    try:
        yield
    except jwt.MissingRequiredClaimError as error:
        raise Refused(f"without {error.claim}") from None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        known = (phrase for kind, phrase in _REASONS if isinstance(error, kind))
        raise Refused(next(known, "unreadable")) from None


def _check_timestamp(value: object) -> float:
    """Return a time of JSON in seconds. PyJWT would also take a text or true; here they raise Refused."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e12:
        raise Refused("a time that is none")
    return float(value)
