"""`/lookup/<number>/again/`: what was not answered is asked for, or everything anew elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.models import Connection, Lookup
from dashboard.sandbox import Sandbox
from tests.answers import text, words_in
from tests.make import Browser, lookup, operations, signed_in

MANY = "\n".join(str(number) for number in range(250))


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


def test_works(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    """Only the batch that failed is asked again; what came before is kept."""
    sandbox.faults.add(path="/batch$", status=400, body={"error": "odd"}, times=1)
    viewer.post("/lookup/", {"ids": MANY, "connection": "small"})
    row = Lookup.objects.get()
    asked_at = row.asked_at
    assert len(row.trouble[str(small.pk)]) in (50, 100)
    sandbox.calls.clear()
    answer = viewer.post(f"{row.get_absolute_url()}again/")
    assert (answer.status_code, answer.headers["Location"]) == (303, row.get_absolute_url())
    assert operations(sandbox) == ["batch"]
    row.refresh_from_db()
    assert len(row.answers[str(small.pk)]) == 250
    assert row.trouble[str(small.pk)] == {}
    assert row.asked_at == asked_at
    assert "could not be asked" not in text(viewer.get(row.get_absolute_url()))


def test_after_an_interruption_all_is_asked(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    row = lookup([small], ids=["1", "2"], created_at=timezone.now() - timedelta(minutes=5))
    page = words_in(text(viewer.post(f"{row.get_absolute_url()}again/", follow=True)))
    assert "2 not cached" in page
    assert "interrupted" not in page
    assert operations(sandbox) == ["batch"]


def test_everything_anew_has_an_address_of_its_own(viewer: Browser, small: Connection) -> None:
    old = lookup([small], ids=["1", "2"], repeated={"1": 3}, malformed=[["a@b", "why", 1]], ticket="ZD-7")
    answer = signed_in("operator").post(f"{old.get_absolute_url()}again/", {"all": "1"})
    new = Lookup.objects.exclude(pk=old.pk).get()
    assert answer.headers["Location"] == new.get_absolute_url()
    assert (new.ids, new.repeated, new.malformed, new.ticket) == (
        old.ids,
        old.repeated,
        old.malformed,
        old.ticket,
    )
    assert (new.person, list(new.connections.all())) == ("Omar Haddad", [small])
    old.refresh_from_db()
    assert old.answers == {}


def test_empty(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    row = lookup([small], ids=["1"], answers={str(small.pk): {"1": None}}, asked_at=timezone.now())
    assert viewer.post(f"{row.get_absolute_url()}again/").status_code == 303
    assert operations(sandbox) == []


def test_fragment(viewer: Browser, small: Connection) -> None:
    row = lookup([small], ids=["1"])
    answer = viewer.fragment(f"{row.get_absolute_url()}again/", method="post")
    assert answer.headers["HX-Redirect"] == row.get_absolute_url()


def test_bad_input(viewer: Browser) -> None:
    assert viewer.post("/lookup/x/again/").status_code == 404


def test_upstream_error(viewer: Browser, small: Connection, sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/batch$", status=500, times=None)
    row = lookup([small], ids=["1"])
    page = words_in(text(viewer.post(f"{row.get_absolute_url()}again/", follow=True)))
    assert "1 ID could not be asked" in page


def test_wrong_role(nobody: Browser, small: Connection, sandbox: Sandbox) -> None:
    assert nobody.post(f"{lookup([small], ids=['1']).get_absolute_url()}again/").status_code == 302
    assert operations(sandbox) == []


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_wrong_method(viewer: Browser, small: Connection, method: str) -> None:
    assert (
        getattr(viewer, method)(f"{lookup([small], ids=['1']).get_absolute_url()}again/").status_code == 405
    )
