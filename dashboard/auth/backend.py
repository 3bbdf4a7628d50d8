"""The identity backend, which the settings choose once."""

from collections.abc import Callable
from functools import cache

from dashboard.identity import Person
from dashboard.request import Request

from . import demo
from .config import AssertionConfig, AuthConfig, HeaderConfig
from .header import HeaderBackend

Identify = Callable[[Request], Person | None]


@cache
def get_identity_backend(sign_on: AuthConfig) -> Identify:
    """Return the function that identifies the person of a request.

    In a demo it returns None before somebody is picked; elsewhere it raises Refused or KeysUnavailable.
    """
    match sign_on.by:
        case AssertionConfig():
            from .assertion import AssertionBackend  # with cryptography, ten megabytes that no demo needs

            return AssertionBackend(sign_on.by, sign_on.grants)
        case HeaderConfig():
            return HeaderBackend(sign_on.by, sign_on.grants)
    return demo.identify
