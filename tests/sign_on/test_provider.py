"""The provider's own life: it takes a new key, and it goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.sign_on.keys import SigningKey
from tests.sign_on.loop import Loop
from tests.sign_on.visitor import Visitor, until

LIST = "/c/studio-a/media/"


@pytest.fixture
def moody_loop(loop: Loop) -> Iterator[Loop]:
    """The loop; afterwards the provider runs and the dashboard has its keys, whatever happened."""
    yield loop
    loop.provider.stop()
    loop.provider.start()


def test_a_new_key_of_the_providers_needs_no_restart(
    moody_loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    before = visitor()
    before.open(LIST, "omar")
    moody_loop.rotate(SigningKey())
    moody_loop.provider.stop()
    moody_loop.provider.start()
    after = visitor()
    first = after.open(LIST, "ada")
    page = until(lambda: after.get(LIST), lambda page: page.status_code == 200)
    assert 'aria-label="Ada Brandt, admin: account"' in page.text
    assert first.status_code in (200, 401)  # an unknown key is asked for at most once every few seconds
    assert before.get(LIST).status_code == 200


def test_while_the_provider_is_away_those_signed_in_stay_so(
    moody_loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    browser = visitor()
    browser.open(LIST, "omar")
    moody_loop.provider.stop()
    assert 'aria-label="Omar Haddad, operator: account"' in browser.get(LIST).text


def test_a_dashboard_without_keys_says_so_and_when_to_come_back(
    moody_loop: Loop, visitor: Callable[[], Visitor]
) -> None:
    browser = visitor()
    browser.open(LIST, "omar")
    moody_loop.provider.stop()
    moody_loop.dashboard.stop()
    moody_loop.dashboard.start()
    away = browser.get(LIST)
    assert away.status_code == 503
    assert int(away.headers["Retry-After"]) > 0
    assert "Omar" not in away.text
    moody_loop.provider.start()
    page = until(lambda: browser.get(LIST), lambda page: page.status_code == 200)
    assert 'aria-label="Omar Haddad, operator: account"' in page.text
