"""`/reports/`: what browsers report of the policy, by the day; no address is kept, nobody floods it."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from dashboard import policy_reports
from dashboard.models import Event, PolicyReport
from dashboard.policy_reports import MAX_KINDS_A_DAY, MAX_WRITES_A_MINUTE, OTHERS
from dashboard.web.views.report import MAX_REPORT_BYTES, MAX_REPORTS
from tests.answers import text
from tests.make import Browser, signed_in

HERE: Final = "/reports/"


LIST: Final = "https://testserver/c/small/media/?q=canary"


@pytest.fixture(autouse=True)
def _a_new_minute() -> None:
    policy_reports.pace.clear()


def new(directive: str, blocked: str, page: str = LIST) -> dict[str, Any]:
    body = {"effectiveDirective": directive, "blockedURL": blocked, "documentURL": page}
    return {"type": "csp-violation", "url": page, "body": body}


def old(directive: str, blocked: str, page: str = LIST) -> dict[str, Any]:
    return {"csp-report": {"violated-directive": directive, "blocked-uri": blocked, "document-uri": page}}


def send(browser: Browser, said: Any, **headers: str) -> Any:
    kind = "application/reports+json" if isinstance(said, list) else "application/csp-report"
    body = said if isinstance(said, bytes) else json.dumps(said)
    return browser.post(HERE, body, content_type=kind, headers=headers)


def counted() -> dict[str, int]:
    """What is known now, in the order in which it came: no addresses, and no events."""
    assert not Event.objects.filter(code="access.violation").exists()
    rows = PolicyReport.objects.filter(count__gt=0).order_by("pk")
    assert "canary" not in repr(list(rows.values()))
    return {f"{row.directive}: {row.blocked} on {row.page}": row.count for row in rows}


def told() -> list[str]:
    return [of.partition(" on ")[0] for of in counted()]


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
    assert counted() == {f"script-src-elem: {kept} on media-list": 1}


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (LIST, "media-list"),
        ("https://testserver/", "home"),
        ("https://testserver/c/small/media/canary/#canary", "media-item"),
        ("https://testserver/nowhere/canary/", "other"),
        ("https://canary.example/audit/", "other"),
        ("https://testserver:444/audit/", "other"),
        ("/audit/", "other"),
        ("about:blank", "other"),
        ("https://[canary/audit/", "other"),
        ("", "other"),
    ],
)
@pytest.mark.parametrize("shape", [new, old])
def test_a_page_is_the_name_of_its_address(viewer: Browser, shape: Any, page: str, name: str) -> None:
    send(viewer, shape("img-src", "inline", page))
    assert counted() == {f"img-src: inline on {name}": 1}


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


def test_a_day_is_one_row_with_a_count(viewer: Browser, operator: Browser) -> None:
    for browser in (viewer, operator) * 10:
        send(browser, [new("img-src", "https://a.example/1"), new("img-src", "https://a.example/2")])
    send(viewer, old("img-src", "https://a.example/3"))
    assert counted() == {"img-src: a.example on media-list": 41}


def test_nobody_floods_it(viewer: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """Beyond what a day tells apart all are counted together, and beyond a pace none is."""
    send(viewer, [new("img-src", f"https://{number}.example/") for number in range(100)])
    assert len(told()) == MAX_REPORTS
    for start in range(0, 300, MAX_REPORTS):
        send(viewer, [new("font-src", f"https://{start + number}.example/") for number in range(MAX_REPORTS)])
    assert PolicyReport.objects.count() == MAX_KINDS_A_DAY + 1
    assert counted()["{}: {} on {}".format(*OTHERS)] == 320 - MAX_KINDS_A_DAY
    assert caplog.text.count("a browser refused what the policy forbids: ") == MAX_KINDS_A_DAY
    before = counted()
    too_long = json.dumps([new("img-src", "inline")]).encode().ljust(MAX_REPORT_BYTES + 1)
    assert send(viewer, too_long).status_code == 204
    assert counted() == before
    while sum(counted().values()) < MAX_WRITES_A_MINUTE:
        assert send(viewer, [new("font-src", "https://1.example/")]).status_code == 204
    assert send(viewer, [new("font-src", "https://1.example/")]).status_code == 429
    assert sum(counted().values()) == MAX_WRITES_A_MINUTE


def test_admins_see_it_and_others_do_not(viewer: Browser, admin: Browser) -> None:
    assert "Needs a look" not in text(admin.get("/audit/"))
    for _ in range(3):
        send(viewer, [new("script-src", "https://evil.example/")])
    page = text(admin.get("/audit/"))
    assert "Blocked by browsers" in page
    assert "<code>script-src</code> evil.example" in page
    assert "3 reports in 7 days, of the page <code>media-list</code>; the last on " in page
    assert "Browsers blocked more than these" not in page
    assert "Blocked by browsers" not in text(viewer.get("/audit/"))
    send(viewer, [new("script-src", f"https://{number}.example/") for number in range(6)])
    assert "Browsers blocked more than these" in text(admin.get("/audit/"))


def test_every_page_says_where_to_report(viewer: Browser) -> None:
    headers = viewer.get("/keys/").headers
    assert "report-uri /reports/; report-to policy" in headers["Content-Security-Policy"]
    assert headers["Reporting-Endpoints"] == 'policy="/reports/"'
