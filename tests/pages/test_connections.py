"""`/connections/`: every connection, for admins."""

from __future__ import annotations

from html import unescape

import pytest
from django.utils import timezone

from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from tests.answers import rows_of, text
from tests.make import BIG_ID, EMPTY_ID, SMALL_ID, Browser, connection, operations, rewrite, signed_in

HERE = "/connections/"


def test_works(admin: Browser, sandbox: Sandbox) -> None:
    connection("closed", label="Closed D", groups=["no-such-group", "support"], archived_at=timezone.now())
    answer = admin.get(HERE)
    assert answer.status_code == 200
    rows = rows_of(answer)
    assert [row.split()[0] for row in rows] == ["Archive", "Creator", "Studio", "Closed"]
    studio, closed = rows[2], rows[3]
    assert "small" in studio
    assert f"··{SMALL_ID[-4:]}" in studio
    assert "Everybody" in studio
    assert timezone.now().strftime("%Y-%m-%d") in studio
    assert "no-such-group support" in closed
    assert "Archived" in closed
    assert 'href="/connections/closed/"' in text(answer)
    assert operations(sandbox) == []


def test_a_connection_of_other_peoples_groups_is_kept_here_and_seen_nowhere_else(admin: Browser) -> None:
    rewrite(Connection.objects.filter(slug="small"), groups=["nobody-of-the-demo"])
    (row,) = (row for row in rows_of(admin.get(HERE)) if "Studio A" in row)
    assert "not you" in row
    assert "Studio A" not in text(admin.get("/?choose=1"))
    assert admin.get("/c/small/media/").status_code == 404


def test_many_groups_are_counted(admin: Browser) -> None:
    rewrite(Connection.objects.filter(slug="small"), groups=[f"group-{n}" for n in range(9)])
    (row,) = (row for row in rows_of(admin.get(HERE)) if "Studio A" in row)
    assert "group-4 and 4 more" in row
    assert "group-5" not in row


def test_what_was_kept_a_moment_ago_is_said(admin: Browser) -> None:
    assert "Studio A is saved." in unescape(words(admin, "small"))
    rewrite(Connection.objects.filter(slug="small"), archived_at=timezone.now())
    assert "Studio A is archived: nobody sees it any more." in words(admin, "small")
    assert words(admin, "<script>") == ""


def words(admin: Browser, slug: str) -> str:
    _, _, after = text(admin.get(HERE, {"kept": slug})).partition('<p class="done"')
    return "".join(part.partition(">")[2] for part in after.partition("</p>")[0].split("<"))


def test_empty(sandbox: Sandbox, db: None) -> None:
    page = text(signed_in("admin").get(HERE))
    assert "No connection has been added yet" in page
    assert 'href="/connections/add/"' in page
    assert 'href="/connections/import/"' in page


def test_the_way_here_is_an_admins(admin: Browser, operator: Browser, viewer: Browser) -> None:
    for address in ("/?choose=1", "/c/small/media/", "/c/small/"):
        assert text(admin.get(address)).count(f'href="{HERE}"') >= 2
        for person in (operator, viewer):
            assert HERE not in text(person.get(address))


def test_without_a_connection_an_admin_is_led_here(sandbox: Sandbox, db: None) -> None:
    assert '<a class="button" href="/connections/">' in text(signed_in("admin").get("/"))
    for role in ("viewer", "operator"):
        assert "Ask your administrator to add the first one." in text(signed_in(role).get("/"))


def test_fragment_is_the_page(admin: Browser) -> None:
    """Nothing swaps this page in parts, so htmx gets what everybody gets."""
    assert rows_of(admin.fragment(HERE)) == rows_of(admin.get(HERE))


@pytest.mark.parametrize("kept", ["nowhere", "", "\x00", "x" * 5000, "small'--"])
def test_bad_input(admin: Browser, kept: str) -> None:
    answer = admin.get(HERE, {"kept": kept})
    assert answer.status_code == 200
    assert 'class="done"' not in text(answer)


def test_upstream_error(admin: Browser, sandbox: Sandbox) -> None:
    """The service is not asked, so its trouble is none here."""
    sandbox.faults.add(status=500, times=None)
    assert admin.get(HERE).status_code == 200
    assert operations(sandbox) == []


def test_no_id_is_told(admin: Browser) -> None:
    page = text(admin.get(HERE))
    assert all(secret not in page for secret in (SMALL_ID, BIG_ID, EMPTY_ID))
    assert not any(digest in page for digest in Connection.objects.values_list("id_digest", flat=True))


def test_wrong_role(nobody: Browser, viewer: Browser, operator: Browser) -> None:
    assert nobody.get(HERE).status_code == 302
    for person in (viewer, operator):
        answer = person.get(HERE)
        assert answer.status_code == 403
        assert "Studio A</span> <code>small" not in text(answer)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method(admin: Browser, method: str) -> None:
    assert getattr(admin, method)(HERE).status_code == 405
