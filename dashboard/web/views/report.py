"""What browsers report of the content security policy: counted a day, and no address of a page kept."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from dashboard import audit
from dashboard.audit.record import Throttle
from dashboard.identity import Role
from dashboard.request import Request
from dashboard.web.methods import acts

MAX_REPORT_BYTES: Final = 64 * 1024
MAX_REPORTS: Final = 20
"""Reports of one request; a browser sends those of a page together."""

KINDS_A_DAY: Final = 100

violations: Final = Throttle(seconds=24 * 60 * 60, most=KINDS_A_DAY)
"""Admits one event a day for each directive and what it blocked, with the number of those before."""

_DIRECTIVE: Final = re.compile(r"[a-z][a-z-]{2,40}")
_BLOCKED: Final = re.compile(r"[a-z][a-z-]{2,30}|[a-z0-9.-]{1,100}\.[a-z0-9-]{1,60}")


@csrf_exempt  # a browser sends it, not a form of ours, and it does nothing but count
@acts(Role.VIEWER)
def report(request: Request) -> HttpResponse:
    """Count what browsers report; whatever cannot be read is left out."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:20]) <= MAX_REPORT_BYTES:
        for directive, blocked in read_reports(request.body):
            missed = violations.admit("access.violation", directive, blocked)
            if missed is not None:
                reason, result = f"{directive}: {blocked}", {"reports": missed + 1}
                audit.note("access.violation", request.caller, reason=reason, result=result)
    return HttpResponse(status=204)


def read_reports(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the directive and what it blocked of each report: a host or a word, no path and no query."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    reports = said if isinstance(said, list) else [said]
    for one in reports[:MAX_REPORTS]:
        facts = one.get("body", one.get("csp-report")) if isinstance(one, dict) else None
        if isinstance(facts, dict):
            directive = _read_text(facts, "effectiveDirective", "effective-directive", "violated-directive")
            blocked = _read_text(facts, "blockedURL", "blocked-uri")
            name = directive.partition(" ")[0]
            if _DIRECTIVE.fullmatch(name):
                yield name, _read_host(blocked)


def _read_text(facts: dict[str, Any], *names: str) -> str:
    found = next((facts[name] for name in names if isinstance(facts.get(name), str)), "")
    return str(found).strip()[:2000]


def _read_host(blocked: str) -> str:
    try:
        named = (urlsplit(blocked).hostname or urlsplit(blocked).scheme or blocked).lower()
    except ValueError:
        named = ""
    return named if _BLOCKED.fullmatch(named) else "other"
