"""The headers of every response, and the check whether a request may change anything."""

from collections.abc import Sequence
from typing import Final

REPORTS_PATH = "/reports/"
"""Where browsers report what the policy made them refuse: dashboard/web/views/report.py."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


def make_security_headers(media_origins: Sequence[str], *, is_https: bool = True) -> dict[str, str]:
    """Return the security headers. Media may come from `media_origins`, everything else from us alone.

    Where the policy has `report-to`, Chromium reports by it alone; and it does so for https only.
    """
    media = " ".join(media_origins)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' {media}",
        "media-src": media,
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "default",  # static/js/trusted.js
        "report-uri": REPORTS_PATH,
        **({"report-to": "policy"} if is_https else {}),
    }
    off = "camera", "display-capture", "geolocation", "microphone", "payment", "usb"
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Reporting-Endpoints": f'policy="{REPORTS_PATH}"',
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in off),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }


FILE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""The security headers of a static file, without those that mean something for a page only."""


def is_same_site(method: str, fetch_site: str | None) -> bool:
    """Return True if a request may change things. A browser without the header is left to the CSRF token."""
    return method in SAFE_METHODS or is_from_here(fetch_site)


def is_from_here(fetch_site: str | None) -> bool:
    """Return True if one of our pages, or the reader's own hand, made the request."""
    return fetch_site in (None, "same-origin", "none")
