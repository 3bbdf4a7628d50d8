"""What holds for every address: who may come in, that looking changes nothing, headers, and no secrets."""

from __future__ import annotations

import gzip
import io
import logging
import re
from collections.abc import Callable
from itertools import product
from typing import Any, Final
from urllib.parse import unquote

import brotli
import pytest
from django.db import connection as database
from django.templatetags.static import static
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.logs import JsonFormatter
from dashboard.models import Connection, Event, Removal
from dashboard.sandbox import Sandbox
from dashboard.urls import urlpatterns
from tests.answers import text
from tests.environment import API_KEY, SECRET_KEY
from tests.make import BIG_ID, EMPTY_ID, NEW_ID, SMALL_ID, Browser, removal, signed_in
from tests.pages.addresses import ADDRESSES, EVERYWHERE, ROLES, stand_ready, taken_back

pytestmark = pytest.mark.no_cover  # it asks what other tests ask one by one


def test_every_address_is_walked() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ADDRESSES)


@pytest.fixture
def connections(connections: None) -> None:
    stand_ready()


@pytest.fixture
def tombstone(connections: None) -> None:
    removal(Connection.objects.get(slug="small"), media_id="88888")


@pytest.mark.parametrize("address", [*EVERYWHERE.values(), ADDRESSES["media-live"], "/healthz", "/readyz"])
def test_looking_changes_nothing(admin: Browser, tombstone: None, sandbox: Sandbox, address: str) -> None:
    with CaptureQueriesContext(database) as asked:
        for method in ("get", "head"):
            getattr(admin, method)(address)
            admin.fragment(address, method=method)
    words = {query["sql"].split()[0].upper() for query in asked.captured_queries}
    assert words <= {"SELECT"}
    assert {(call.method, call.operation) for call in sandbox.calls} <= {
        ("GET", "query"),
        ("GET", "connections"),
        ("GET", "get"),
        ("POST", "batch"),
    }
    assert (Removal.objects.count(), Event.objects.count()) == (2, 1)


@pytest.mark.parametrize("address", EVERYWHERE.values())
def test_a_page_costs_at_most_one_call(admin: Browser, sandbox: Sandbox, address: str) -> None:
    """But for the purge's question, the search through four connections, and what is stuck by two states."""
    admin.get(address)
    allowed = {
        ADDRESSES["connection-purge"]: 10,
        ADDRESSES["go-answers"]: 4,
        ADDRESSES["connection-stuck"]: 2,
    }
    assert len(sandbox.calls) <= allowed.get(address, 1)


def assert_headers(answer: Any, *, sandbox: Sandbox | None = None) -> None:
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    for part in ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"):
        assert part in policy
    if sandbox:
        assert f"img-src 'self' {sandbox.url}; media-src {sandbox.url};" in policy
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-ID"])
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.parametrize("address", [*EVERYWHERE.values(), "/healthz", "/readyz", ADDRESSES["media-live"]])
def test_every_answer_has_its_headers(connections: None, sandbox: Sandbox, address: str) -> None:
    for role in (None, *ROLES):
        browser = signed_in(role) if role else Browser()
        for method, htmx in product(("get", "post", "put"), ({}, {"HX-Request": "true"})):
            with taken_back(sandbox):
                answer = getattr(browser, method)(address, headers=htmx)
                assert_headers(answer, sandbox=sandbox)
                assert answer.headers["Cache-Control"] == "no-store"


def test_trouble_has_its_headers_too(admin: Browser, sandbox: Sandbox) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("canary of a traceback")

    admin.raise_request_exception = False
    with database.execute_wrapper(broken):
        broke = admin.get("/c/small/media/")
    assert broke.status_code == 500
    assert "canary" not in text(broke)
    sandbox.faults.add(status=503, headers={"Retry-After": "5"}, times=None)
    busy = admin.get("/c/small/media/")
    wrong_host = admin.get("/", headers={"Host": "evil.example"})
    strict = Browser(enforce_csrf_checks=True)
    forged = strict.post("/sign-in/", {"role": "admin"}, headers={"Referer": "https://evil.example/"})
    foreign = admin.post("/sign-out/", headers={"Sec-Fetch-Site": "cross-site"})
    statuses = [503, 400, 403, 403]
    assert [a.status_code for a in (busy, wrong_host, forged, foreign)] == statuses
    for answer in (broke, busy, wrong_host, forged, foreign):
        assert_headers(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<title>" in text(answer)


def test_static_files_have_their_headers_and_may_be_kept(sandbox: Sandbox, db: None) -> None:
    for name in ("css/dashboard.css", "js/dashboard.js", "icons.svg"):
        answer = Browser().get(static(name), headers={"Accept-Encoding": "br"})
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "br"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Strict-Transport-Security" in answer.headers
        sent = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
        assert sent < 450, answer.headers  # four of them are a first load
        answer.close()
    assert_headers(Browser().get("/static/nowhere.css"))


UNPACK: Final[dict[str, Callable[[bytes], bytes]]] = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;q=0.5, br; q=0.0", "gzip"),
        ("br;q=1.0", "br"),
        ("brotli, gzipped, identity, gzip;q=0", ""),
        ("", ""),
    ],
)
def test_pages_are_compressed_for_those_who_take_it(viewer: Browser, accepted: str, coding: str) -> None:
    plain = viewer.get("/c/small/media/").content
    answer = viewer.get("/c/small/media/", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding", "") == coding
    assert "Accept-Encoding" in answer.headers["Vary"]
    if coding:
        assert int(answer.headers["Content-Length"]) == len(answer.content) < len(plain) / 3
        assert UNPACK[coding](answer.content).startswith(b"<!doctype html>")
    assert "Content-Encoding" not in viewer.get("/healthz", headers={"Accept-Encoding": accepted}).headers


def test_plain_http_is_sent_to_https() -> None:
    answer = Client().get("/c/small/media/?status=stored")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/c/small/media/?status=stored"


@pytest.mark.parametrize("address", EVERYWHERE.values())
def test_every_page_has_a_title_one_heading_and_a_language(
    tombstone: None, sandbox: Sandbox, address: str
) -> None:
    for role in ROLES:
        assert_is_whole(text(signed_in(role).get(address)))


def assert_is_whole(page: str) -> None:
    (title,) = re.findall(r"<title>([^<]+)</title>", page)
    assert len(title) > len("Vault+") + 3
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert '<html lang="en"' in page
    assert page.count('<main id="main"') == 1
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), sorted({one for one in ids if ids.count(one) > 1})
    assert "DEMO" in page or "No such page" in page


@pytest.mark.parametrize("address", EVERYWHERE.values())
def test_no_page_has_what_the_policy_forbids(admin: Browser, tombstone: None, address: str) -> None:
    page = text(admin.get(address))
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|hx-on|href=\"#\"|=\"javascript:", page)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", page))


SECRETS: Final = (API_KEY, SECRET_KEY, SMALL_ID, BIG_ID, EMPTY_ID, NEW_ID)


def assert_tells_nothing(answer: Any) -> None:
    told = answer.content.decode() if not answer.streaming else ""
    told += "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
    told += "".join(morsel.OutputString() for morsel in answer.cookies.values())
    for secret in SECRETS:
        assert secret not in told
        assert secret not in unquote(told)


@pytest.mark.parametrize("address", [*EVERYWHERE.values(), ADDRESSES["media-live"]])
def test_no_answer_tells_a_secret(
    tombstone: None, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for role in (None, *ROLES):
        browser = signed_in(role) if role else Browser()
        with taken_back(sandbox):
            for ask in (browser.get, browser.fragment, browser.post):
                assert_tells_nothing(ask(address, {"typed": "x"} if ask == browser.post else None))
    for secret in SECRETS:
        assert secret not in caplog.text


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 200])
def test_what_the_service_repeats_is_not_passed_on(admin: Browser, sandbox: Sandbox, status: int) -> None:
    """Its own words may hold our key or the connection's id; and a traceback may hold anything."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    try:
        body = {"error": f"key {API_KEY} may not see {SMALL_ID} at {sandbox.url}/v2/signed"}
        for method in (None, "DELETE"):
            sandbox.faults.add(method=method, status=status, body=body, times=None)
            for address in filter(lambda one: "/small/" in one, EVERYWHERE.values()):
                assert_tells_nothing(admin.get(address))
            assert_tells_nothing(admin.post("/c/small/media/odd-many/delete/", {"reason": "x"}))
            assert_tells_nothing(admin.post("/c/small/purge/", {"typed": "Studio A"}))
            sandbox.faults.clear()
    finally:
        logging.getLogger().removeHandler(handler)
    for secret in (*SECRETS, "/v2/signed"):
        assert secret not in lines.getvalue()
    kept = Removal.objects.values_list("service_text", "before")
    assert all(secret not in str(list(kept)) for secret in (API_KEY, SMALL_ID))
