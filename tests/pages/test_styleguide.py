"""`/styleguide/`: every component in every state, in the demo and while building only."""

import pytest
from django.test import override_settings

from tests.answers import text
from tests.make import Browser


def test_works(viewer: Browser) -> None:
    assert viewer.get("/styleguide/").status_code == 200
    assert "quarantined" in text(viewer.get("/styleguide/"))


def test_it_is_not_there_in_production(viewer: Browser) -> None:
    with override_settings(IS_DEMO=False, DEBUG=False):
        assert viewer.get("/styleguide/").status_code == 404


def test_wrong_role(nobody: Browser) -> None:
    assert nobody.get("/styleguide/").status_code == 302


@pytest.mark.parametrize("method", ["post", "delete"])
def test_wrong_method(viewer: Browser, method: str) -> None:
    assert getattr(viewer, method)("/styleguide/").status_code == 405
