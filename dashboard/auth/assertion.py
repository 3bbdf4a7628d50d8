"""Identity by assertion: a JWT that the proxy signs. Any doubt is Refused, never a smaller role."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jwt

from dashboard.identity import Person, Refused

from .claims import TOO_LONG, a_subject, nameable, shown
from .config import Assertion, Grants
from .jwks import KeyFile, Keyring, balancer_keys, keys_at
from .repeated_headers import refuse_repeated

if TYPE_CHECKING:
    from dashboard.request import Request

LONGEST_TOKEN: Final = 32 * 1024
"""Characters: 200 groups, which is what Entra ID puts into a token, by names of 100 letters. A header of that
length has to pass gunicorn too, see MAX_HEADER_BYTES of `dashboard.server`."""
LONGEST_LIFE: Final = 24 * 60 * 60
LEEWAY: Final = 30

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


class ByAssertion:
    """The person whom a request's assertion names.

    Raises:
        Refused: there is no assertion, or it is not believed.
        KeysUnavailable: it could not be checked.
    """

    def __init__(self, by: Assertion, grants: Grants, keyring: Keyring | None = None) -> None:
        self.by, self.grants = by, grants
        self.keyring = keyring or keyring_of(by)

    def __call__(self, request: Request) -> Person:
        refuse_repeated(request.META, self.by.names)
        token = token_in(request.headers.get(self.by.header, ""), self.by.header)
        check = check_balancer if self.by.signer else check_token
        claims = check(token, self.by, self.keyring)
        subject, email = a_subject(claims["sub"]), shown(claims.get("email"))
        groups = groups_in(claims, self.by.groups_claim)
        role, matched = self.grants.of(groups)
        return Person(
            name=shown(claims.get("name")) or shown(claims.get("preferred_username")) or email or subject,
            email=email,
            role=role,
            issuer=claims["iss"],
            subject=subject,
            groups=groups,
            matched=matched,
            mode="assertion",
            signed_in_at=datetime.fromtimestamp(claims["iat"], UTC) if "iat" in claims else None,
        )


def keyring_of(by: Assertion) -> Keyring:
    if by.signer:
        return balancer_keys(by.keys)
    return keys_at(by.keys, by.algorithms) if "://" in by.keys else KeyFile(Path(by.keys), by.algorithms)


def token_in(text: str, header: str) -> str:
    """The token in a header's text; Refused where there is none or more than one."""
    if not text:
        raise Refused("missing")
    if len(text) > LONGEST_TOKEN:
        raise Refused(TOO_LONG)
    if "," in text:  # how servers join a header that was sent twice
        raise Refused("sent twice")
    if header.lower() != "authorization":
        return text
    scheme, _, token = text.partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("missing")
    return token


def check_token(token: str, by: Assertion, keyring: Keyring) -> Claims:
    """The claims of a JWT whose signature, issuer, audience and times all hold."""
    with _refusing():
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in by.algorithms:  # before a made-up key id makes anyone ask for keys
            raise jwt.InvalidAlgorithmError
        kid = header.get("kid", "")
        try:
            claims = _decode(token, header, by, keyring.candidates(kid))
        except jwt.InvalidSignatureError:
            if not (newer := keyring.newer(kid)):
                raise
            claims = _decode(token, header, by, newer)
    if _moment(claims["exp"]) - _moment(claims["iat"]) > LONGEST_LIFE:
        raise Refused("lives too long")
    return claims


def _decode(token: str, header: Mapping[str, Any], by: Assertion, keys: Iterable[Any]) -> Claims:
    """Return the claims by the first of `keys` that signed the token; raises what PyJWT says of the last."""
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
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "aud", "iss", "sub"], "enforce_minimum_key_length": True},
            )
        except jwt.InvalidSignatureError as wrong:
            error = wrong
        else:
            return claims
    raise error


def check_balancer(token: str, by: Assertion, keyring: Keyring) -> Claims:
    """The claims of an AWS load balancer's own kind of JWT: it says in the header who signed and until when.

    It names no audience, so that it is the signer, one load balancer by its ARN, that makes it ours.
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
            keyring.candidates(header["kid"])[0],
            algorithms=by.algorithms,
            leeway=LEEWAY,
            options={"require": ["sub"], "verify_aud": False, "verify_iat": False},
        )
    ends = [_moment(part["exp"]) for part in (header, claims) if "exp" in part]
    issuers = {part["iss"] for part in (header, claims) if isinstance(part.get("iss"), str)}
    if not ends or not issuers:
        raise Refused("without exp" if issuers else "without iss")
    if issuers != {by.issuer}:
        raise Refused("wrong issuer")
    now = time.time()
    if min(ends) <= now - LEEWAY:
        raise Refused("expired")
    if max(ends) - now > LONGEST_LIFE:
        raise Refused("lives too long")
    return {**{name: value for name, value in claims.items() if name != "iat"}, "iss": by.issuer}


def groups_in(claims: Claims, path: str) -> tuple[str, ...]:
    """Return the groups under a claim of this very name, or else under a dotted path; none where there is
    nothing, or null. A null among groups names none."""
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
    return nameable(groups)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turns what PyJWT says into a phrase of ours, which repeats nothing of the token."""
    try:
        yield
    except jwt.MissingRequiredClaimError as error:
        raise Refused(f"without {error.claim}") from None
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        known = (phrase for kind, phrase in _REASONS if isinstance(error, kind))
        raise Refused(next(known, "unreadable")) from None


def _moment(value: object) -> float:
    """A time as JSON's number; what PyJWT would also take (a text, true) is refused."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e12:
        raise Refused("a time that is none")
    return float(value)
