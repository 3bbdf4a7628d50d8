"""Origins: which addresses are one, and which stay on this machine."""

import pytest

from dashboard.origins import is_loopback, parse_origin


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://media.ofauth.com", "https://media.ofauth.com"),
        (" https://Media.OFauth.com/ ", "https://media.ofauth.com"),
        ("https://media.ofauth.com:8443", "https://media.ofauth.com:8443"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_an_origin_is_kept_as_scheme_host_and_port(given: str, origin: str) -> None:
    assert parse_origin(given) == origin


@pytest.mark.parametrize(
    "given",
    [
        "",
        "media.ofauth.com",
        "https://",
        "ftp://media.ofauth.com",
        "javascript:alert(1)",
        "http://media.ofauth.com",
        "https://user@media.ofauth.com",
        "https://:pw@media.ofauth.com",
        "https://media.ofauth.com/path",
        "https://media.ofauth.com?x",
        "https://media.ofauth.com#x",
        "https://media.ofauth.com; script-src *",
        "https://media.ofauth.com 'unsafe-inline'",
        "https://*",
        "https://media.ofauth.com:notaport",
        "https://media.ofauth.com:99999",
    ],
)
def test_anything_else_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_origin(given)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:80", True),
        ("http://localhost", True),
        ("http://[::1]:1", True),
        ("https://api.ofauth.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_no_other(url: str, here: bool) -> None:
    assert is_loopback(url) is here
