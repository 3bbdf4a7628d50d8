"""Settings that can be read and must not start: guessable keys, everybody's hosts, addresses for others."""

from __future__ import annotations

import secrets
from ipaddress import ip_network
from itertools import combinations

import pytest

from dashboard.safety import (
    check_host,
    check_key,
    check_network,
    find_shared_groups,
    find_shared_keys,
    is_loopback_bind,
)
from tests.environment import MADE_UP, SECRET_KEY

KEYS = ["VAULTPLUS_API_KEY", "DASHBOARD_SECRET_KEY", "DASHBOARD_DATA_KEYS", "DASHBOARD_AUDIT_KEYS"]


@pytest.mark.parametrize(
    "weak",
    [
        "x" * 60,
        "ab" * 30,
        "changeme-" * 7,
        "a-secret-that-is-long-enough-" * 2,
        "0123456789abcdef" * 4,
        "0123456789abcdef0123456789abcdef012",
        "a" * 50 + "bcd1",
        "1234567123456712345671234567321",
    ],
)
def test_a_key_that_repeats_itself_is_none(weak: str) -> None:
    with pytest.raises(ValueError, match="repeats itself") as refused:
        check_key(weak)
    assert weak not in str(refused.value)


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_a_random_key_is_one(make: object) -> None:
    assert callable(make)
    for _ in range(300):
        check_key(make(16))
    for text in (SECRET_KEY, MADE_UP["DASHBOARD_DATA_KEYS"]):
        check_key(text)


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "",
        ".",
        "..",
        ".com",
        ".localhost",
        "*.example.com",
        "*example.com",
        "example.*",
        "https://vault.example.com",
        "vault.example.com:8000",
        "vault.example.com/",
        "vault.example.com.",
        "vault..example.com",
        "-vault.example.com",
        "vault example.com",
        "vault.example.com\n",
        "[::1",
        "::1",
        "vault_1.example.com",
    ],
)
def test_what_names_no_host_or_everybodys(host: str) -> None:
    with pytest.raises(ValueError, match="must be host names"):
        check_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "vault.example.com",
        "vault",
        ".example.com",
        "10.0.0.5",
        "[2001:db8::1]",
        "Vault-1.Example.COM",
        "xn--1.example",
    ],
)
def test_a_host(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/7", "::/0", "2000::/3", "2a00::/15", "::/8"],
)
def test_a_network_of_everybody(network: str) -> None:
    with pytest.raises(ValueError, match="everybody"):
        check_network(ip_network(network))


@pytest.mark.parametrize(
    "network",
    ["10.0.0.0/8", "fc00::/7", "fd00::/8", "2001:db8::/32", "2600::/16", "::1/128", "169.254.0.0/16"],
)
def test_a_network_of_one_company(network: str) -> None:
    check_network(ip_network(network))


@pytest.mark.parametrize(
    ("bind", "is_loopback"),
    [
        ("127.0.0.1:8000", True),
        ("127.1.2.3:8000", True),
        ("localhost:8000", True),
        ("[::1]:8000", True),
        ("tcp://127.0.0.1:8000", True),
        ("unix:/run/dashboard.sock", True),
        ("127.0.0.1:8000, unix:/run/dashboard.sock", True),
        ("0.0.0.0:8000", False),
        (":8000", False),
        ("8000", False),
        ("[::]:8000", False),
        ("10.0.0.5", False),
        ("127.0.0.1:8000,0.0.0.0:8001", False),
        ("vault.example.com:80", False),
        ("127.0.0.1.example.com:80", False),
        ("tcp://0.0.0.0:80", False),
    ],
)
def test_what_this_machine_alone_reaches(bind: str, is_loopback: bool) -> None:
    assert is_loopback_bind(bind) is is_loopback


@pytest.mark.parametrize(("one", "other"), list(combinations(KEYS, 2)))
def test_a_text_for_two_keys_is_said_once(one: str, other: str) -> None:
    keys = {name: [f"key of {name}"] for name in KEYS}
    assert find_shared_keys(keys) == []
    [said] = find_shared_keys({**keys, one: ["same"], other: ["first", "same"]})
    assert said.startswith(f"{one} and {other}: the same text stands for 2 keys.")


def test_a_key_that_takes_over_is_another() -> None:
    [said] = find_shared_keys({"DASHBOARD_DATA_KEYS": ["same", "same"]})
    assert said.startswith("DASHBOARD_DATA_KEYS: the same text stands for 2 keys.")
    assert find_shared_keys({"DASHBOARD_DATA_KEYS": ["new", "old"]}) == []


def test_one_text_for_all_keys_is_one_sentence() -> None:
    [said] = find_shared_keys({name: ["same"] for name in KEYS})
    assert said.startswith(" and ".join(KEYS))


def test_a_group_gives_one_role() -> None:
    grants = {"A": {"x", "y"}, "B": {"z"}, "C": {"Z", "y"}}
    assert find_shared_groups(grants) == ["A and C name the same group: it can give one role only."]
