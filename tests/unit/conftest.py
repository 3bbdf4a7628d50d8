"""What the tests of removals start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings

from dashboard import service
from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import make
from tests.assertions import Provider, a_provider
from tests.environment import API_KEY
from tests.rights import as_owner
from tests.scans import ITEMS, SOME_ID, after, begun, sums

collect_ignore = [] if database.vendor == "postgresql" else ["audit/test_role.py"]  # SQLite has no roles


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A sign-on that has published its first key."""
    with a_provider() as provider:
        provider.publish("first")
        yield provider


@pytest.fixture
def owner(db: None) -> Iterator[None]:
    """The tables' owner is connected, as for `migrate` and `audit_trim`."""
    with as_owner():
        yield


@pytest.fixture
def small(sandbox: Sandbox, db: None) -> Connection:
    return make.connection("small", label="Studio A", connection_id=make.SMALL_ID)


@pytest.fixture
def media_id(small: Connection, sandbox: Sandbox) -> str:
    """An item with variants that are stored."""
    found = service.list_media(small, MediaQuery(status="stored", limit=20)).readable
    sandbox.calls.clear()
    return next(item.id for item in found if not item.id.startswith("odd"))


@pytest.fixture(scope="module")
def eight_pages() -> Iterator[Sandbox]:
    with Sandbox(connections={SOME_ID: ITEMS}, key=API_KEY, settle=False) as sandbox:
        yield sandbox


@pytest.fixture
def upstream(eight_pages: Sandbox) -> Iterator[Sandbox]:
    """The service with a connection of eight pages, and nothing else."""
    eight_pages.reset()
    service.get_client.cache_clear()
    with override_settings(VAULTPLUS_API_URL=eight_pages.url):
        yield eight_pages
        service.get_client().close()
        service.get_client.cache_clear()


@pytest.fixture
def some(upstream: Sandbox, db: None) -> Connection:
    return make.connection("some", connection_id=SOME_ID)


@pytest.fixture
def whole(some: Connection) -> dict[str, Any]:
    """What an undisturbed scan counts."""
    return sums(after(begun(some)))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where exports are written, not there yet."""
    with override_settings(DASHBOARD_FILES=tmp_path / "files"):
        yield tmp_path / "files"
