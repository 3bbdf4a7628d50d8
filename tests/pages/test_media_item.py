"""`/c/<slug>/media/<id>/`: one item with every variant, its tombstone, or that it is not cached."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.models import Connection, Removal
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.make import UPSTREAM_TROUBLE, Browser, deletes, operations, removal

MALFORMED = [
    ".",
    "..",
    "a/b",
    "a/..",
    "../..",
    "%2e",
    "%2e%2e",
    "%252e",
    "a%2fb",
    "%23",
    "%3f",
    "a%00b",
    "a%0ab",
    "a b",
    "x" * 129,
    "x" * 10_000,
    "%EF%BC%94",
    "4.49E+09",
]
METHODS = ["get", "post", "put", "patch", "delete", "head", "options"]


def address(media_id: str, slug: str = "small") -> str:
    return f"/c/{slug}/media/{media_id}/"


def test_works(viewer: Browser, sandbox: Sandbox, media_id: str) -> None:
    answer = viewer.get(address(media_id))
    assert answer.status_code == 200
    assert f"<title>{media_id}" in text(answer)
    for field in ("Status", "Quality", "Size", "MIME", "Accesses", "First seen", "Stored", "Link ends"):
        assert field in text(answer)
    assert operations(sandbox) == ["get"]


def test_empty_item(viewer: Browser) -> None:
    answer = viewer.get(address("odd-empty"))
    assert answer.status_code == 200
    assert "without any variant" in text(answer)


@pytest.mark.parametrize("htmx", [False, True])
def test_not_cached(viewer: Browser, htmx: bool) -> None:
    answer = (viewer.fragment if htmx else viewer.get)(address("99999"))
    assert answer.status_code == 404
    assert "not in the cache" in text(answer)
    if not htmx:
        assert 'href="/go?media=99999"' in text(answer)


def test_tombstone(viewer: Browser) -> None:
    small = Connection.objects.get(slug="small")
    before = {"variants": [{"label": "full", "size_bytes": 1000}, {"label": "thumb", "size_bytes": 0}]}
    removal(small, media_id="99999", ticket="ZD-77", reason="<b>asked</b>", before=before)
    answer = viewer.get(address("99999"))
    assert answer.status_code == 404
    for word in ("was removed", "Omar Haddad", "ZD-77", "&lt;b&gt;asked&lt;/b&gt;", "1.2 MB", "1.0 kB"):
        assert word in text(answer)


def test_the_ticket_goes_along(operator: Browser, media_id: str) -> None:
    """It is in the bar, the links and the address for the ticket, and in nothing that is asked of others."""
    page = text(operator.get(f"{address(media_id)}?ticket=ZD-1"))
    here = f"{address(media_id)}?ticket=ZD-1"
    assert "From <b>ZD-1</b>" in page
    assert f'href="{here}" hx-get="{here}"' in page
    assert f'href="{address(media_id)}delete/?ticket=ZD-1"' in page
    assert f"https://testserver{here}" in page
    assert f'action="{address(media_id)}reveal/?ticket=ZD-1"' in page


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("htmx", [False, True])
def test_the_ticket_bar_of_what_is_not_there(viewer: Browser, removed: bool, htmx: bool) -> None:
    if removed:
        removal(Connection.objects.get(slug="small"), media_id="99999", ticket="ZD-77")
    page = text((viewer.fragment if htmx else viewer.get)(f"{address('99999')}?ticket=ZD-1"))
    assert "From <b>ZD-1</b>" in page
    assert ("This item: Deleted" if removed else "Not in the cache of this connection") in page
    assert 'href="/go?media=99999&amp;ticket=ZD-1"' in page


@pytest.mark.parametrize("tail", ["", "delete/"])
def test_a_ticket_that_cannot_be_kept(operator: Browser, sandbox: Sandbox, media_id: str, tail: str) -> None:
    for ticket in ("x" * 101, "a%00b", "ZD-1&ticket=ZD-2"):
        for call in (operator.get, operator.fragment):
            answer = call(f"{address(media_id)}{tail}?asked=so&ticket={ticket}")
            assert answer.status_code == 422
            assert f'href="{address(media_id)}{tail}?asked=so"' in text(answer)
    assert operations(sandbox) == []


def test_hostile_text_as_a_ticket(viewer: Browser, media_id: str) -> None:
    for here in (address(media_id), address("99999")):
        page = text(viewer.get(here, {"ticket": "\"'><script>alert(1)</script>"}))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_went_with_a_purge(viewer: Browser) -> None:
    small = Connection.objects.get(slug="small")
    removal(small, media_id="", verb=Removal.Verb.PURGE, purged_variants=4)
    assert "purge" in text(viewer.get(address("99999")))


def test_fragment(viewer: Browser, media_id: str) -> None:
    answer = viewer.fragment(address(media_id))
    assert text(answer).lstrip().startswith('<section id="item"')
    assert "<html" not in text(answer)


@pytest.mark.parametrize("media_id", MALFORMED)
@pytest.mark.parametrize("tail", ["", "delete/"])
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input(operator: Browser, sandbox: Sandbox, media_id: str, tail: str, htmx: bool) -> None:
    answer = (operator.fragment if htmx else operator.get)(address(media_id) + tail)
    assert answer.status_code == 422
    assert "media ID" in text(answer)
    assert operations(sandbox) == []


@pytest.mark.parametrize("media_id", [*MALFORMED, "", "batch", "-", "//", "delete"])
@pytest.mark.parametrize("method", METHODS)
def test_no_id_whatever_method_makes_a_purge(
    admin: Browser, sandbox: Sandbox, media_id: str, method: str
) -> None:
    for path in (f"/c/small/media/{media_id}/delete/", f"/c/small/media/{media_id}"):
        for path_as_sent in (path, f"{path}/"):
            answer = getattr(admin, method)(path_as_sent)
            assert answer.status_code in (200, 301, 404, 405, 422), path_as_sent
    assert "purge" not in operations(sandbox)
    assert [path for path in deletes(sandbox) if path.rstrip("/").endswith("/media")] == []


def test_an_empty_id_is_no_item(operator: Browser, sandbox: Sandbox) -> None:
    for path in ("/c/small/media//", "/c/small/media//delete/"):
        for method in ("get", "post"):
            assert getattr(operator, method)(path).status_code in (405, 422)
    assert operations(sandbox) == []


@pytest.mark.parametrize(("fault", "status", "word"), UPSTREAM_TROUBLE)
def test_upstream_error(
    viewer: Browser, sandbox: Sandbox, media_id: str, fault: dict[str, Any], status: int, word: str
) -> None:
    sandbox.faults.add(**fault, times=None)
    answer = viewer.get(address(media_id))
    assert answer.status_code == status
    assert word in text(answer)


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser, media_id: str) -> None:
    assert nobody.get(address(media_id)).status_code == 302
    assert nobody.fragment(address(media_id)).status_code == 401
    assert "/delete/" not in text(viewer.get(address(media_id)))
    assert "/delete/" in text(operator.get(address(media_id)))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_wrong_method(admin: Browser, sandbox: Sandbox, media_id: str, method: str) -> None:
    assert getattr(admin, method)(address(media_id)).status_code == 405
    assert operations(sandbox) == []


@pytest.mark.parametrize("mode", ["hidden", "blurred", "shown"])
def test_media_modes_and_press_to_reveal(viewer: Browser, sandbox: Sandbox, media_id: str, mode: str) -> None:
    viewer.post("/preferences/", {"media": mode})
    page = text(viewer.get(address("odd-many")))
    assert "<video" not in page
    assert f"{sandbox.url}/v2/" not in page
    page = text(viewer.get(address("odd-label")))
    assert page.count(f"{sandbox.url}/v2/") == page.count("<img") == (0 if mode == "hidden" else 2)
    assert sandbox.media_calls == []


@pytest.mark.parametrize("odd", ["odd-foreign", "odd-script"])
def test_a_link_that_is_not_ours_to_open_is_text(viewer: Browser, odd: str) -> None:
    page = text(viewer.get(address(odd)))
    for attribute in ('href="', 'src="', 'data-src="', 'data-copy="'):
        assert f"{attribute}https://evil.example" not in page
        assert f"{attribute}javascript:" not in page
    assert '<code class="inert">https://evil.example</code>' in page or "javascript:alert" in page


@pytest.mark.parametrize("odd", ["odd-quarantined", "odd-document", "odd-label"])
def test_what_is_odd_is_shown_as_itself(viewer: Browser, odd: str) -> None:
    answer = viewer.get(address(odd))
    assert answer.status_code == 200
    assert "<script>alert" not in text(answer)


def test_an_unreadable_item_is_trouble_with_words(viewer: Browser) -> None:
    assert viewer.get(address("odd-unreadable")).status_code == 502
