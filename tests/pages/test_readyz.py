"""`/readyz`: the database answers, for machines."""

from typing import Any

import pytest
from django.db import OperationalError, connection

from dashboard.models import Worker
from tests.make import Browser


@pytest.mark.django_db
def test_works() -> None:
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (200, True)


@pytest.mark.django_db
def test_a_database_that_does_not_answer() -> None:
    def broken(*args: Any) -> Any:
        raise OperationalError("password=canary")

    with connection.execute_wrapper(broken):
        answer = Browser().get("/readyz")
    assert answer.status_code == 503
    assert b"canary" not in answer.content


@pytest.mark.parametrize("method", ["post", "delete"])
def test_wrong_method(method: str) -> None:
    assert getattr(Browser(), method)("/readyz").status_code == 405


@pytest.mark.django_db
def test_it_knows_whether_a_worker_lives() -> None:
    assert Browser().get("/readyz").json()["worker"] is False
    Worker.objects.create(host="here")
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (200, True)
