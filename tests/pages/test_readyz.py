"""`/readyz`: the database answers and fits the program, for machines."""

from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from dashboard import schema, service
from dashboard.models import Worker
from dashboard.sandbox import Sandbox
from tests.answers import text
from tests.environment import API_KEY
from tests.make import Browser
from tests.rights import as_owner

pytestmark = pytest.mark.usefixtures("collected_static")
NOT_ASKED = {"last_success_seconds": None, "p50_ms": None, "key": "unknown", "breaker": "closed"}
NOTHING_KNOWN = {
    "database": False,
    "changes": None,
    "migrations": None,
    "worker": None,
    "audit": None,
    "vault": NOT_ASKED,
}


@pytest.fixture(autouse=True)
def _nothing_was_asked() -> None:
    service.get_client.cache_clear()


@pytest.mark.django_db
def test_works() -> None:
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "database": True,
            "changes": True,
            "migrations": True,
            "worker": False,
            "audit": None,
            "vault": NOT_ASKED,
        },
    )


@pytest.mark.django_db
def test_a_database_that_does_not_answer() -> None:
    def broken(*args: Any) -> Any:
        raise OperationalError("password=canary")

    with connection.execute_wrapper(broken):
        answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, NOTHING_KNOWN)


@pytest.mark.parametrize("method", ["post", "delete"])
def test_wrong_method(method: str) -> None:
    assert getattr(Browser(), method)("/readyz").status_code == 405


@pytest.mark.django_db
def test_it_knows_whether_a_worker_lives() -> None:
    assert Browser().get("/readyz").json()["worker"] is False
    Worker.objects.create(host="here")
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (200, True)


@pytest.fixture
def behind(db: None) -> Any:
    """The newest migration was not applied, as far as the database says."""
    with as_owner():
        newest = MigrationRecorder.Migration.objects.filter(app="dashboard").order_by("name").last()
        assert newest
        newest.delete()
    return newest


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_database_behind_the_program_is_not_ready(behind: Any, method: str) -> None:
    answer = getattr(Browser(), method)("/readyz")
    assert answer.status_code == 503
    if method == "get":
        known = {
            "database": True,
            "changes": True,
            "migrations": False,
            "worker": None,
            "audit": None,
            "vault": NOT_ASKED,
        }
        assert answer.json() == known


def test_it_is_ready_once_it_was_migrated(behind: Any) -> None:
    assert Browser().get("/readyz").status_code == 503
    with as_owner():
        MigrationRecorder(connection).record_applied(behind.app, behind.name)
    assert Browser().get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_migration_that_this_program_does_not_know_is_no_matter() -> None:
    with as_owner():
        MigrationRecorder(connection).record_applied("dashboard", "9999_of_a_newer_version")
    assert Browser().get("/readyz").status_code == 200


@pytest.mark.django_db
def test_asked_every_second_it_costs_two_queries(django_assert_max_num_queries: Any) -> None:
    Browser().get("/readyz")
    with django_assert_max_num_queries(2):
        Browser().get("/readyz")


def test_it_says_how_the_service_is_by_what_calls_found(viewer: Browser, sandbox: Sandbox) -> None:
    viewer.get("/c/small/media/")
    asked = len(sandbox.calls)
    answer = Browser().get("/readyz")
    vault = answer.json()["vault"]
    assert (answer.status_code, vault["key"], vault["breaker"]) == (200, "ok", "closed")
    assert 0 <= vault["last_success_seconds"] < 60
    assert vault["p50_ms"] > 0
    sandbox.faults.add(path="/media", status=500, times=None)
    for _ in range(3):
        viewer.get("/c/small/media/")
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["vault"]["breaker"]) == (200, "open")
    assert len(sandbox.calls) == asked + 5
    assert API_KEY not in answer.content.decode()


def test_a_refused_key_is_no_secret(viewer: Browser, sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/media", status=401)
    viewer.get("/c/small/media/")
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["vault"]["key"]) == (200, "refused")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")
@pytest.mark.django_db(transaction=True)
def test_a_role_that_may_not_read_them_is_ready_all_the_same() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("REVOKE SELECT ON django_migrations FROM vault_test_role")
    try:
        answer = Browser().get("/readyz")
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("GRANT SELECT ON django_migrations TO vault_test_role")
    assert (answer.status_code, answer.json()["migrations"]) == (200, None)


@pytest.mark.parametrize("is_behind", [True, False])
def test_a_page_says_which_it_is(admin: Browser, behind: Any, is_behind: bool) -> None:
    """What breaks because a migration is missing is told apart from a database that does not answer."""
    if not is_behind:
        with as_owner():
            MigrationRecorder(connection).record_applied(behind.app, behind.name)

    def no_such_table(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "dashboard_connection"' in sql or "FROM dashboard_connection" in sql:
            with transaction.atomic():  # a request is within none that could be broken by it
                return execute("SELECT 1 FROM dashboard_to_come", None, many, context)
        return execute(sql, params, many, context)

    schema.is_migrated()
    with connection.execute_wrapper(no_such_table):
        if not is_behind and connection.vendor == "postgresql":
            return
        for answer in (admin.get("/c/small/media/"), admin.fragment("/c/small/media/")):
            assert answer.status_code == 503
            assert ("being updated" in text(answer)) is is_behind
            assert ("manage.py migrate" in text(answer)) is is_behind


@pytest.mark.django_db
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[fe80::1]", "pod-1_x.local", "", "a,b", "b@d", "x" * 300])
def test_a_probe_is_answered_whatever_its_host(path: str, host: str, secure: bool) -> None:
    answer = Client(headers={"Host": host}).get(path, secure=secure)
    assert answer.status_code == 200
    assert Client(headers={"Host": host}).post(path, secure=secure).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/nowhere", "/healthz/", "/static/icons.svg"])
@pytest.mark.parametrize("host", ["evil.example", "10.0.0.7:8000", "a,b"])
def test_a_page_under_another_name_is_refused_in_words(
    path: str, host: str, secure: bool, caplog: pytest.LogCaptureFixture
) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(headers={"Host": host}), method)(path, secure=secure)
        assert answer.status_code == 400
        assert "Not an address of this dashboard" in text(answer)
        assert host not in text(answer)
        assert "Content-Security-Policy" in answer.headers
    assert not any(record.exc_info for record in caplog.records)
