"""Checks of settings that are readable but unsafe: keys that can be guessed, and networks of everybody."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .origins import is_loopback, parse_origin

MIN_DIFFERENT_CHARACTERS: Final = 8
"""A random key of 32 hexadecimal digits has fewer once in ten million."""

MIN_PREFIX_IPV4: Final = 8
MIN_PREFIX_IPV6: Final = 16
"""Bits: the whole of 10.0.0.0/8 may be one company's, and no provider is given more of IPv6."""

_BUCKET: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*/?")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\.{_LABEL}(?:\.{_LABEL})+|\[[0-9A-Fa-f:.]+\]")


def check_key(text: str) -> None:
    """Raise ValueError with a sentence if somebody could guess the key."""
    repeats = any(text[length:] == text[:-length] for length in range(1, len(text) // 2 + 1))
    if repeats or len(set(text)) < MIN_DIFFERENT_CHARACTERS:
        raise ValueError(
            "repeats itself, so it can be guessed. Make a random one: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(60))'."
        )


def check_host(text: str) -> None:
    """Raise ValueError with a sentence unless this names a host, and not any host."""
    if not _HOST.fullmatch(text):
        raise ValueError(
            "must be host names such as vault.example.com, without a port; .example.com is all below it. "
            "Any name at all (*) would let a stranger choose where the links in a ticket lead."
        )


def check_network(network: IPv4Network | IPv6Network) -> None:
    """Raise ValueError with a sentence if the network is wider than one company's."""
    shortest = MIN_PREFIX_IPV4 if network.version == 4 else MIN_PREFIX_IPV6
    if network.prefixlen < shortest and not network.is_private:
        raise ValueError(
            f"must name the networks of your proxies; wider than /{MIN_PREFIX_IPV4} (/{MIN_PREFIX_IPV6} of "
            "IPv6) is everybody."
        )


def is_loopback_bind(text: str) -> bool:
    """Return True if all addresses that gunicorn binds, separated by commas, are local to this machine."""
    binds = [one.strip().removeprefix("tcp://") for one in text.split(",")]
    return all(bind.startswith("unix:") or is_loopback(f"http://{bind}") for bind in binds)


def check_anchor(text: str) -> None:
    """Raise ValueError with a sentence unless anchors can go there: a file, a bucket or an https address."""
    if _BUCKET.fullmatch(text):
        if find_spec("boto3") is None:
            raise ValueError("names a bucket, for which boto3 is not installed: pip install 'boto3>=1.40'.")
        return
    if text.startswith("/") and Path(text).parent.is_dir() and not Path(text).is_dir():
        return
    if not _is_https(text):
        raise ValueError(
            "must name files by their absolute paths, in folders that are there, https addresses, or buckets "
            "as s3://bucket/folder."
        )


def _is_https(text: str) -> bool:
    parts = urlsplit(text)
    try:
        is_port = parts.port != 0
    except ValueError:
        is_port = False
    is_host = _HOST.fullmatch(parts.hostname or "") is not None and "@" not in parts.netloc
    return parts.scheme == "https" and is_host and is_port


def check_endpoint(text: str) -> None:
    """Raise ValueError with a sentence unless this is "" or the origin of a service that keeps buckets."""
    if text:
        parse_origin(text)


def find_shared_keys(keys: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a sentence for each text that is used as several keys, with the settings' names."""
    places = defaultdict(list)
    for name, texts in keys.items():
        for text in texts:
            places[text].append(name)
    several = sorted({tuple(names) for names in places.values() if len(names) > 1})
    return [
        f"{' and '.join(dict.fromkeys(names))}: the same text stands for {len(names)} keys. Each needs its "
        "own, or whoever learns one has the other."
        for names in several
    ]


def find_shared_groups(grants: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a sentence for each pair of roles that share a group, with the settings' names."""
    return [
        f"{one} and {other} name the same group: it can give one role only."
        for one, other in combinations(grants, 2)
        if set(grants[one]) & set(grants[other])
    ]
