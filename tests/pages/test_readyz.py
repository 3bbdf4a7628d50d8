"""`/readyz`: the database answers, for machines."""

from typing import Any

import pytest
from django.db import OperationalError, connection

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
