"""`/lookup/<number>/tray/`: what was found in a connection goes into the person's tray of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from dashboard import selection
from dashboard.models import Connection, Lookup, TrayItem
from dashboard.sandbox import Sandbox
from tests.answers import text, words_in
from tests.make import OMAR, Browser, lookup, operations, rewrite, signed_in

IMAGE = {"type": "image", "duration": None, "variants": {"thumb": ["stored", 40], "full": ["storing", None]}}
EMPTY: dict[str, Any] = {"type": "image", "duration": None, "variants": {}}


@pytest.fixture
def small(connections: None) -> Connection:
    return Connection.objects.get(slug="small")


@pytest.fixture
def found(small: Connection) -> Lookup:
    """Two found, one that cannot be read, one not cached and one that nobody answered for."""
    told = {"449": IMAGE, "450": EMPTY, "451": {"unreadable": "odd"}, "452": None}
    return lookup(
        [small],
        ids=["450", "449", "451", "452", "453"],
        ticket="ZD-7",
        answers={str(small.pk): told},
        asked_at=timezone.now(),
    )


def in_tray(connection: Connection) -> list[tuple[str, int, int]]:
    assert OMAR.person
    return list(
        selection.list_items(OMAR.person, connection).values_list("media_id", "variants", "size_bytes")
    )


def test_works(operator: Browser, small: Connection, found: Lookup, sandbox: Sandbox) -> None:
    answer = operator.post(f"{found.get_absolute_url()}tray/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/small/tray/?ticket=ZD-7")
    assert in_tray(small) == [("450", 0, 0), ("449", 2, 40)]
    assert operations(sandbox) == []


def test_twice_is_once(operator: Browser, small: Connection, found: Lookup) -> None:
    for _ in range(2):
        operator.post(f"{found.get_absolute_url()}tray/", {"connection": "small"})
    assert len(in_tray(small)) == 2


def test_the_result_offers_it_to_those_who_may(
    viewer: Browser, operator: Browser, small: Connection, found: Lookup
) -> None:
    assert "Add the 2 found to the tray" in words_in(text(operator.get(found.get_absolute_url())))
    assert "to the tray" not in text(viewer.get(found.get_absolute_url()))


def test_of_several_connections_the_one_that_is_named(
    operator: Browser, small: Connection, found: Lookup
) -> None:
    big = Connection.objects.get(slug="big")
    found.connections.add(big)
    Lookup.objects.update(answers={**found.answers, str(big.pk): {"453": IMAGE}})
    page = words_in(text(operator.get(found.get_absolute_url())))
    assert "Add 1 of Creator B to the tray" in page
    assert "Add 2 of Studio A to the tray" in page
    answer = operator.post(f"{found.get_absolute_url()}tray/", {"connection": "big"})
    assert answer.headers["Location"] == "/c/big/tray/?ticket=ZD-7"
    assert in_tray(big) == [("453", 2, 40)]
    assert in_tray(small) == []


def test_empty(operator: Browser, small: Connection) -> None:
    row = lookup([small], ids=["1"], answers={str(small.pk): {"1": None}}, asked_at=timezone.now())
    assert "to the tray" not in text(operator.get(row.get_absolute_url()))
    assert operator.post(f"{row.get_absolute_url()}tray/").headers["Location"] == "/c/small/tray/"
    assert not TrayItem.objects.exists()


def test_fragment(operator: Browser, found: Lookup) -> None:
    answer = operator.fragment(f"{found.get_absolute_url()}tray/", method="post")
    assert answer.headers["HX-Redirect"] == "/c/small/tray/?ticket=ZD-7"


@pytest.mark.parametrize("named", ["big", "nowhere", "conn_canary_small_0000000000a1b2"])
def test_bad_input(operator: Browser, found: Lookup, named: str) -> None:
    assert operator.post(f"{found.get_absolute_url()}tray/", {"connection": named}).status_code == 404
    assert not TrayItem.objects.exists()


def test_upstream_error(operator: Browser, small: Connection, found: Lookup, sandbox: Sandbox) -> None:
    """It asks nobody: what is put there is what was found then, and the tray reads it again."""
    sandbox.faults.add(status=500, times=None)
    operator.post(f"{found.get_absolute_url()}tray/")
    assert len(in_tray(small)) == 2


def test_wrong_role(viewer: Browser, nobody: Browser, found: Lookup) -> None:
    assert viewer.post(f"{found.get_absolute_url()}tray/").status_code == 403
    assert nobody.post(f"{found.get_absolute_url()}tray/").status_code == 302
    rewrite(Connection.objects.filter(slug="small"), groups=["others"])
    assert signed_in("operator").post(f"{found.get_absolute_url()}tray/").status_code == 404
    assert not TrayItem.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_wrong_method(operator: Browser, found: Lookup, method: str) -> None:
    assert getattr(operator, method)(f"{found.get_absolute_url()}tray/").status_code == 405
