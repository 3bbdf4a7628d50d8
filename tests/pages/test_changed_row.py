"""A connection whose row was changed outside the dashboard: a page says so, and nothing is sent for it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database

from dashboard.audit import find_changed_row
from dashboard.models import Connection, Removal
from dashboard.sandbox import Sandbox
from dashboard.service import list_connections
from tests.answers import text
from tests.make import SMALL_ID, Browser, deletes, facts_of, operations, signed_in

TITLE = "This connection was changed outside the dashboard"
ACTS = ("/c/small/media/", "/c/small/media/449/", "/c/small/media/449/delete/", "/c/small/tray/", "/c/small/")


def change(sql: str, *values: Any) -> None:
    """Change the row as whoever has the database does."""
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE dashboard_connection SET {sql} WHERE slug = 'small'", values)


CHANGES = {
    "groups": "groups = '[\"viewers\"]'",
    "sealed_id": "sealed_id = (SELECT sealed_id FROM dashboard_connection WHERE slug = 'big')",
    "id_digest": "id_digest = 'x'",
    "label": "label = 'Creator C'",
    "colour": "colour = 'rose'",
    "tail": "tail = '0000'",
    "created_at": "created_at = '2020-01-01 00:00:00+00:00'",
    "archived_at": "archived_at = NULL",
    "signature": "signature = (SELECT signature FROM dashboard_connection WHERE slug = 'big')",
    "slug": "slug = 'small'",
}


def test_every_column_is_tried_and_signed() -> None:
    columns = {field.name for field in Connection._meta.concrete_fields} - {"id"}
    assert columns == set(CHANGES) == {*Connection.SIGNED, "signature"}


@pytest.mark.parametrize("column", sorted(CHANGES.keys() - {"slug", "archived_at"}))
def test_a_changed_column_is_refused_and_nothing_is_sent(
    connections: None, sandbox: Sandbox, column: str
) -> None:
    browser = signed_in("admin")
    change(CHANGES[column])
    for address in ACTS:
        answer = browser.get(address)
        assert answer.status_code == 503
        assert TITLE in text(answer)
        assert "manage.py audit_verify" in text(answer)
        assert browser.post(f"{address}delete/").status_code in (404, 405, 503)
    assert operations(sandbox) == deletes(sandbox) == []
    assert not Removal.objects.exists()
    assert find_changed_row() == ("connection small", "was changed outside the dashboard")


def test_a_row_that_is_read_again_is_checked_again(connections: None) -> None:
    small = Connection.objects.get(slug="small")
    assert small.is_intact
    change("groups = '[]', label = 'Other'")
    small.refresh_from_db()
    assert not small.is_intact
    assert not small.is_open_to([])


def test_an_archived_one_that_is_brought_back_is_refused(connections: None, sandbox: Sandbox) -> None:
    browser = signed_in("admin")
    assert browser.post("/connections/small/archive/", {"act": "archive"}).status_code == 303
    change(CHANGES["archived_at"])
    assert browser.get("/c/small/media/").status_code == 503
    assert operations(sandbox) == []


def test_it_is_offered_to_nobody_and_its_admins_see_it_as_changed(connections: None) -> None:
    admin = signed_in("admin")
    change("groups = '[]'")
    change("label = 'Other'")
    page = text(admin.get("/connections/"))
    assert "Changed outside the dashboard" in page
    assert "Other" in page
    assert "manage.py connection confirm small</code>" in page
    assert page.count("manage.py connection confirm") == 1
    assert 'href="/connections/small/"' not in page, "a form that nothing could save"
    for form in ("/connections/small/", "/connections/small/archive/"):
        assert admin.get(form).status_code == 503
    answer = admin.post("/connections/small/", {"label": "New", "colour": "rose", "groups": ""})
    assert answer.status_code == 503
    assert Connection.objects.get(slug="small").label == "Other"
    assert [one.slug for one in list_connections(admin_person())] == ["empty", "big"]


def admin_person() -> Any:
    from dashboard.auth.demo import DEMO_PEOPLE

    return DEMO_PEOPLE["admin"]


def confirm(*arguments: str) -> str:
    out = io.StringIO()
    call_command("connection", "confirm", *arguments, stdout=out)
    return out.getvalue()


def test_who_types_its_id_again_puts_it_back_to_use(viewer: Browser, sandbox: Sandbox) -> None:
    change(CHANGES["sealed_id"])
    change(CHANGES["id_digest"])
    for wrong in ("no id", ""):
        with pytest.raises(CommandError, match="printable"):
            confirm("small", wrong)
    with pytest.raises(CommandError, match="Another connection has this ID"):
        confirm("small", Connection.objects.get(slug="big").connection_id)
    assert viewer.get("/c/small/media/").status_code == 503
    assert confirm("small", SMALL_ID) == "small (··a1b2) is called Studio A and seen by everybody.\n"
    assert viewer.get("/c/small/media/").status_code == 200
    assert operations(sandbox) == ["query"]
    assert facts_of("connection.confirmed")["result"]["label"] == "Studio A"
    assert find_changed_row() is None
