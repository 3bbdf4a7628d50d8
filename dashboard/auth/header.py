"""Identity by plain headers: believed from a peer that is trusted by its address and by a secret."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from dashboard.identity import Person, Refused

from .claims import LONGEST_NAME, TOO_LONG, a_subject, nameable, shown
from .config import Grants, Headers, Network
from .repeated_headers import refuse_repeated, was_counted

if TYPE_CHECKING:
    from dashboard.request import Request

ISSUER: Final = "header"
LONGEST_GROUPS: Final = 32 * 1024
"""Characters: as much as a token may have."""
_UNSET: Final = "(null)"
"""What Apache writes for a variable that is not set."""
_NOTHING: Final = ("", "-", _UNSET, "null", "none", "nil", "undefined")
"""What proxies write for a value that is not there, in small letters."""


class ByHeaders:
    """The person whom a request's headers name. Raises Refused."""

    def __init__(self, by: Headers, grants: Grants) -> None:
        self.by, self.grants = by, grants

    def __call__(self, request: Request) -> Person:
        sent, by = request.headers, self.by
        refuse_repeated(request.META, by.names)
        if by.user_header not in sent:
            raise Refused("missing")
        if not is_among(request.META.get("REMOTE_ADDR", ""), by.peers):
            raise Refused("not from a trusted peer")
        if not is_one_of(sent.get(by.secret_header, ""), by.secrets):
            raise Refused("wrong secret")
        may_have_comma = was_counted(request.META)
        subject = a_subject(single(sent[by.user_header], may_have_comma=may_have_comma))
        email = sent.get(by.email_header, "")
        email = "" if is_nothing(email) else single(email, may_have_comma=may_have_comma)
        groups = groups_of(sent.get(by.groups_header, ""), by.separator)
        role, matched = self.grants.of(groups)
        return Person(
            name=shown(email or subject),
            email=shown(email),
            role=role,
            issuer=ISSUER,
            subject=subject,
            groups=groups,
            matched=matched,
            mode="header",
        )


def is_among(address: str, networks: Iterable[Network]) -> bool:
    """True when the peer's address lies in one of the networks; of no network, nobody's does."""
    try:
        peer = ip_address(address)
    except ValueError:  # a Unix socket has none
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
    return any((mapped or peer) in network for network in networks)


def is_one_of(given: str, secrets: Iterable[str]) -> bool:
    """Compared in constant time, with all of them whatever the first says."""
    return sum(compare_digest(given.encode(), secret.encode()) for secret in secrets) > 0


def is_nothing(text: str) -> bool:
    """Return whether a header says that there is no value."""
    return text.strip().lower() in _NOTHING


def single(text: str, *, may_have_comma: bool = False) -> str:
    """A header's one value; Refused when it is empty, perhaps sent twice, over-long or not to be seen."""
    text = utf8(text)
    if is_nothing(text):
        raise Refused("an empty header")
    if "," in text and not may_have_comma:  # how servers join a header that was sent twice
        raise Refused("a header with a comma, or sent twice")
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise Refused("a header that cannot be kept")
    return text


def groups_of(text: str, separator: str) -> tuple[str, ...]:
    if text.strip() == _UNSET:
        return ()
    if len(text) > LONGEST_GROUPS:
        raise Refused(TOO_LONG)
    return nameable(group for part in utf8(text).split(separator) if (group := part.strip()))


def utf8(text: str) -> str:
    """A header's text as it was meant: WSGI gives its bytes as Latin-1."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        raise Refused("a header that is not UTF-8") from None
