"""The keys that check assertions: kept ready, rotated without a restart, given up when they are too old."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import urllib3
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWKClient, PyJWKSet, PyJWTError

from dashboard.identity import KeysUnavailable, Refused

logger = logging.getLogger(__name__)

REFRESH: Final = 5 * 60.0
"""Seconds between two looks for new keys."""
COOLDOWN: Final = 10.0
"""Seconds in which an unknown key id asks again at most once, whoever brings it."""
LONGEST_AGE: Final = 24 * 60 * 60.0
"""Seconds that keys serve while their source cannot be reached."""
TIMEOUT: Final = 3.0

Keys = Mapping[str | int, Any]
"""By key id, whatever PyJWT takes as a key; one without an id by its place in the set."""
Fetch = Callable[[str | None, Keys], Keys]
Clock = Callable[[], float]


class Keyring(Protocol):
    def candidates(self, kid: str) -> list[Any]:
        """Return the keys that may have signed a token of this id, "" for none; at least one.

        Raises Refused where there is none, KeysUnavailable where that cannot be known.
        """

    def newer(self, kid: str) -> list[Any]:
        """Return the candidates anew where none was right and others may have been published; else none."""


def matching(keys: Keys, kid: str) -> list[Any]:
    """Return the key of this id, or those without an id; every key where the token names none.

    RFC 7515 and 7517 leave `kid` to both sides, so that the signature has to tell.
    """
    if not kid:
        return list(keys.values())
    if kid in keys:
        return [keys[kid]]
    return [key for name, key in keys.items() if isinstance(name, int)]


class KeyFile:
    """A JWKS file, read again whenever it changes. One that cannot be read vouches for nobody."""

    def __init__(self, path: Path, algorithms: Collection[str]) -> None:
        self.path, self.algorithms = path, algorithms
        self._read: tuple[object, Keys] = None, {}

    def candidates(self, kid: str) -> list[Any]:
        if found := matching(self.keys(), kid):
            return found
        raise Refused("unknown key")

    def newer(self, kid: str) -> list[Any]:
        return []  # `candidates` has just looked

    def keys(self) -> Keys:
        try:
            now = os.stat(self.path)
            stamp = now.st_mtime_ns, now.st_size, now.st_ino
            if self._read[0] != stamp:
                self._read = stamp, self.read()
        except (OSError, ValueError) as why:
            logger.error("The file of DASHBOARD_AUTH_JWKS cannot be read: %s", why)
            raise KeysUnavailable from why
        return self._read[1]

    def read(self) -> Keys:
        """What the file holds now; OSError or ValueError where that is no key."""
        return usable(json.loads(self.path.read_bytes()), self.algorithms)


class FetchedKeys:
    """Keys from elsewhere. What is known is answered at once; an unknown id waits for one fetch.

    `fetch` is given the id that is asked for (none when it is only time to look again) and what is known,
    and returns what is known now. A daemon thread looks again every few minutes. `clock` only ever goes
    forward, so that a wall clock that jumps makes no key older.
    """

    def __init__(self, fetch: Fetch, clock: Clock = time.monotonic, every: float = REFRESH) -> None:
        self._fetch, self._clock, self._every = fetch, clock, every
        self._known: tuple[Keys, float] = {}, float("-inf")
        self._asked_at = float("-inf")
        self._failed = False
        self._asking = threading.Lock()
        self._refresher: threading.Thread | None = None

    def candidates(self, kid: str) -> list[Any]:
        if found := self._fresh(kid):
            return found
        with self._asking:  # whoever waited here finds what the one before has fetched
            if not self._fresh(kid) and self._clock() - self._asked_at >= COOLDOWN:
                self._ask(kid)
            self._look_again_from_time_to_time()
        if found := self._fresh(kid):
            return found
        if self._failed:  # a rotated key and a forged one look the same until a fetch succeeds
            raise KeysUnavailable
        raise Refused("unknown key")

    def newer(self, kid: str) -> list[Any]:
        with self._asking:
            if kid in self._known[0] or self._clock() - self._asked_at < COOLDOWN:
                return []
            self._ask(kid)
        return self._fresh(kid)

    def refresh(self) -> None:
        """Look for new keys now; while the source cannot be reached, those at hand go on serving."""
        with self._asking:
            self._ask(None)

    def _fresh(self, kid: str) -> list[Any]:
        keys, since = self._known
        return matching(keys, kid) if self._clock() - since < LONGEST_AGE else []

    def _ask(self, kid: str | None) -> None:
        self._asked_at = self._clock()
        try:
            self._known = self._fetch(kid, self._known[0]), self._asked_at
            self._failed = False
        except Exception as why:  # whatever it is: the keys at hand serve on, and nobody else is believed
            self._failed = True
            logger.warning("The sign-on's keys could not be fetched: %s", why)

    def _look_again_from_time_to_time(self) -> None:
        if self._refresher is None:
            self._refresher = threading.Thread(target=self._keep_fresh, name="sign-on keys", daemon=True)
            self._refresher.start()

    def _keep_fresh(self) -> None:
        while True:
            time.sleep(self._every)
            self.refresh()


def keys_at(url: str, algorithms: Collection[str], clock: Clock = time.monotonic) -> FetchedKeys:
    """The JWKS at an address."""
    client = PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT)
    return FetchedKeys(lambda kid, known: usable(client.fetch_data(), algorithms), clock)


def balancer_keys(url: str, clock: Clock = time.monotonic) -> FetchedKeys:
    """The keys of AWS load balancers: one PEM under each id, which never changes."""

    def fetch(kid: str | None, known: Keys) -> Keys:
        if kid is not None:
            return {**known, **one(kid)}
        return {found: key for each in known for found, key in one(str(each)).items()}

    def one(kid: str) -> Keys:  # by urllib3, since PyJWT's client knows JSON only
        answer = urllib3.request(
            "GET", f"{url.rstrip('/')}/{kid}", redirect=False, retries=False, timeout=TIMEOUT
        )
        if answer.status in (403, 404):
            return {}
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return {kid: load_pem_public_key(answer.data)}

    return FetchedKeys(fetch, clock)


def usable(jwks: Any, algorithms: Collection[str]) -> Keys:
    """Return the keys of a decoded JWKS that sign by one of `algorithms`; ValueError where there is none."""
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
