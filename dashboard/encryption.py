"""Connection ids at rest: encrypted by the first of our keys, read and found by any of them."""

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
    """No key in the settings decrypts this: the one that encrypted it is no longer among them."""

    title = "This connection's ID cannot be opened"
    advice = (
        "It is stored encrypted, and none of the dashboard's keys opens it. Tell your administrator to put "
        "the key that sealed it back into DASHBOARD_DATA_KEYS."
    )
    status = 503
    log_message = "a connection's id cannot be opened by any key"


def encrypt(text: str) -> str:
    """Return `text` encrypted with the first key."""
    return _fernet(_keys()).encrypt(text.encode()).decode()


def decrypt(sealed: str) -> str:
    """Return the plain text, by whichever key encrypted it. Raises DecryptionError."""
    try:
        return _fernet(_keys()).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise DecryptionError("No key of DASHBOARD_DATA_KEYS opens this.") from None


def compute_digest(text: str) -> str:
    """Return the digest of `text` under the first key, as 64 hexadecimal digits."""
    return compute_digests(text)[0]


def compute_digests(text: str) -> list[str]:
    """Return the digest of `text` under each key, the first key's first."""
    return [
        hmac.new(_derive_key(key, "digest"), text.encode(), hashlib.sha256).hexdigest() for key in _keys()
    ]


def _keys() -> tuple[str, ...]:
    return tuple(settings.DASHBOARD_DATA_KEYS)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive_key(key, "seal"))) for key in keys])


@lru_cache(maxsize=16)
def _derive_key(key: str, purpose: str) -> bytes:
    """Return a separate key for each purpose, so that a digest tells nothing about the cipher."""
    return HKDF(SHA256(), length=32, salt=None, info=f"vaultplus-dashboard {purpose}".encode()).derive(
        key.encode()
    )
