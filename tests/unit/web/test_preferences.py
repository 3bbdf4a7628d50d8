"""How a browser shows things: what is chosen, and what holds until then."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings

from dashboard.web import preferences


def request_with(session: dict[str, str] | None) -> Any:
    return SimpleNamespace() if session is None else SimpleNamespace(session=session)


@pytest.mark.parametrize("default", ["hidden", "blurred", "shown"])
@pytest.mark.parametrize("session", [None, {}, {"media": ""}])
def test_the_organisation_decides_until_a_person_does(default: str, session: dict[str, str] | None) -> None:
    with override_settings(DASHBOARD_MEDIA_MODE=default):
        assert preferences.read(request_with(session)) == preferences.Preferences(default)


def test_a_choice_holds() -> None:
    request = request_with({})
    preferences.remember(request, media="hidden", layout="grid", theme=None, chosen="")
    assert request.session == {"media": "hidden", "layout": "grid"}
    assert preferences.read(request) == preferences.Preferences("hidden", "grid")
