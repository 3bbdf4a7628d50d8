"""The headers that every answer carries, and which requests may change anything."""

from __future__ import annotations

from collections.abc import Sequence

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


def headers(media_origins: Sequence[str]) -> dict[str, str]:
    """Security headers; pictures and clips may come from `media_origins`, everything else from us alone."""
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
    }
    off = "camera", "display-capture", "geolocation", "microphone", "payment", "usb"
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in off),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }


def is_same_site(method: str, fetch_site: str | None) -> bool:
    """Whether a request may change things, by what its browser says of where it came from.

    A browser too old to send Sec-Fetch-Site is left to the CSRF token alone.
    """
    return method in SAFE_METHODS or is_from_here(fetch_site)


def is_from_here(fetch_site: str | None) -> bool:
    """Whether a page of ours, or the reader's own hand, asked for this: no link or form from elsewhere."""
    return fetch_site in (None, "same-origin", "none")
