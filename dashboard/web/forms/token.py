"""A form's one-time token: one press is one removal, and only of what the form asked about."""

import uuid
from typing import Final

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer

NOT_OF_THIS_FORM: Final = (
    "This form was made for something else, so nothing was deleted. What it asks about now is shown here: "
    "look, then press again."
)


def make_token(target: str) -> str:
    """Return a new token that is good for `target` alone."""
    return _signer(target).sign(str(uuid.uuid4()))


def read_token(text: str, target: str) -> uuid.UUID:
    """Return the token's number; a press without a token gets a number of its own.

    Raises ValidationError for a token that was made for another target, or by somebody else.
    """
    if not text:
        return uuid.uuid4()
    try:
        return uuid.UUID(_signer(target).unsign(text))
    except (BadSignature, ValueError):
        raise ValidationError(NOT_OF_THIS_FORM) from None


def keep_token(text: str, target: str) -> str:
    """Return the token if it is good for `target`, else a new one that is."""
    try:
        read_token(text, target)
    except ValidationError:
        text = ""
    return text or make_token(target)


def _signer(target: str) -> Signer:
    return Signer(salt=f"form of removing {target}")
