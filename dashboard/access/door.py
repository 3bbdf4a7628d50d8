"""The one door for identity: which way people sign in is chosen once, by the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from . import demo
from .header import ByHeaders
from .identity import Person
from .sign_on import Assertion, Headers, SignOn

if TYPE_CHECKING:
    from dashboard.request import Request

Identify = Callable[["Request"], Person | None]


@cache
def door(sign_on: SignOn) -> Identify:
    """What says whose request it is; in a demo None for nobody yet, elsewhere Refused or KeysUnavailable."""
    match sign_on.by:
        case Assertion():
            from .assertion import ByAssertion  # cryptography costs ten megabytes; a demo needs none of it

            return ByAssertion(sign_on.by, sign_on.grants)
        case Headers():
            return ByHeaders(sign_on.by, sign_on.grants)
    return demo.identify
