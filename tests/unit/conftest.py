"""What the tests of removals start from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection as database

from dashboard import service
from dashboard.models import Connection
from dashboard.sandbox import Sandbox
from dashboard.vault import MediaQuery
from tests import make
from tests.assertions import Provider, a_provider

collect_ignore = [] if database.vendor == "postgresql" else ["test_audit_role.py"]  # SQLite has no roles


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A sign-on that has published its first key."""
    with a_provider() as provider:
        provider.publish("first")
        yield provider


@pytest.fixture
def small(sandbox: Sandbox, db: None) -> Connection:
    return make.connection("small", label="Studio A", connection_id=make.SMALL_ID)


@pytest.fixture
def media_id(small: Connection, sandbox: Sandbox) -> str:
    """An item with variants that are stored."""
    found = service.list_media(small, MediaQuery(status="stored", limit=20)).readable
    sandbox.calls.clear()
    return next(item.id for item in found if not item.id.startswith("odd"))
