"""Identity by plain headers, from a peer that is trusted by its address and by a secret."""

from collections.abc import Collection, Iterable, Mapping
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from dashboard.identity import Person, Refused
from dashboard.request import Request

from .claims import MAX_PERSON_NAME_LENGTH, TOO_LONG_REASON, check_subject, clean_name, filter_groups
from .config import Grants, HeaderConfig, Network
from .repeated_headers import are_repeats_noted, refuse_repeated

ISSUER: Final = "header"
MAX_GROUPS_LENGTH: Final = 32 * 1024
"""Characters: as much as a token may have."""
_UNSET: Final = "(null)"
"""What Apache writes for a variable that is not set."""
_NOTHING: Final = ("", "-", _UNSET, "null", "none", "nil", "undefined")
"""What proxies write for a value that is not there, in small letters."""


class HeaderBackend:
    """Identifies a person by the headers of a request. Raises Refused."""

    def __init__(self, by: HeaderConfig, grants: Grants) -> None:
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
        may_have_comma = are_repeats_noted(request.META)
        subject = check_subject(parse_single_value(sent[by.user_header], may_have_comma=may_have_comma))
        email = sent.get(by.email_header, "")
        email = "" if is_nothing(email) else parse_single_value(email, may_have_comma=may_have_comma)
        groups = parse_groups(sent.get(by.groups_header, ""), by.separator)
        role, matched = self.grants.find_role(groups)
        return Person(
            name=clean_name(email or subject),
            email=clean_name(email),
            role=role,
            issuer=ISSUER,
            subject=subject,
            groups=groups,
            matched=matched,
            mode="header",
        )


def is_among(address: str, networks: Iterable[Network]) -> bool:
    """Return True if the address is in one of the networks. A Unix socket has no address."""
    try:
        peer = ip_address(address)
    except ValueError:  # a Unix socket has none
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
    return any((mapped or peer) in network for network in networks)


def find_client_address(meta: Mapping[str, Any], proxies: Collection[Network]) -> str:
    """Return the last address in X-Forwarded-For that is not one of `proxies`; without a proxy, the peer's.

    Each proxy appends where its request came from, so what a client wrote itself stands before that.
    """
    address = str(meta.get("REMOTE_ADDR", ""))
    for hop in reversed(str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        if not is_among(address, proxies):
            break
        try:
            address = str(ip_address(hop.strip().partition("%")[0]))  # a zone may be any text
        except ValueError:  # nobody said, or what was said is no address
            break
    return address


def is_one_of(given: str, secrets: Iterable[str]) -> bool:
    """Return True if `given` is one of the secrets, after comparing all of them in constant time."""
    return sum(compare_digest(given.encode(), secret.encode()) for secret in secrets) > 0


def is_nothing(text: str) -> bool:
    """Return True if a header says that there is no value."""
    return text.strip().lower() in _NOTHING


def parse_single_value(text: str, *, may_have_comma: bool = False) -> str:
    """Return a header's one value. Raises Refused if it is empty, too long, invisible or doubled."""
    text = decode_utf8(text)
    if is_nothing(text):
        raise Refused("an empty header")
    if "," in text and not may_have_comma:  # how servers join a header that was sent twice
        raise Refused("a header with a comma, or sent twice")
    if len(text) > MAX_PERSON_NAME_LENGTH or not text.isprintable():
        raise Refused("a header that cannot be kept")
    return text


def parse_groups(text: str, separator: str) -> tuple[str, ...]:
    """Return the groups in a header. Raises Refused if it is too long or not UTF-8."""
    if text.strip() == _UNSET:
        return ()
    if len(text) > MAX_GROUPS_LENGTH:
        raise Refused(TOO_LONG_REASON)
    return filter_groups(group for part in decode_utf8(text).split(separator) if (group := part.strip()))


def decode_utf8(text: str) -> str:
    """Return a header's text as UTF-8. WSGI decodes its bytes as Latin-1. Raises Refused."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        raise Refused("a header that is not UTF-8") from None
