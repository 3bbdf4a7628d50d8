"""The presets of proxies that sign an assertion, each with a link to its maker's description."""

from dataclasses import dataclass
from typing import Final

ALGORITHMS: Final = ("RS256", "ES256")


@dataclass(frozen=True, slots=True)
class Preset:
    """The defaults for a kind of proxy. Each of them can be set otherwise."""

    header: str
    algorithms: tuple[str, ...] = ALGORITHMS
    groups_claim: str = "groups"
    issuer: str = ""
    keys: str = ""


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
    "idtoken": Preset("Authorization"),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    "alb": Preset("X-Amzn-Oidc-Data", ("ES256",), keys="https://public-keys.auth.elb.{region}.amazonaws.com"),
}
NO_PRESET: Final = Preset("")
