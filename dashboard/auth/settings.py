"""Reads the settings of sign-on into one typed object. Incomplete settings stop the start."""

import json
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

from environs import Env

from dashboard.identity import Role
from dashboard.origins import is_loopback
from dashboard.safety import check_key, check_network, find_shared_groups

from . import config
from .config import AssertionConfig, AuthConfig, Grants, HeaderConfig, Network

T = TypeVar("T")

AUTH_MODES: Final = ("assertion", "header", "demo")
MIN_SECRET_LENGTH: Final = 32
SIGN_IN_SETTINGS: Final = ("DASHBOARD_AUTH_ACR", "DASHBOARD_AUTH_AMR", "DASHBOARD_AUTH_MAX_AGE")


class _SettingsReader:
    """Reads settings and collects the errors in them, which never repeat a value."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.errors: list[str] = []

    def read_optional(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return the parsed setting, or the default if it is not set or wrong."""
        text = self.env.str(name, default="") or ""
        try:
            return parse(text) if text else default
        except ValueError as why:
            self.errors.append(f"{name} is wrong: {why}")
            return default

    def read_required(self, name: str, parse: Callable[[str], T], default: T | None = None) -> T:
        """Return the parsed setting or the default; without either, note an error."""
        before = len(self.errors)
        value = self.read_optional(name, parse, cast(T, default))
        if not value and len(self.errors) == before:
            self.errors.append(f"{name} is missing.")
        return value

    def refuse_unused(self, why: str, *names: str) -> None:
        """Note an error for each setting that has no effect: somebody expects it to have one."""
        self.errors += [f"{name} is set, but {why}." for name in names if self.env.str(name, default="")]


def read_auth_config(env: Env) -> tuple[AuthConfig, list[str]]:
    """Return the sign-on that `env` describes, to be used only without errors: a sentence for each."""
    reader = _SettingsReader(env)
    mode = reader.read_required("DASHBOARD_AUTH", parse_choice(*AUTH_MODES))
    by: AssertionConfig | HeaderConfig | None = None
    if mode == "assertion":
        by = _read_assertion(reader)
        reader.refuse_unused(
            "only DASHBOARD_AUTH=header believes it", "DASHBOARD_TRUSTED_PEERS", "DASHBOARD_AUTH_SECRET"
        )
    elif mode == "header":
        by = _read_headers(reader)
        names = ("PRESET", "HEADER", "JWKS", "ISSUER", "AUDIENCE", "ALGORITHMS", "GROUPS_CLAIM", "SIGNER")
        reader.refuse_unused(
            "only DASHBOARD_AUTH=assertion has it",
            *(f"DASHBOARD_AUTH_{name}" for name in names),
            *SIGN_IN_SETTINGS,
        )
    grants = Grants(
        reader.read_optional("DASHBOARD_VIEWER_GROUPS", parse_group_names, frozenset()),
        reader.read_optional("DASHBOARD_OPERATOR_GROUPS", parse_group_names, frozenset()),
        reader.read_optional("DASHBOARD_ADMIN_GROUPS", parse_group_names, frozenset()),
    )
    by_setting = {f"DASHBOARD_{role.name}_GROUPS": getattr(grants, role.word) for role in Role}
    reader.errors += find_shared_groups(by_setting)
    if by and not any(by_setting.values()) and not reader.errors:
        reader.errors.append(
            "DASHBOARD_VIEWER_GROUPS, DASHBOARD_OPERATOR_GROUPS and DASHBOARD_ADMIN_GROUPS are all missing: "
            "nobody would have a role."
        )
    sign_out_url = reader.read_optional("DASHBOARD_SIGN_OUT_URL", parse_sign_out_address, "")
    contact = reader.read_optional("DASHBOARD_CONTACT", parse_visible_text, "")
    proxies = reader.read_optional("DASHBOARD_PROXIES", parse_networks, config.LOOPBACK)
    return AuthConfig(by, grants, sign_out_url, contact, proxies), reader.errors


def _read_assertion(reader: _SettingsReader) -> AssertionConfig:
    name = reader.read_optional("DASHBOARD_AUTH_PRESET", parse_choice(*config.PRESETS), "")
    preset = config.PRESETS.get(name, config.Preset("", tells_sign_in=True))
    header = reader.read_required("DASHBOARD_AUTH_HEADER", parse_header_name, preset.header)
    issuer = reader.read_required("DASHBOARD_AUTH_ISSUER", check_no_spaces, preset.issuer)
    algorithms = reader.read_required("DASHBOARD_AUTH_ALGORITHMS", parse_algorithms, preset.algorithms)
    claim = reader.read_required("DASHBOARD_AUTH_GROUPS_CLAIM", check_no_spaces, preset.groups_claim)
    signer, region = "", ""
    audience: tuple[str, ...] = ()
    asked_of_nobody: tuple[str, ...] = ()
    if name == "alb":
        signer = reader.read_required("DASHBOARD_AUTH_SIGNER", parse_balancer_arn)
        reader.refuse_unused("an AWS load balancer names no audience", "DASHBOARD_AUTH_AUDIENCE")
        region = signer.split(":")[3] if (signer or "").startswith("arn:aws:") else ""
    else:
        audience = reader.read_required("DASHBOARD_AUTH_AUDIENCE", parse_list)
        reader.refuse_unused("only DASHBOARD_AUTH_PRESET=alb has one", "DASHBOARD_AUTH_SIGNER")
    usual = _default_keys(preset.keys, issuer, region)
    keys = reader.read_required(
        "DASHBOARD_AUTH_JWKS", parse_key_address if name == "alb" else parse_key_source, usual
    )
    acr = reader.read_optional("DASHBOARD_AUTH_ACR", parse_list, asked_of_nobody)
    amr = reader.read_optional("DASHBOARD_AUTH_AMR", parse_list, asked_of_nobody)
    max_age = reader.read_optional("DASHBOARD_AUTH_MAX_AGE", parse_max_age, 0)
    if not preset.tells_sign_in:
        why = f"assertions by DASHBOARD_AUTH_PRESET={name} do not tell it"
        reader.refuse_unused(why, *SIGN_IN_SETTINGS)
    return AssertionConfig(header, keys, issuer, audience, algorithms, claim, signer, acr, amr, max_age)


def _default_keys(pattern: str, issuer: str, region: str) -> str:
    host = urlsplit(issuer).netloc if "://" in (issuer or "") else issuer
    known = {"issuer": (issuer or "").rstrip("/"), "host": host, "region": region}
    return pattern.format(**known) if all(known[word] for word in re.findall(r"{(\w+)}", pattern)) else ""


def _read_headers(reader: _SettingsReader) -> HeaderConfig:
    usual = HeaderConfig((), ())
    found = HeaderConfig(
        reader.read_optional("DASHBOARD_TRUSTED_PEERS", parse_networks, ()),
        reader.read_required("DASHBOARD_AUTH_SECRET", parse_secrets),
        reader.read_optional("DASHBOARD_AUTH_SECRET_HEADER", parse_header_name, usual.secret_header),
        reader.read_optional("DASHBOARD_AUTH_USER_HEADER", parse_header_name, usual.user_header),
        reader.read_optional("DASHBOARD_AUTH_EMAIL_HEADER", parse_header_name, usual.email_header),
        reader.read_optional("DASHBOARD_AUTH_GROUPS_HEADER", parse_header_name, usual.groups_header),
        reader.read_optional("DASHBOARD_AUTH_GROUPS_SEPARATOR", parse_visible_text, usual.separator),
    )
    if len({name.lower() for name in found.names}) < 4:
        names = (f"DASHBOARD_AUTH_{what}_HEADER" for what in ("SECRET", "USER", "EMAIL", "GROUPS"))
        reader.errors.append(f"{', '.join(names)} must name four headers, no two the same.")
    return found


def parse_choice(*known: str) -> Callable[[str], str]:
    """Return a parser that accepts `known` values only."""

    def parse(text: str) -> str:
        if text not in known:
            raise ValueError(f"must be one of: {', '.join(known)}.")
        return text

    return parse


def check_no_spaces(text: str) -> str:
    """Return `text` if it is visible ASCII without spaces; raise ValueError if not."""
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("must be letters, digits and signs without spaces.")
    return text


def parse_visible_text(text: str) -> str:
    """Return `text` if all of it can be seen and it is not too long; raise ValueError if not."""
    if not text.isprintable() or len(text) > 300:
        raise ValueError("must be at most 300 characters that can be seen.")
    return text


def parse_list(text: str) -> tuple[str, ...]:
    """Return the values between commas. Raises ValueError if one of them is empty."""
    found = tuple(word.strip() for word in text.split(","))
    for word in found:
        check_no_spaces(word)
    return found


def parse_group_names(text: str) -> frozenset[str]:
    """Return groups by commas, or of a JSON list for names with commas, as in LDAP. Raises ValueError."""
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


def parse_max_age(text: str) -> int:
    """Return seconds, or 0. Raises ValueError for less than a minute: everybody would be sent away."""
    if not re.fullmatch(r"0|[1-9][0-9]{1,6}", text) or 0 < int(text) < 60:
        raise ValueError("must be whole seconds, from 60 to 9999999, or 0 so as not to ask.")
    return int(text)


def parse_header_name(text: str) -> str:
    """Return the name of a header. Raises ValueError: gunicorn drops names with an underscore."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,80}", text):
        raise ValueError(
            "must be a header's name, of letters, digits and hyphens: no underscore gets through."
        )
    return text


def parse_algorithms(text: str) -> tuple[str, ...]:
    """Return the JWT algorithms between commas. Raises ValueError for an unknown one."""
    return tuple(parse_choice(*config.ALGORITHMS)(word) for word in parse_list(text))


def parse_key_address(text: str) -> str:
    """Return an https address, or an http one on loopback. Raises ValueError."""
    parts = urlsplit(check_no_spaces(text))
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be an address such as https://sso.example.com/jwks.")
    if parts.scheme == "http" and not is_loopback(text):
        raise ValueError("must be https; http is for loopback only.")
    return text


def parse_key_source(text: str) -> str:
    """Return the address of a JWKS, or the absolute path of a readable file with one. Raises ValueError."""
    if "://" in text:
        return parse_key_address(text)
    from .jwks import KeyFile  # it brings cryptography along, so only where it is needed

    path = Path(text)
    if not path.is_absolute() or not path.is_file():
        raise ValueError("must be an address, or the whole path of a file that is there.")
    try:
        KeyFile(path, config.ALGORITHMS).read_keys()
    except (OSError, ValueError):
        raise ValueError("names a file without any key that could check an assertion.") from None
    return text


def parse_balancer_arn(text: str) -> str:
    """Return the ARN of one load balancer: anybody at AWS can have another. Raises ValueError."""
    pattern = (
        r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+"
    )
    if not re.fullmatch(pattern, text):
        raise ValueError("must be the whole ARN of an application load balancer.")
    return text


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks between commas. Raises ValueError."""
    try:
        found = tuple(ip_network(word) for word in parse_list(text))
    except ValueError:
        raise ValueError(
            "must be networks such as 10.0.0.5/32, by commas, with no bits beyond the mask."
        ) from None
    for network in found:
        check_network(network)
    return found


def parse_secrets(text: str) -> tuple[str, ...]:
    """Return one secret, or two during a rotation. Raises ValueError."""
    found = tuple(word for word in re.split(r"[\s,]+", text) if word)
    if len(found) > 2 or any(len(check_no_spaces(word)) < MIN_SECRET_LENGTH for word in found):
        raise ValueError(f"must be one secret or two, each of at least {MIN_SECRET_LENGTH} characters.")
    for word in found:
        check_key(word)
    return found


def parse_sign_out_address(text: str) -> str:
    """Return an https address or a path that can stand in a `<meta>` attribute. Raises ValueError."""
    parts = urlsplit(check_no_spaces(text))
    away = parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(text)))
    here = re.match(r"/(?![/\\])", text)
    if not (away or here) or re.search(r"[\"'<>\\]", text):
        raise ValueError("must be an https address, or a path that starts with one slash.")
    return text
