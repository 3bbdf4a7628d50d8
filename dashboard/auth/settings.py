"""The settings of the sign-on, read into one typed object. Half a sign-on is a sentence, not a start."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

from environs import Env

from dashboard.identity import Role
from dashboard.origins import is_loopback
from dashboard.safety import check_key, check_network, same_groups

from .config import LOOPBACK, Assertion, Grants, Headers, Network, SignOn

T = TypeVar("T")

MODES: Final = ("assertion", "header", "demo")
ALGORITHMS: Final = ("RS256", "ES256")
SHORTEST_SECRET: Final = 32


@dataclass(frozen=True, slots=True)
class Preset:
    """What is fixed for everybody behind a proxy of this kind; each can be set otherwise."""

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


class _Reader:
    """Takes settings one by one and gathers what is wrong with them; a value is never repeated."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.wrong: list[str] = []

    def optional(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.env.str(name, default="") or ""
        try:
            return parse(text) if text else default
        except ValueError as why:
            self.wrong.append(f"{name} is wrong: {why}")
            return default

    def needed(self, name: str, parse: Callable[[str], T], default: T | None = None) -> T:
        """What is set, or else a default where there is one; missing, the answer is never used."""
        before = len(self.wrong)
        value = self.optional(name, parse, cast(T, default))
        if not value and len(self.wrong) == before:
            self.wrong.append(f"{name} is missing.")
        return value

    def unused(self, why: str, *names: str) -> None:
        """A setting that would do nothing is a mistake about how people sign in."""
        self.wrong += [f"{name} is set, but {why}." for name in names if self.env.str(name, default="")]


def read(env: Env) -> tuple[SignOn, list[str]]:
    """The sign-on that `env` describes, and what is wrong with it: a sentence each, and then it is none."""
    reader = _Reader(env)
    mode = reader.needed("DASHBOARD_AUTH", one_of(*MODES))
    by: Assertion | Headers | None = None
    if mode == "assertion":
        by = _assertion(reader)
        reader.unused(
            "only DASHBOARD_AUTH=header believes it", "DASHBOARD_TRUSTED_PEERS", "DASHBOARD_AUTH_SECRET"
        )
    elif mode == "header":
        by = _headers(reader)
        names = ("PRESET", "HEADER", "JWKS", "ISSUER", "AUDIENCE", "ALGORITHMS", "GROUPS_CLAIM", "SIGNER")
        reader.unused("only DASHBOARD_AUTH=assertion has it", *(f"DASHBOARD_AUTH_{name}" for name in names))
    grants = Grants(
        reader.optional("DASHBOARD_VIEWER_GROUPS", groups, frozenset()),
        reader.optional("DASHBOARD_OPERATOR_GROUPS", groups, frozenset()),
        reader.optional("DASHBOARD_ADMIN_GROUPS", groups, frozenset()),
    )
    by_setting = {f"DASHBOARD_{role.name}_GROUPS": getattr(grants, role.word) for role in Role}
    reader.wrong += same_groups(by_setting)
    if by and not (grants.viewer or grants.operator or grants.admin) and not reader.wrong:
        reader.wrong.append(
            "DASHBOARD_VIEWER_GROUPS, DASHBOARD_OPERATOR_GROUPS and DASHBOARD_ADMIN_GROUPS are all missing: "
            "nobody would have a role."
        )
    sign_out_url = reader.optional("DASHBOARD_SIGN_OUT_URL", sign_out_address, "")
    contact = reader.optional("DASHBOARD_CONTACT", seen, "")
    proxies = reader.optional("DASHBOARD_PROXIES", networks, LOOPBACK)
    return SignOn(by, grants, sign_out_url, contact, proxies), reader.wrong


def _assertion(reader: _Reader) -> Assertion:
    name = reader.optional("DASHBOARD_AUTH_PRESET", one_of(*PRESETS), "")
    preset = PRESETS.get(name, NO_PRESET)
    header = reader.needed("DASHBOARD_AUTH_HEADER", header_name, preset.header)
    issuer = reader.needed("DASHBOARD_AUTH_ISSUER", no_spaces, preset.issuer)
    algorithms = reader.needed("DASHBOARD_AUTH_ALGORITHMS", algorithms_of, preset.algorithms)
    claim = reader.needed("DASHBOARD_AUTH_GROUPS_CLAIM", no_spaces, preset.groups_claim)
    signer, region = "", ""
    audience: tuple[str, ...] = ()
    if name == "alb":
        signer = reader.needed("DASHBOARD_AUTH_SIGNER", balancer)
        reader.unused("an AWS load balancer names no audience", "DASHBOARD_AUTH_AUDIENCE")
        region = signer.split(":")[3] if (signer or "").startswith("arn:aws:") else ""
    else:
        audience = reader.needed("DASHBOARD_AUTH_AUDIENCE", words)
        reader.unused("only DASHBOARD_AUTH_PRESET=alb has one", "DASHBOARD_AUTH_SIGNER")
    usual = _usual_keys(preset.keys, issuer, region)
    keys = reader.needed("DASHBOARD_AUTH_JWKS", key_address if name == "alb" else key_source, usual)
    return Assertion(header, keys, issuer, audience, algorithms, claim, signer)


def _usual_keys(pattern: str, issuer: str, region: str) -> str:
    """Where a preset's keys lie; empty when what it takes to know is not set."""
    host = urlsplit(issuer).netloc if "://" in (issuer or "") else issuer
    known = {"issuer": (issuer or "").rstrip("/"), "host": host, "region": region}
    return pattern.format(**known) if all(known[word] for word in re.findall(r"{(\w+)}", pattern)) else ""


def _headers(reader: _Reader) -> Headers:
    usual = Headers((), ())
    found = Headers(
        reader.optional("DASHBOARD_TRUSTED_PEERS", networks, ()),
        reader.needed("DASHBOARD_AUTH_SECRET", secrets),
        reader.optional("DASHBOARD_AUTH_SECRET_HEADER", header_name, usual.secret_header),
        reader.optional("DASHBOARD_AUTH_USER_HEADER", header_name, usual.user_header),
        reader.optional("DASHBOARD_AUTH_EMAIL_HEADER", header_name, usual.email_header),
        reader.optional("DASHBOARD_AUTH_GROUPS_HEADER", header_name, usual.groups_header),
        reader.optional("DASHBOARD_AUTH_GROUPS_SEPARATOR", seen, usual.separator),
    )
    if len({name.lower() for name in found.names}) < 4:
        names = (f"DASHBOARD_AUTH_{what}_HEADER" for what in ("SECRET", "USER", "EMAIL", "GROUPS"))
        reader.wrong.append(f"{', '.join(names)} must name four headers, no two the same.")
    return found


def one_of(*known: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in known:
            raise ValueError(f"must be one of: {', '.join(known)}.")
        return text

    return parse


def no_spaces(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("must be letters, digits and signs without spaces.")
    return text


def seen(text: str) -> str:
    if not text.isprintable() or len(text) > 300:
        raise ValueError("must be at most 300 characters that can be seen.")
    return text


def words(text: str) -> tuple[str, ...]:
    """A list by commas, none of them empty."""
    found = tuple(word.strip() for word in text.split(","))
    for word in found:
        no_spaces(word)
    return found


def groups(text: str) -> frozenset[str]:
    """Names of groups by commas, or a JSON list of them where a name holds a comma, as LDAP's do."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            raise ValueError("begins like a JSON list and is none.") from None
        if not all(isinstance(name, str) for name in found):
            raise ValueError("must be a JSON list of names in quotes.")
    else:
        found = [name.strip() for name in text.split(",")]
    if not all(name and name.isprintable() for name in found):
        raise ValueError("names a group that is empty or cannot be seen.")
    return frozenset(found)


def header_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,80}", text):
        raise ValueError(
            "must be a header's name, of letters, digits and hyphens: no underscore gets through."
        )
    return text


def algorithms_of(text: str) -> tuple[str, ...]:
    return tuple(one_of(*ALGORITHMS)(word) for word in words(text))


def key_address(text: str) -> str:
    parts = urlsplit(no_spaces(text))
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be an address such as https://sso.example.com/jwks.")
    if parts.scheme == "http" and not is_loopback(text):
        raise ValueError("must be https; http is for loopback only.")
    return text


def key_source(text: str) -> str:
    """A JWKS by address, or by the whole path of a file that can be read now."""
    if "://" in text:
        return key_address(text)
    from .jwks import KeyFile  # it brings cryptography along, so only where it is needed

    path = Path(text)
    if not path.is_absolute() or not path.is_file():
        raise ValueError("must be an address, or the whole path of a file that is there.")
    try:
        KeyFile(path, ALGORITHMS).read()
    except (OSError, ValueError):
        raise ValueError("names a file without any key that could check an assertion.") from None
    return text


def balancer(text: str) -> str:
    """The name of one load balancer: whoever has an AWS account can have another sign for them."""
    pattern = (
        r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+"
    )
    if not re.fullmatch(pattern, text):
        raise ValueError("must be the whole ARN of an application load balancer.")
    return text


def networks(text: str) -> tuple[Network, ...]:
    try:
        found = tuple(ip_network(word) for word in words(text))
    except ValueError:
        raise ValueError(
            "must be networks such as 10.0.0.5/32, by commas, with no bits beyond the mask."
        ) from None
    for network in found:
        check_network(network)
    return found


def secrets(text: str) -> tuple[str, ...]:
    """One secret, or two while one takes over from the other."""
    found = tuple(word for word in re.split(r"[\s,]+", text) if word)
    if len(found) > 2 or any(len(no_spaces(word)) < SHORTEST_SECRET for word in found):
        raise ValueError(f"must be one secret or two, each of at least {SHORTEST_SECRET} characters.")
    for word in found:
        check_key(word)
    return found


def sign_out_address(text: str) -> str:
    """It goes into a `<meta http-equiv="refresh">`, where a quote would begin something else."""
    parts = urlsplit(no_spaces(text))
    away = parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(text)))
    here = re.match(r"/(?![/\\])", text)
    if not (away or here) or re.search(r"[\"'<>\\]", text):
        raise ValueError("must be an https address, or a path that starts with one slash.")
    return text
