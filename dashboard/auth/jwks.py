"""The keys that verify assertions: fetched ahead, rotated without a restart, dropped once too old."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

import urllib3
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWKClient, PyJWKSet, PyJWTError

from dashboard.identity import KeysUnavailable, Refused

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 5 * 60.0
COOLDOWN_SECONDS: Final = 10.0
"""Seconds in which an unknown key id asks again at most once, whoever brings it."""
MAX_KEY_AGE_SECONDS: Final = 24 * 60 * 60.0
"""Seconds that keys serve while their source cannot be reached."""
TIMEOUT_SECONDS: Final = 3.0

Keys = Mapping[str | int, Any]
"""By key id, whatever PyJWT takes as a key; one without an id by its place in the set."""
Fetch = Callable[[str | None, Keys], Keys]
Clock = Callable[[], float]


def select_keys(keys: Keys, kid: str) -> list[Any]:
    """Return the key of this id, or else those without one; all if the token names none (RFC 7515, 7517)."""
    if not kid:
        return list(keys.values())
    if kid in keys:
        return [keys[kid]]
    return [key for name, key in keys.items() if isinstance(name, int)]


class KeyFile:
    """A JWKS file, read again whenever it changes. While it cannot be read, nobody is let in."""

    def __init__(self, path: Path, algorithms: Collection[str]) -> None:
        self.path, self.algorithms = path, algorithms
        self._read: tuple[object, Keys] = None, {}

    def find_keys(self, kid: str) -> list[Any]:
        """Return the keys for an id; "" is none. Raises Refused, or KeysUnavailable if nobody can know."""
        if found := select_keys(self.load_keys(), kid):
            return found
        raise Refused("unknown key")

    def find_newer_keys(self, kid: str) -> list[Any]:
        """Return none: `find_keys` has just read the file."""
        return []

    def load_keys(self) -> Keys:
        """Return the keys, read again if the file has changed. Raises KeysUnavailable."""
        try:
            now = os.stat(self.path)
            stamp = now.st_mtime_ns, now.st_size, now.st_ino
            if self._read[0] != stamp:
                self._read = stamp, self.read_keys()
        except (OSError, ValueError) as why:
            logger.error("The file of DASHBOARD_AUTH_JWKS cannot be read: %s", why)
            raise KeysUnavailable from why
        return self._read[1]

    def read_keys(self) -> Keys:
        return parse_jwks(json.loads(self.path.read_bytes()), self.algorithms)


class FetchedKeys:
    """Keys from a server: `fetch` returns all, given a wanted id (None for a refresh) and the known keys."""

    def __init__(self, fetch: Fetch, clock: Clock = time.monotonic, every: float = REFRESH_SECONDS) -> None:
        self._fetch, self._clock, self._every = fetch, clock, every
        self._known: tuple[Keys, float] = {}, float("-inf")
        self._asked_at = float("-inf")
        self._failed = False
        self._asking = threading.Lock()
        self._refresher: threading.Thread | None = None

    def find_keys(self, kid: str) -> list[Any]:
        """Return the keys for this id, fetched if need be. Raises Refused and KeysUnavailable."""
        if found := self._find_known(kid):
            return found
        with self._asking:  # whoever waited here finds what the one before has fetched
            if not self._find_known(kid) and self._clock() - self._asked_at >= COOLDOWN_SECONDS:
                self._fetch_now(kid)
            self._start_refreshing()
        if found := self._find_known(kid):
            return found
        if self._failed:  # a rotated key and a forged one look the same until a fetch succeeds
            raise KeysUnavailable
        raise Refused("unknown key")

    def find_newer_keys(self, kid: str) -> list[Any]:
        """Fetch once and return the keys for this id; none if the last fetch was just now."""
        with self._asking:
            if kid in self._known[0] or self._clock() - self._asked_at < COOLDOWN_SECONDS:
                return []
            self._fetch_now(kid)
        return self._find_known(kid)

    def refresh(self) -> None:
        """Fetch the keys now. While the server cannot be reached, the known ones stay in use."""
        with self._asking:
            self._fetch_now(None)

    def _find_known(self, kid: str) -> list[Any]:
        keys, since = self._known
        return select_keys(keys, kid) if self._clock() - since < MAX_KEY_AGE_SECONDS else []

    def _fetch_now(self, kid: str | None) -> None:
        self._asked_at = self._clock()
        try:
            self._known = self._fetch(kid, self._known[0]), self._asked_at
            self._failed = False
        except Exception as why:  # whatever it is: the keys at hand serve on, and nobody else is believed
            self._failed = True
            logger.warning("The sign-on's keys could not be fetched: %s", why)

    def _start_refreshing(self) -> None:
        if self._refresher is None:
            self._refresher = threading.Thread(target=self._keep_fresh, name="sign-on keys", daemon=True)
            self._refresher.start()

    def _keep_fresh(self) -> None:
        while True:
            time.sleep(self._every)
            self.refresh()


Keyring = KeyFile | FetchedKeys


def make_jwks_keyring(url: str, algorithms: Collection[str], clock: Clock = time.monotonic) -> FetchedKeys:
    """Return a keyring of the JWKS at an address."""
    client = PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
    return FetchedKeys(lambda kid, known: parse_jwks(client.fetch_data(), algorithms), clock)


def make_balancer_keyring(url: str, clock: Clock = time.monotonic) -> FetchedKeys:
    """Return a keyring for AWS load balancers, which publish one PEM per id that never changes."""

    def fetch(kid: str | None, known: Keys) -> Keys:
        if kid is not None:
            return {**known, **fetch_key(kid)}
        return {found: key for each in known for found, key in fetch_key(str(each)).items()}

    def fetch_key(kid: str) -> Keys:
        """Fetch one PEM by urllib3, since PyJWT's client knows JSON only."""
        answer = urllib3.request(
            "GET", f"{url.rstrip('/')}/{kid}", redirect=False, retries=False, timeout=TIMEOUT_SECONDS
        )
        if answer.status in (403, 404):
            return {}
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return {kid: load_pem_public_key(answer.data)}

    return FetchedKeys(fetch, clock)


def parse_jwks(jwks: Any, algorithms: Collection[str]) -> Keys:
    """Return the keys of a decoded JWKS that fit one of `algorithms`. Raises ValueError if there is none."""
    try:
        found = PyJWKSet.from_dict(jwks).keys
    except (PyJWTError, AttributeError) as why:
        raise ValueError("it is no set of keys") from why
    keys = {
        key.key_id or place: key
        for place, key in enumerate(found)
        if key.public_key_use in ("sig", None) and key.algorithm_name in algorithms
    }
    if not keys:
        raise ValueError("no key among them could check an assertion")
    return keys
