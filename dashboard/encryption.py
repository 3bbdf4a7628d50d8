"""Connection ids and rows at rest: encrypted and signed by the first of our keys, read by any of them."""

import base64
import hashlib
import hmac
import re
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .problems import Action, Problem


class DecryptionError(Problem):
    """No key in the settings decrypts this: the one that encrypted it is no longer among them."""

    title = "This connection's ID can't be decrypted"
    advice = "None of the dashboard's keys opens it, so nothing was sent. Tell your administrator."
    for_admin = "put the key that encrypted it back into `DASHBOARD_DATA_KEYS`."
    action = Action("home", "Choose another connection", "choose=1")
    status = 503
    log_message = "a connection's id cannot be opened by any key"
    reason = "The connection's ID cannot be opened by any key"
    """The same in a few words, without a full stop."""


class RowChanged(DecryptionError):
    """The row of a connection is not as the dashboard wrote it: nothing is sent for it."""

    title = "This connection was changed outside the dashboard"
    advice = (
        "Somebody changed it in the database by hand, so it isn't used: nothing was sent, and nobody can "
        "open it. Tell your administrator."
    )
    for_admin = (
        "`manage.py audit_verify` shows what differs. `manage.py connection confirm` puts it back to use "
        "once you have typed its ID again."
    )
    log_message = "a connection's row was changed outside the dashboard: run manage.py audit_verify"
    reason = "The connection's row was changed outside the dashboard"


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
    return [hmac.new(derive_key(key, "digest"), text.encode(), hashlib.sha256).hexdigest() for key in _keys()]


def sign(text: str) -> str:
    """Return the signature of a row's text by the first key: the key's name, a colon and 64 digits."""
    return _sign(text, _keys()[0])


def check_signature(text: str, signature: str) -> None:
    """Raise RowChanged unless this is the text's signature, DecryptionError if its key is gone."""
    named = signature.partition(":")[0]
    for key in _keys():
        if named == _name_key(key):
            if hmac.compare_digest(_sign(text, key), signature.encode("ascii", "replace").decode()):
                return
            break
    else:
        if re.fullmatch("[0-9a-f]{8}:[0-9a-f]{64}", signature):
            raise DecryptionError("No key of DASHBOARD_DATA_KEYS signed this.")
    raise RowChanged("The connection's row was changed outside the dashboard.")


def _sign(text: str, key: str) -> str:
    return f"{_name_key(key)}:{hmac.digest(derive_key(key, 'row'), text.encode(), 'sha256').hex()}"


@lru_cache(maxsize=16)
def _name_key(key: str) -> str:
    return derive_key(key, "name").hex()[:8]


def _keys() -> tuple[str, ...]:
    return tuple(settings.DASHBOARD_DATA_KEYS)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(derive_key(key, "seal"))) for key in keys])


@lru_cache(maxsize=16)
def derive_key(key: str, purpose: str) -> bytes:
    """Return a separate key for each purpose, so that a digest tells nothing about the cipher."""
    return HKDF(SHA256(), length=32, salt=None, info=f"vaultplus-dashboard {purpose}".encode()).derive(
        key.encode()
    )
