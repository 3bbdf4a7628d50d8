"""The one door for identity: which way people sign in is chosen once, by the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from dashboard.identity import Person

from . import demo
from .config import Assertion, Headers, SignOn
from .header import ByHeaders

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
