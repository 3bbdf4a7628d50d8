"""Connection ids at rest: encrypted by keys from the settings, and found by a keyed digest.

The first key of DASHBOARD_DATA_KEYS seals; all of them unseal and look up, so that a key can be exchanged
without a moment in which something is not found. `manage.py connection rekey` then seals everything anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .problems import Problem


class DecryptionError(Problem):
    """None of the keys opens this: the one that sealed it is no longer in the settings."""

    title = "This connection's ID cannot be opened"
    advice = (
        "It is stored encrypted, and none of the dashboard's keys opens it. Tell your administrator to put "
        "the key that sealed it back into DASHBOARD_DATA_KEYS."
    )
    status = 503
    log_message = "a connection's id cannot be opened by any key"


def seal(text: str) -> str:
    """`text` encrypted by the first key."""
    return _fernet(_keys()).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed, by whichever key; raises DecryptionError."""
    try:
        return _fernet(_keys()).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise DecryptionError("No key of DASHBOARD_DATA_KEYS opens this.") from None


def digest(text: str) -> str:
    """64 hexadecimal digits that only holders of the first key can work out from `text`."""
    return digests(text)[0]


def digests(text: str) -> list[str]:
    """The digest of `text` under each key, the first key's first."""
    return [hmac.new(_derived(key, "digest"), text.encode(), hashlib.sha256).hexdigest() for key in _keys()]


def _keys() -> tuple[str, ...]:
    return tuple(settings.DASHBOARD_DATA_KEYS)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, "seal"))) for key in keys])


@lru_cache(maxsize=16)
def _derived(key: str, purpose: str) -> bytes:
    """A key of its own for each purpose, so that a digest tells nothing of the cipher."""
    return HKDF(SHA256(), length=32, salt=None, info=f"vaultplus-dashboard {purpose}".encode()).derive(
        key.encode()
    )
