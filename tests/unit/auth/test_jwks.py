"""The keys of the sign-on: rotated without a restart, kept while their source is away, for a day."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dashboard.auth.jwks import (
    COOLDOWN_SECONDS,
    MAX_JWKS_BYTES,
    MAX_KEY_AGE_SECONDS,
    FetchedKeys,
    make_balancer_keyring,
    make_jwks_keyring,
    parse_jwks,
)
from dashboard.identity import KeysUnavailable, Refused
from tests.assertions import Provider, a_provider, jwks, public_pem

ES256 = ("ES256",)
NESTED = b'{"keys": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
KID = "12345678-1234-1234-1234-1234567890ab"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wait_until(fits: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not fits():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def keyring(provider: Provider, clock: Clock) -> FetchedKeys:
    return make_jwks_keyring(provider.url, ES256, clock)


def test_a_known_key_asks_once(provider: Provider, keyring: FetchedKeys) -> None:
    for _ in range(5):
        assert keyring.find_keys("first")[0].key_id == "first"
    assert len(provider.asked) == 1


def test_a_new_key_is_found_without_a_restart(provider: Provider, keyring: FetchedKeys, clock: Clock) -> None:
    keyring.find_keys("first")
    provider.publish("first", "second")
    clock.now += COOLDOWN_SECONDS
    assert keyring.find_keys("second")[0].key_id == "second"
    assert keyring.find_keys("first")[0].key_id == "first"
    assert len(provider.asked) == 2


def test_a_key_that_is_withdrawn_ends_with_the_next_look(provider: Provider, keyring: FetchedKeys) -> None:
    keyring.find_keys("first")
    provider.publish("second")
    keyring.refresh()
    assert keyring.find_keys("second")[0].key_id == "second"
    with pytest.raises(Refused, match="unknown key"):
        keyring.find_keys("first")


def test_an_unknown_key_asks_at_most_once_in_ten_seconds(
    provider: Provider, keyring: FetchedKeys, clock: Clock
) -> None:
    for step in range(25):
        with pytest.raises(Refused, match="unknown key"):
            keyring.find_keys(f"made-up-{step}")
        clock.now += 1
    assert len(provider.asked) == 3


def test_a_storm_of_unknown_keys_asks_once_and_holds_one_thread(
    provider: Provider, keyring: FetchedKeys, clock: Clock
) -> None:
    keyring.find_keys("first")
    clock.now += COOLDOWN_SECONDS
    provider.wait.clear()
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(keyring.find_keys, "made-up")
        wait_until(lambda: len(provider.asked) == 2)
        for number in range(40):  # each is answered while the fetch is out
            with pytest.raises(KeysUnavailable):
                keyring.find_keys(f"made-up-{number}")
            assert keyring.find_newer_keys(f"made-up-{number}") == []
            assert keyring.find_keys("first")[0].key_id == "first"
        assert not asking.done()
        provider.wait.set()
        with pytest.raises(Refused):
            asking.result(10)
    assert len(provider.asked) == 2


def test_the_keys_are_here_before_anybody_comes(clock: Clock) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def fetch(kid: str | None, known: Any) -> dict[str | int, str]:
        asked.set()
        assert go_on.wait(30)
        return {"first": "a key"}

    keyring = FetchedKeys(fetch, clock)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(keyring.start)
        assert asked.wait(30)
        assert not starting.done()
        go_on.set()
        starting.result(30)
    assert keyring.find_keys("first") == ["a key"]


def test_a_start_does_not_wait_for_keys_that_cannot_be_had(clock: Clock) -> None:
    with a_provider() as gone:
        url = gone.url
    keyring = make_jwks_keyring(url, ES256, clock)
    keyring.start()
    with pytest.raises(KeysUnavailable):
        keyring.find_keys("first")


def test_keys_serve_a_day_without_their_source(
    provider: Provider, keyring: FetchedKeys, clock: Clock
) -> None:
    keyring.find_keys("first")
    provider.status = 503
    clock.now += MAX_KEY_AGE_SECONDS - 1
    keyring.refresh()
    assert keyring.find_keys("first")[0].key_id == "first"
    with pytest.raises(KeysUnavailable):
        keyring.find_keys("second")
    clock.now += 2
    with pytest.raises(KeysUnavailable):
        keyring.find_keys("first")
    provider.status = 200
    clock.now += COOLDOWN_SECONDS
    assert keyring.find_keys("first")[0].key_id == "first"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"keys"',
        b"{}",
        b'{"keys": []}',
        b'{"keys": {"kid": "first"}}',
        b'{"keys": ["first", null]}',
        b"[" * 100_000,
        NESTED,
        json.dumps(jwks("first", "second")).encode() + b" " * MAX_JWKS_BYTES,
        json.dumps(jwks("first", algorithm="RS256")).encode(),
        json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]}).encode(),
        json.dumps({"keys": [{**jwks("first")["keys"][0], "use": "enc"}]}).encode(),
    ],
)
def test_what_is_no_set_of_keys_leaves_the_old_ones(
    provider: Provider, keyring: FetchedKeys, body: bytes
) -> None:
    keyring.find_keys("first")
    provider.body = body
    keyring.refresh()
    assert keyring.find_keys("first")[0].key_id == "first"
    with pytest.raises(KeysUnavailable):
        keyring.find_keys("second")


def test_a_source_that_was_never_reached_vouches_for_nobody(clock: Clock) -> None:
    with a_provider() as gone:
        url = gone.url
    keyring = make_jwks_keyring(url, ES256, clock)
    with pytest.raises(KeysUnavailable):
        keyring.find_keys("first")


def test_a_redirect_is_not_followed(provider: Provider, clock: Clock) -> None:
    with a_provider() as elsewhere:
        elsewhere.publish("first")
        provider.status, provider.location = 302, elsewhere.url
        with pytest.raises(KeysUnavailable):
            make_jwks_keyring(provider.url, ES256, clock).find_keys("first")
        assert elsewhere.asked == []


def test_new_keys_are_looked_for_in_the_background(clock: Clock) -> None:
    looked = threading.Event()

    def fetch(kid: str | None, known: Any) -> dict[str | int, str]:
        if kid is None:
            looked.set()
        return {"first": "a key"}

    keyring = FetchedKeys(fetch, clock, every=0.01)
    assert keyring.find_keys("first")[0] == "a key"
    assert looked.wait(5)


def test_a_keyring_that_nobody_has_any_more_asks_nobody(clock: Clock) -> None:
    def fetch(kid: str | None, known: Any) -> dict[str | int, str]:
        return {"first": "a key"}

    before = set(threading.enumerate())
    for every in (0.001, 300.0):
        keyring = FetchedKeys(fetch, clock, every)
        keyring.start()
        (refreshing,) = set(threading.enumerate()) - before
        del keyring
        refreshing.join(30)
        assert not refreshing.is_alive()


def test_only_keys_that_sign_by_an_allowed_algorithm_are_kept() -> None:
    mixed = json.dumps({"keys": [*jwks("first")["keys"], *jwks("other", algorithm="RS256")["keys"]]}).encode()
    assert set(parse_jwks(mixed, ES256)) == {"first"}
    assert set(parse_jwks(mixed, ("RS256", "ES256"))) == {"first", "other"}


def test_a_balancers_key_lies_under_its_id(provider: Provider, clock: Clock) -> None:
    provider.body = {f"/{KID}": public_pem()}
    keyring = make_balancer_keyring(provider.url, clock)
    for _ in range(3):
        assert keyring.find_keys(KID)
    assert provider.asked == [f"/{KID}"]


def test_a_balancer_that_rotates_asks_for_the_new_key_only(provider: Provider, clock: Clock) -> None:
    new = KID.replace("1", "9")
    provider.body = {f"/{KID}": public_pem(), f"/{new}": public_pem("second")}
    keyring = make_balancer_keyring(provider.url, clock)
    assert keyring.find_keys(KID)
    clock.now += COOLDOWN_SECONDS
    assert keyring.find_keys(new)
    assert keyring.find_keys(KID)
    assert provider.asked == [f"/{KID}", f"/{new}"]
    provider.body = {f"/{new}": public_pem("second")}
    keyring.refresh()
    with pytest.raises(Refused):
        keyring.find_keys(KID)


def test_a_balancer_key_that_is_not_there_is_unknown(provider: Provider, clock: Clock) -> None:
    provider.body = {}
    with pytest.raises(Refused, match="unknown key"):
        make_balancer_keyring(provider.url, clock).find_keys(KID)


@pytest.mark.parametrize(("status", "body"), [(500, b"x"), (302, b"x"), (200, b"no pem")])
def test_a_balancer_key_that_cannot_be_had_is_a_doubt(
    provider: Provider, clock: Clock, status: int, body: bytes
) -> None:
    provider.status, provider.body = status, body
    with pytest.raises(KeysUnavailable):
        make_balancer_keyring(provider.url, clock).find_keys(KID)
