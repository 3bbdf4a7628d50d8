"""`/healthz`: the process answers, for machines."""

import pytest
from django.test import Client

from tests.make import Browser

pytestmark = pytest.mark.usefixtures("collected_static")


def test_works_signed_out_without_database_and_over_plain_http() -> None:
    for answer in (Client().get("/healthz"), Browser().get("/healthz")):
        assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.parametrize("method", ["post", "delete"])
def test_wrong_method(method: str) -> None:
    assert getattr(Browser(), method)("/healthz").status_code == 405
