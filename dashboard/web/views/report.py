"""Counts what browsers report of the content security policy; no address of a page is kept."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from dashboard import policy_reports
from dashboard.identity import Role
from dashboard.policy_reports import Violation
from dashboard.request import Request
from dashboard.web.methods import acts

MAX_REPORT_BYTES: Final = 64 * 1024
MAX_REPORTS: Final = 20
"""Reports of one request; a browser sends those of a page together."""

_DIRECTIVE: Final = re.compile(r"[a-z][a-z-]{2,40}")
_BLOCKED: Final = re.compile(r"[a-z][a-z-]{2,30}|[a-z0-9.-]{1,100}\.[a-z0-9-]{1,60}")


@csrf_exempt  # a browser sends it, not a form of ours, and it does nothing but count
@acts(Role.VIEWER)
def report(request: Request) -> HttpResponse:
    """Count what browsers report; whatever cannot be read is left out."""
    length = request.headers.get("Content-Length", "")
    is_counted = True
    if length.isdecimal() and int(length[:20]) <= MAX_REPORT_BYTES:
        is_counted = policy_reports.count(read_reports(request.body, request.get_host()))
    return HttpResponse(status=204 if is_counted else 429)


def read_reports(body: bytes, host: str) -> Iterator[Violation]:
    """Yield what each report tells of: a host or a word for what was blocked, and our page's name."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    reports = said if isinstance(said, list) else [said]
    for one in reports[:MAX_REPORTS]:
        facts = one.get("body", one.get("csp-report")) if isinstance(one, dict) else None
        if isinstance(facts, dict):
            directive = _read_text(facts, "effectiveDirective", "effective-directive", "violated-directive")
            name = directive.partition(" ")[0]
            if _DIRECTIVE.fullmatch(name):
                blocked = _read_text(facts, "blockedURL", "blocked-uri")
                page = _read_text(facts, "documentURL", "document-uri")
                yield Violation(name, _read_host(blocked), _find_page(page, host))


def _read_text(facts: dict[str, Any], *names: str) -> str:
    found = next((facts[name] for name in names if isinstance(facts.get(name), str)), "")
    return str(found).strip()[:2000]


def _read_host(blocked: str) -> str:
    try:
        named = (urlsplit(blocked).hostname or urlsplit(blocked).scheme or blocked).lower()
    except ValueError:
        named = ""
    return named if _BLOCKED.fullmatch(named) else "other"


def _find_page(address: str, host: str) -> str:
    try:
        parts = urlsplit(address)
        return str((parts.netloc == host and resolve(parts.path).url_name) or "other")
    except (ValueError, Resolver404):
        return "other"
