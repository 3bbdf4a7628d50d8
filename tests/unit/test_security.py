"""The headers of every answer, and which requests may change anything."""

import pytest

from dashboard.security import SAFE_METHODS, is_same_site, make_security_headers

MEDIA = ["https://media.ofauth.com", "https://other.example"]


def policy() -> dict[str, str]:
    parts = make_security_headers(MEDIA)["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_the_policy_allows_ourselves_and_the_media_hosts_only() -> None:
    assert policy() == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' https://media.ofauth.com https://other.example",
        "media-src": "https://media.ofauth.com https://other.example",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "default",
        "report-uri": "/reports/",
        "report-to": "policy",
    }


@pytest.mark.parametrize("word", ["unsafe", "*", "data:", "blob:"])
def test_the_policy_has_no_holes(word: str) -> None:
    assert word not in make_security_headers(MEDIA)["Content-Security-Policy"]


@pytest.mark.parametrize("method", SAFE_METHODS)
@pytest.mark.parametrize("site", [None, "none", "same-origin", "same-site", "cross-site", "?"])
def test_looking_is_open_to_all(method: str, site: str | None) -> None:
    assert is_same_site(method, site)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "X"])
@pytest.mark.parametrize(
    ("site", "may"),
    [
        (None, True),
        ("none", True),
        ("same-origin", True),
        ("same-site", False),
        ("cross-site", False),
        ("", False),
    ],
)
def test_changing_is_for_our_own_pages(method: str, site: str | None, may: bool) -> None:
    assert is_same_site(method, site) is may
