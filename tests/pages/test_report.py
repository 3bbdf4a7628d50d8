"""`/reports/`: what browsers report of the policy, counted a day; no address is kept, nobody floods it."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from dashboard.audit.record import throttle
from dashboard.web.views.report import KINDS_A_DAY, MAX_REPORT_BYTES, MAX_REPORTS, violations
from tests.answers import text
from tests.make import Browser, facts_of_all, signed_in

HERE: Final = "/reports/"


@pytest.fixture(autouse=True)
def _nothing_was_reported() -> None:
    violations.clear()
    throttle.clear()


def new(directive: str, blocked: str) -> dict[str, Any]:
    body = {
        "effectiveDirective": directive,
        "blockedURL": blocked,
        "documentURL": "https://testserver/?q=canary",
    }
    return {"type": "csp-violation", "url": "https://testserver/?q=canary", "body": body}


def old(directive: str, blocked: str) -> dict[str, Any]:
    facts = {
        "violated-directive": directive,
        "blocked-uri": blocked,
        "document-uri": "https://testserver/?q=canary",
    }
    return {"csp-report": facts}


def send(browser: Browser, said: Any, **headers: str) -> Any:
    kind = "application/reports+json" if isinstance(said, list) else "application/csp-report"
    body = said if isinstance(said, bytes) else json.dumps(said)
    return browser.post(HERE, body, content_type=kind, headers=headers)


def told() -> list[str]:
    return [facts["reason"] for facts in facts_of_all("access.violation")]


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        ("https://evil.example/path?token=canary#canary", "evil.example"),
        ("https://user:canary@Evil.Example:444/", "evil.example"),
        ("inline", "inline"),
        ("eval", "eval"),
        ("trusted-types-sink", "trusted-types-sink"),
        ("data:text/html,canary", "data"),
        ("blob:https://testserver/canary", "blob"),
        ("", "other"),
        ("<script>canary", "other"),
        ("https://[canary", "other"),
        ("canary\n\x00", "other"),
        ("https://" + "x" * 3_000 + ".example", "other"),
    ],
)
@pytest.mark.parametrize("shape", ["new", "old"])
def test_a_report_is_a_directive_and_a_host(viewer: Browser, shape: str, blocked: str, kept: str) -> None:
    said = [new("script-src-elem", blocked)] if shape == "new" else old("script-src-elem", blocked)
    assert send(viewer, said).status_code == 204
    assert told() == [f"script-src-elem: {kept}"]
    assert "canary" not in json.dumps(facts_of_all("access.violation"))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 20_000,
        [],
        {},
        None,
        7,
        [None, 7, "x", []],
        [{"body": "x"}],
        {"csp-report": None},
        [new("", "inline")],
        [new("<b>", "inline")],
        [new("x" * 500, "inline")],
        [{"body": {"effectiveDirective": 7, "blockedURL": []}}],
    ],
)
def test_whatever_cannot_be_read_is_left_out(viewer: Browser, said: Any) -> None:
    assert send(viewer, said).status_code == 204
    assert told() == []


def test_empty(viewer: Browser) -> None:
    assert viewer.post(HERE).status_code == 204


def test_wrong_method(viewer: Browser) -> None:
    assert viewer.get(HERE).status_code == 405


def test_wrong_role(nobody: Browser) -> None:
    assert send(nobody, [new("img-src", "inline")]).status_code != 204
    assert told() == []


def test_it_needs_no_token_and_comes_from_our_own_pages(connections: None) -> None:
    strict = signed_in("viewer", enforce_csrf_checks=True)
    assert send(strict, [new("img-src", "inline")], **{"Sec-Fetch-Site": "same-origin"}).status_code == 204
    assert send(strict, [new("img-src", "eval")], **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert told() == ["img-src: inline"]


def test_a_day_is_one_event_with_a_count(viewer: Browser, operator: Browser) -> None:
    for browser in (viewer, operator) * 10:
        send(browser, [new("img-src", "https://a.example/1"), new("img-src", "https://a.example/2")])
    assert told() == ["img-src: a.example"]
    violations._kinds = {kind: (since - 86_401, held) for kind, (since, held) in violations._kinds.items()}
    throttle.clear()
    send(viewer, old("img-src", "https://a.example/3"))
    assert facts_of_all("access.violation")[-1]["result"]["reports"] == 40


def test_nobody_floods_it(viewer: Browser) -> None:
    send(viewer, [new("img-src", f"https://{number}.example/") for number in range(100)])
    assert len(told()) == MAX_REPORTS
    for start in range(0, 300, MAX_REPORTS):
        send(viewer, [new("font-src", f"https://{start + number}.example/") for number in range(MAX_REPORTS)])
    assert len(told()) == KINDS_A_DAY
    violations.clear()
    send(viewer, json.dumps([new("img-src", "inline")]).encode().ljust(MAX_REPORT_BYTES + 1))
    assert len(told()) == KINDS_A_DAY


def test_admins_see_it_and_others_do_not(viewer: Browser, admin: Browser) -> None:
    send(viewer, [new("script-src", "https://evil.example/")])
    page = text(admin.get("/audit/?verb=access"))
    assert "Blocked by a browser" in page
    assert "script-src: evil.example" in page
    assert "Blocked by a browser" not in text(viewer.get("/audit/?verb=access"))


def test_every_page_says_where_to_report(viewer: Browser) -> None:
    headers = viewer.get("/keys/").headers
    assert "report-uri /reports/; report-to policy" in headers["Content-Security-Policy"]
    assert headers["Reporting-Endpoints"] == 'policy="/reports/"'
