"""The typed configuration of sign-on, and the presets of proxies that sign an assertion."""

from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from dashboard.identity import Role

ALGORITHMS: Final = ("RS256", "ES256")
Network = IPv4Network | IPv6Network
LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.1/32"), IPv6Network("::1/128"))


@dataclass(frozen=True, slots=True)
class Grants:
    """The groups that give each role, spelled exactly as the sign-on spells them."""

    viewer: frozenset[str] = frozenset()
    operator: frozenset[str] = frozenset()
    admin: frozenset[str] = frozenset()

    def find_role(self, groups: Collection[str]) -> tuple[Role | None, tuple[str, ...]]:
        """Return the highest role that `groups` give, or None, and those of the groups that give it."""
        for role in sorted(Role, reverse=True):
            giving: frozenset[str] = getattr(self, role.word)
            if matched := tuple(group for group in groups if group in giving):
                return role, matched
        return None, ()


@dataclass(frozen=True, slots=True)
class AssertionConfig:
    """Sign-on by a JWT that the proxy signs. With `signer` it is an AWS load balancer's."""

    header: str
    keys: str
    """A JWKS by its address or its file; for AWS the address under which each key lies by its id."""
    issuer: str
    audience: tuple[str, ...]
    algorithms: tuple[str, ...]
    groups_claim: str = "groups"
    signer: str = ""
    acr: tuple[str, ...] = ()
    """The values of `acr` of which the assertion has to have one; empty if none is asked for."""
    amr: tuple[str, ...] = ()
    """The methods all of which its `amr` has to name."""
    max_age: int = 0
    """Seconds that may have passed since its `auth_time`; 0 if that is not asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.header,)


@dataclass(frozen=True, slots=True)
class HeaderConfig:
    """Sign-on by plain headers, from a peer that is trusted by its address and by a secret."""

    peers: tuple[Network, ...]
    secrets: tuple[str, ...] = field(repr=False)
    secret_header: str = "X-SSO-Secret"  # noqa: S105 - the name of a header
    user_header: str = "X-Forwarded-User"
    email_header: str = "X-Forwarded-Email"
    groups_header: str = "X-Forwarded-Groups"
    separator: str = ","

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that identify a person, the secret's first."""
        return self.secret_header, self.user_header, self.email_header, self.groups_header


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """The one mode of sign-on: by assertion, by headers, or, if `by` is None, the demo's picker."""

    by: AssertionConfig | HeaderConfig | None = None
    grants: Grants = Grants()
    sign_out_url: str = ""
    contact: str = ""
    proxies: tuple[Network, ...] = LOOPBACK
    """The peers whose X-Forwarded-For is believed, for the record only."""

    @property
    def header_names(self) -> tuple[str, ...]:
        """The headers that identify a person; none in a demo."""
        return self.by.names if self.by else ()

    @property
    def mode(self) -> str:
        return {AssertionConfig: "assertion", HeaderConfig: "header"}.get(type(self.by), "demo")


@dataclass(frozen=True, slots=True)
class Preset:
    """The defaults for a kind of proxy. Each of them can be set otherwise."""

    header: str
    algorithms: tuple[str, ...] = ALGORITHMS
    groups_claim: str = "groups"
    issuer: str = ""
    keys: str = ""
    tells_sign_in: bool = False
    """Whether its assertions say how and when the person signed in: `acr`, `amr` and `auth_time`."""


PRESETS: Final = {
    # https://cloud.google.com/iap/docs/signed-headers-howto
    "iap": Preset(
        "X-Goog-IAP-JWT-Assertion",
        ("ES256",),
        "google.access_levels",
        issuer="https://cloud.google.com/iap",
        keys="https://www.gstatic.com/iap/verify/public_key-jwk",
    ),
    # https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/
    "cloudflare": Preset(
        "Cf-Access-Jwt-Assertion", ("RS256",), "custom.groups", keys="{issuer}/cdn-cgi/access/certs"
    ),
    # https://www.pomerium.com/docs/capabilities/getting-users-identity
    "pomerium": Preset(
        "X-Pomerium-Jwt-Assertion", ("ES256",), keys="https://{host}/.well-known/pomerium/jwks.json"
    ),
    # The identity provider's own token, passed on by oauth2-proxy or mod_auth_openidc.
    "idtoken": Preset("Authorization", tells_sign_in=True),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    "alb": Preset("X-Amzn-Oidc-Data", ("ES256",), keys="https://public-keys.auth.elb.{region}.amazonaws.com"),
}
