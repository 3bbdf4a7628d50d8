"""How people sign in: what the settings say of it, as one typed object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from dashboard.identity import Role

Network = IPv4Network | IPv6Network
LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.1/32"), IPv6Network("::1/128"))


@dataclass(frozen=True, slots=True)
class Grants:
    """The groups that give each role, letter by letter as the sign-on writes them."""

    viewer: frozenset[str] = frozenset()
    operator: frozenset[str] = frozenset()
    admin: frozenset[str] = frozenset()

    def of(self, groups: Collection[str]) -> tuple[Role | None, tuple[str, ...]]:
        """The highest role that `groups` give, and those of them that give it."""
        for role in sorted(Role, reverse=True):
            giving: frozenset[str] = getattr(self, role.word)
            if matched := tuple(group for group in groups if group in giving):
                return role, matched
        return None, ()


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT that the proxy signs. With `signer` it is the one of an AWS load balancer."""

    header: str
    keys: str
    """A JWKS by its address or its file; for AWS the address under which each key lies by its id."""
    issuer: str
    audience: tuple[str, ...]
    algorithms: tuple[str, ...]
    groups_claim: str = "groups"
    signer: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.header,)


@dataclass(frozen=True, slots=True)
class Headers:
    """Plain headers, from a peer that is trusted by address and by a secret."""

    peers: tuple[Network, ...]
    secrets: tuple[str, ...] = field(repr=False)
    secret_header: str = "X-SSO-Secret"  # noqa: S105 - the name of a header
    user_header: str = "X-Forwarded-User"
    email_header: str = "X-Forwarded-Email"
    groups_header: str = "X-Forwarded-Groups"
    separator: str = ","

    @property
    def names(self) -> tuple[str, ...]:
        return self.secret_header, self.user_header, self.email_header, self.groups_header


@dataclass(frozen=True, slots=True)
class SignOn:
    """One mode, exactly: by assertion, by headers, or (by nothing) the demo's picker."""

    by: Assertion | Headers | None = None
    grants: Grants = Grants()
    sign_out_url: str = ""
    contact: str = ""
    proxies: tuple[Network, ...] = LOOPBACK
    """The peers whose X-Forwarded-For is believed, for the record only."""

    @property
    def header_names(self) -> tuple[str, ...]:
        """The headers by which somebody is known."""
        return self.by.names if self.by else ()

    @property
    def mode(self) -> str:
        return {Assertion: "assertion", Headers: "header"}.get(type(self.by), "demo")
