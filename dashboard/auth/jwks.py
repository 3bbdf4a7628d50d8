"""The keys that verify assertions: fetched ahead, rotated without a restart, dropped once too old."""

import json
import logging
import os
import stat
import threading
import time
import weakref
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWKSet, PyJWTError

from dashboard.identity import KeysUnavailable, Refused
from dashboard.vault import fetch_document

logger = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 5 * 60.0
COOLDOWN_SECONDS: Final = 10.0
"""Seconds in which an unknown key id asks again at most once, whoever brings it."""
MAX_KEY_AGE_SECONDS: Final = 24 * 60 * 60.0
"""Seconds that keys serve while their source cannot be reached."""
FETCH_SECONDS: Final = 3.0
"""Seconds that a fetch may take in all, name look-up and every drip of the answer included."""
MAX_JWKS_BYTES: Final = 512 * 1024
"""The largest that providers publish have 20 KiB."""

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

    def start(self) -> None:
        """Do nothing: a file is at hand."""

    def load_keys(self) -> Keys:
        """Return the keys, read again if the file has changed. Raises KeysUnavailable."""
        try:
            now = os.stat(self.path)
            stamp = now.st_mtime_ns, now.st_size, now.st_ino
            if not stat.S_ISREG(now.st_mode):  # a pipe would keep its reader waiting
                raise ValueError("it is no file")
            if self._read[0] != stamp:
                self._read = stamp, self.read_keys()
        except (OSError, ValueError) as why:
            logger.error("The file of DASHBOARD_AUTH_JWKS cannot be read: %s", why)
            raise KeysUnavailable from why
        return self._read[1]

    def read_keys(self) -> Keys:
        with self.path.open("rb") as file:
            return parse_jwks(file.read(MAX_JWKS_BYTES + 1), self.algorithms)


class FetchedKeys:
    """Keys from a server: `fetch` returns all, given a wanted id (None for a refresh) and the known keys.

    One thread fetches at a time. Whoever needs an unknown key meanwhile is answered at once, or made-up ids
    would hold every thread; whose key is known goes on.
    """

    def __init__(self, fetch: Fetch, clock: Clock = time.monotonic, every: float = REFRESH_SECONDS) -> None:
        self._fetch, self._clock, self.every = fetch, clock, every
        self._known: tuple[Keys, float] = {}, float("-inf")
        self._asked_at = float("-inf")
        self._failed = False
        self._asking = threading.Lock()
        self._fetched = threading.Event()
        self._refresher: threading.Thread | None = None

    def find_keys(self, kid: str) -> list[Any]:
        """Return the keys for this id, fetched if need be. Raises Refused and KeysUnavailable."""
        if found := self._find_known(kid):
            return found
        if not self._asking.acquire(blocking=False):
            raise KeysUnavailable
        try:
            if not self._find_known(kid) and self._clock() - self._asked_at >= COOLDOWN_SECONDS:
                self._fetch_now(kid)
            self._start_refreshing(self.every)
        finally:
            self._asking.release()
        if found := self._find_known(kid):
            return found
        if self._failed:  # a rotated key and a forged one look the same until a fetch succeeds
            raise KeysUnavailable
        raise Refused("unknown key")

    def find_newer_keys(self, kid: str) -> list[Any]:
        """Fetch once and return the keys for this id; none if a fetch was just now, or is under way."""
        if kid in self._known[0] or not self._asking.acquire(blocking=False):
            return []
        try:
            if self._clock() - self._asked_at < COOLDOWN_SECONDS:
                return []
            self._fetch_now(kid)
        finally:
            self._asking.release()
        return self._find_known(kid)

    def refresh(self) -> None:
        """Fetch the keys now. While the server cannot be reached, the known ones stay in use."""
        with self._asking:
            self._fetch_now(None)

    def start(self) -> None:
        """Fetch the keys, and wait until they are here or cannot be had: nobody comes before them."""
        with self._asking:
            self._start_refreshing(0.0)
        self._fetched.wait(FETCH_SECONDS)

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
        self._fetched.set()

    def _start_refreshing(self, pause: float) -> None:
        if self._refresher is None:
            gone = SimpleQueue[None]()  # unlike an event, it may be told from wherever garbage is collected
            weakref.finalize(self, gone.put, None)
            self._refresher = threading.Thread(
                target=_keep_fresh, args=(weakref.ref(self), gone, pause), name="sign-on keys", daemon=True
            )
            self._refresher.start()


def _keep_fresh(keyring: weakref.ref[FetchedKeys], gone: SimpleQueue[None], pause: float) -> None:
    """Refresh the keys after each pause, until nobody has the keyring any more."""
    while True:
        try:
            return gone.get(timeout=pause)
        except Empty:
            keys = keyring()
        if keys:
            keys.refresh()
            pause = keys.every
        del keys


Keyring = KeyFile | FetchedKeys


def make_jwks_keyring(url: str, algorithms: Collection[str], clock: Clock = time.monotonic) -> FetchedKeys:
    """Return a keyring of the JWKS at an address."""

    def fetch(kid: str | None, known: Keys) -> Keys:
        status, body = fetch_document(url, seconds=FETCH_SECONDS, max_bytes=MAX_JWKS_BYTES)
        if status != 200:
            raise OSError(f"status {status}")
        return parse_jwks(body, algorithms)

    return FetchedKeys(fetch, clock)


def make_balancer_keyring(url: str, clock: Clock = time.monotonic) -> FetchedKeys:
    """Return a keyring for AWS load balancers, which publish one PEM per id that never changes."""

    def fetch(kid: str | None, known: Keys) -> Keys:
        ends = time.monotonic() + FETCH_SECONDS
        if kid is not None:
            return {**known, **fetch_key(kid, FETCH_SECONDS)}
        return {
            found: key
            for each in known
            for found, key in fetch_key(str(each), ends - time.monotonic()).items()
        }

    def fetch_key(kid: str, seconds: float) -> Keys:
        status, body = fetch_document(f"{url.rstrip('/')}/{kid}", seconds=seconds, max_bytes=MAX_JWKS_BYTES)
        if status in (403, 404):
            return {}
        if status != 200:
            raise OSError(f"status {status}")
        return {kid: load_pem_public_key(body)}

    return FetchedKeys(fetch, clock)


def parse_jwks(text: bytes, algorithms: Collection[str]) -> Keys:
    """Return the keys of a JWKS that fit one of `algorithms`. Raises ValueError if there is none."""
    if len(text) > MAX_JWKS_BYTES:
        raise ValueError(f"it has more than {MAX_JWKS_BYTES} bytes")
    try:
        found = PyJWKSet.from_dict(json.loads(text)).keys
    except (PyJWTError, AttributeError, RecursionError) as why:
        raise ValueError("it is no set of keys") from why
    keys = {
        key.key_id or place: key
        for place, key in enumerate(found)
        if key.public_key_use in ("sig", None) and key.algorithm_name in algorithms
    }
    if not keys:
        raise ValueError("no key among them could check an assertion")
    return keys
