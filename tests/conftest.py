"""The shipped client and pages over an embedded stand-in service, on loopback and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import django
import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from whitenoise import WhiteNoise

from tests.environment import API_KEY, make_up

make_up()  # before Django reads its settings
os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection as connection_to_database  # noqa: E402
from django.test import TransactionTestCase, override_settings  # noqa: E402

from dashboard import schema, service  # noqa: E402
from dashboard.accounts import accounts  # noqa: E402
from dashboard.audit import nightly, triggers  # noqa: E402
from dashboard.audit.record import throttle  # noqa: E402
from dashboard.auth.config import AuthConfig  # noqa: E402
from dashboard.exports.downloads import slots_taken  # noqa: E402
from dashboard.models import Connection  # noqa: E402
from dashboard.sandbox import Sandbox  # noqa: E402
from dashboard.vault import get_breaker  # noqa: E402
from tests.assertions import sign_on_with  # noqa: E402
from tests.make import BIG_ID, EMPTY_ID, NEW_ID, SMALL_ID, Browser, new_connection, signed_in  # noqa: E402
from tests.postgresql import ROLE  # noqa: E402
from tests.rights import as_owner  # noqa: E402

pytest_plugins = ["tests.browser.chromium"]

# A busy machine is no failure, and what was seen to fail once must not hang on a folder that a run leaves.
hypothesis_settings.register_profile("here", deadline=None, database=None, max_examples=60)
hypothesis_settings.load_profile("here")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in production: threads then have connections of their own."""
    if connection_to_database.vendor == "sqlite":
        test = connection_to_database.settings_dict["TEST"]
        test["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """On PostgreSQL the tables are made by their owner, and every test runs with the rights that
    `manage.py grants` gives; make.as_owner is for what the owner does."""
    if connection_to_database.vendor != "postgresql":
        yield
        return
    usual = connection_to_database.settings_dict["OPTIONS"]
    with django_db_blocker.unblock():
        with connection_to_database.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {ROLE}")
        call_command("grants", ROLE, apply=True, stdout=StringIO())
        connection_to_database.close()
    options = f"{usual.get('options', '')} -c role={ROLE}"
    connection_to_database.settings_dict["OPTIONS"] = {**usual, "options": options}
    yield
    with django_db_blocker.unblock():
        connection_to_database.close()
        connection_to_database.settings_dict["OPTIONS"] = usual
        with connection_to_database.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {ROLE}")


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests() -> Iterator[None]:
    """Tests with real transactions empty the database behind them, which the audit's guards would refuse."""
    with pytest.MonkeyPatch.context() as patch:
        teardown: Callable[[TransactionTestCase], None] = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

        def lift_guards_and_empty(case: TransactionTestCase) -> None:
            with as_owner():
                with connection_to_database.schema_editor() as editor:
                    triggers.remove(editor)
                teardown(case)
                with connection_to_database.schema_editor() as editor:
                    triggers.install(editor)

        patch.setattr(TransactionTestCase, "_fixture_teardown", lift_guards_and_empty)
        yield


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """What one test noted and whom it saw is nothing to the next."""
    throttle.clear()
    nightly.forget()
    slots_taken.clear()
    schema.forget_state()
    accounts.forget()
    get_breaker.cache_clear()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """The service for the whole run: a connection small and odd, a large, an empty and a new one."""
    counts = {SMALL_ID: 60, BIG_ID: 1_000_000, EMPTY_ID: 0, NEW_ID: 3}
    with Sandbox(connections=counts, key=API_KEY, oddities=True, settle=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def collected_static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Static files under their hashed names, as production serves them.

    They are looked for once: WhiteNoise would do so for each of the thousands of browsers that tests open,
    which took a third of the time of the page tests.
    """
    folder = tmp_path_factory.mktemp("static")
    found: dict[tuple[str, str], dict[str, Any]] = {}
    look_for_files = WhiteNoise.update_files_dictionary

    def look_for_files_once(self: Any, root: str, prefix: str) -> None:
        if (root, prefix) not in found:
            look_for_files(self, root, prefix)
            found[root, prefix] = dict(self.files)
        self.files.update(found[root, prefix])

    with override_settings(STATIC_ROOT=str(folder)), pytest.MonkeyPatch.context() as patch:
        call_command("collectstatic", interactive=False, verbosity=0)
        patch.setattr(WhiteNoise, "update_files_dictionary", look_for_files_once)
        yield folder


@pytest.fixture
def sandbox(running_sandbox: Sandbox, collected_static: Path) -> Iterator[Sandbox]:
    """The service as new, with the shipped client of this process speaking to it."""
    running_sandbox.reset()
    address = running_sandbox.url
    service.get_client.cache_clear()
    with override_settings(VAULTPLUS_API_URL=address, VAULTPLUS_MEDIA_HOSTS=[address]):
        yield running_sandbox
        service.get_client().close()
        service.get_client.cache_clear()
    running_sandbox.reset()


@pytest.fixture
def connections(sandbox: Sandbox, db: None) -> None:
    """Three connections over what the service holds: `small`, `big` and `empty`."""
    rows = [
        new_connection("small", label="Studio A", connection_id=SMALL_ID, colour="blue"),
        new_connection("big", label="Creator B", connection_id=BIG_ID),
        new_connection("empty", label="Archive C", connection_id=EMPTY_ID),
    ]
    for row in rows:
        row.sign()
    Connection.objects.bulk_create(rows)


@pytest.fixture
def behind_sign_on(tmp_path: Path) -> Iterator[AuthConfig]:
    """The dashboard in assertion mode; `assertion_browser` of tests/make.py has the people."""
    sign_on = sign_on_with(tmp_path, sign_out_url="https://sso.example.com/out", contact="it@example.com")
    with override_settings(AUTH_CONFIG=sign_on, IS_DEMO=False):
        yield sign_on


@pytest.fixture
def viewer(connections: None) -> Browser:
    return signed_in("viewer")


@pytest.fixture
def operator(connections: None) -> Browser:
    return signed_in("operator")


@pytest.fixture
def admin(connections: None) -> Browser:
    return signed_in("admin")


@pytest.fixture
def nobody(connections: None) -> Browser:
    """A browser that has not signed in."""
    return Browser()
