"""Plain headers: believed from a trusted peer with the secret, and in no other form."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.test import RequestFactory

from dashboard.auth.claims import TOO_LONG_REASON
from dashboard.auth.config import HeaderConfig
from dashboard.auth.header import MAX_GROUPS_LENGTH, HeaderBackend
from dashboard.auth.repeated_headers import note_repeated
from dashboard.identity import Person, Refused, Role
from tests.assertions import GRANTS

SECRET = "canary-of-a-proxy-0123456789abcdef"
NEXT = "canary-of-the-next-0123456789abcdef"
PEERS = (ip_network("10.1.0.0/16"), ip_network("192.0.2.7/32"), ip_network("2001:db8::/64"))
GOOD = {
    "X-SSO-Secret": SECRET,
    "X-Forwarded-User": "u-1",
    "X-Forwarded-Email": "vera@example.com",
    "X-Forwarded-Groups": "staff, vault-operators",
}


def identify(headers: dict[str, str], peer: str = "10.1.2.3", **changes: Any) -> Person:
    by = HeaderConfig(**{"peers": PEERS, "secrets": (SECRET,), **changes})
    request: Any = RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers)
    return HeaderBackend(by, GRANTS)(request)


def refusal(headers: dict[str, str], **changes: Any) -> str:
    with pytest.raises(Refused) as refused:
        identify(headers, **changes)
    return refused.value.reason


def test_good_headers_are_a_person() -> None:
    person = identify(GOOD)
    assert (person.subject, person.email, person.role) == ("u-1", "vera@example.com", Role.OPERATOR)
    assert (person.groups, person.matched) == (("staff", "vault-operators"), ("vault-operators",))
    assert (person.issuer, person.mode, person.name) == ("header", "header", "vera@example.com")


@pytest.mark.parametrize("peer", ["10.1.255.1", "192.0.2.7", "2001:db8::9", "::ffff:10.1.2.3"])
def test_trusted_peers(peer: str) -> None:
    assert identify(GOOD, peer)


@pytest.mark.parametrize("peer", ["10.2.0.1", "192.0.2.8", "127.0.0.1", "2001:db8:1::1", "::1", "", "unix:"])
def test_anybody_else_is_not_believed(peer: str) -> None:
    assert refusal(GOOD, peer=peer) == "not from a trusted peer"


def test_an_empty_list_trusts_nobody() -> None:
    for peer in ("10.1.2.3", "127.0.0.1"):
        assert refusal(GOOD, peer=peer, peers=()) == "not from a trusted peer"


def test_an_address_that_a_header_claims_is_none() -> None:
    claimed = {**GOOD, "X-Forwarded-For": "10.1.2.3", "X-Real-IP": "10.1.2.3", "Forwarded": "for=10.1.2.3"}
    assert refusal(claimed, peer="203.0.113.9") == "not from a trusted peer"


@pytest.mark.parametrize(
    "secret",
    ["", SECRET[:-1], SECRET + "x", SECRET.upper(), f"{SECRET},{SECRET}", f"{SECRET} ", "ü" * 40, NEXT],
)
def test_the_secret_has_to_match(secret: str) -> None:
    assert refusal({**GOOD, "X-SSO-Secret": secret}) == "wrong secret"


def test_the_secret_has_to_be_there() -> None:
    without = {name: value for name, value in GOOD.items() if name != "X-SSO-Secret"}
    assert refusal(without) == "wrong secret"


@pytest.mark.parametrize("secret", [SECRET, NEXT])
def test_two_secrets_while_one_takes_over(secret: str) -> None:
    assert identify({**GOOD, "X-SSO-Secret": secret}, secrets=(SECRET, NEXT))


@pytest.mark.parametrize(
    ("header", "text", "reason"),
    [
        ("X-Forwarded-User", "", "an empty header"),
        ("X-Forwarded-User", " ", "an empty header"),
        ("X-Forwarded-User", "(null)", "an empty header"),
        ("X-Forwarded-User", "-", "an empty header"),
        ("X-Forwarded-User", "None", "an empty header"),
        ("X-Forwarded-User", "u-1,u-2", "a header with a comma, or sent twice"),
        ("X-Forwarded-User", "u-1,", "a header with a comma, or sent twice"),
        ("X-Forwarded-User", "u" * 201, "a header that cannot be kept"),
        ("X-Forwarded-User", "u\t1", "a header that cannot be kept"),
        ("X-Forwarded-User", "u\x00", "a header that cannot be kept"),
        ("X-Forwarded-User", "\xc2\x9b", "a header that cannot be kept"),
        ("X-Forwarded-User", "\xff", "a header that is not UTF-8"),
        ("X-Forwarded-User", "\u0416", "a header that is not UTF-8"),
        ("X-Forwarded-Email", "a@example.com,b@example.com", "a header with a comma, or sent twice"),
        ("X-Forwarded-Email", "x" * 201, "a header that cannot be kept"),
        ("X-Forwarded-Groups", "x" * (MAX_GROUPS_LENGTH + 1), TOO_LONG_REASON),
        ("X-Forwarded-Groups", "\xff", "a header that is not UTF-8"),
    ],
)
def test_what_a_header_may_not_hold(header: str, text: str, reason: str) -> None:
    assert refusal({**GOOD, header: text}) == reason


def test_without_a_user_there_is_nobody() -> None:
    assert refusal({name: text for name, text in GOOD.items() if name != "X-Forwarded-User"}) == "missing"


def test_an_email_and_groups_may_be_missing() -> None:
    person = identify({"X-SSO-Secret": SECRET, "X-Forwarded-User": "u-1"})
    assert (person.name, person.email, person.groups, person.role) == ("u-1", "", (), None)


@pytest.mark.parametrize("text", ["", " ", "-", "(null)", " (null) ", "null", "None", "NULL", "nil"])
def test_an_email_that_is_none_is_as_if_it_were_missing(text: str) -> None:
    person = identify({**GOOD, "X-Forwarded-Email": text})
    assert (person.name, person.email, person.role) == ("u-1", "", Role.OPERATOR)


def served(*headers: tuple[str, str]) -> Any:
    """A request as our server hands it on, headers sent twice joined by commas."""
    request: Any = RequestFactory(REMOTE_ADDR="10.1.2.3").get("/")
    sent = [(name.upper(), value) for name, value in [*GOOD.items(), *headers]]
    for name, value in note_repeated(sent, GOOD):
        key = f"HTTP_{name.replace('-', '_')}"
        request.META[key] = f"{request.META[key]},{value}" if key in request.META else value
    return request


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", "another"])
def test_what_the_server_saw_twice_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused, match=f"^{name} was sent twice$"):
        HeaderBackend(HeaderConfig(PEERS, (SECRET,)), GRANTS)(served((name.lower(), value)))


def test_another_header_may_come_twice() -> None:
    assert HeaderBackend(HeaderConfig(PEERS, (SECRET,)), GRANTS)(served(("Via", "a"), ("Via", "b"))).role


@pytest.mark.parametrize(
    ("text", "separator", "groups"),
    [
        ("vault-admins", ",", ("vault-admins",)),
        (" a ,, b ", ",", ("a", "b")),
        ("cn=a,ou=b|cn=c,ou=b", "|", ("cn=a,ou=b", "cn=c,ou=b")),
        ("Vertrieb S\xc3\xbcd", ",", ("Vertrieb Süd",)),
        ("a,b\x07,c", ",", ("a", "c")),
        ("(null)", ",", ()),
        ("staff,(null)", ",", ("staff", "(null)")),
        ("", ",", ()),
    ],
)
def test_groups_are_split_and_nothing_else(text: str, separator: str, groups: tuple[str, ...]) -> None:
    assert identify({**GOOD, "X-Forwarded-Groups": text}, separator=separator).groups == groups


def test_the_headers_may_have_other_names() -> None:
    sent = {"X-Key": SECRET, "Remote-User": "u-1", "X-Groups": "vault-admins", "X-Forwarded-User": "evil"}
    names = {"secret_header": "X-Key", "user_header": "Remote-User", "groups_header": "X-Groups"}
    person = identify(sent, **names)
    assert (person.subject, person.role) == ("u-1", Role.ADMIN)


def test_the_settings_do_not_print_the_secret() -> None:
    assert SECRET not in repr(HeaderConfig(PEERS, (SECRET,)))
