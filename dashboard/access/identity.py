"""One door for identity: every request passes `identify` and comes out with a Person or with nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dashboard.request import Request

_DEMO_KEY: Final = "demo_role"


class Role(IntEnum):
    """What a person may do; each role may do all that the ones below it may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in. `name` is what the record of a removal will say."""

    name: str
    email: str
    role: Role

    def may(self, role: Role) -> bool:
        return self.role >= role


DEMO_PEOPLE: Final = {
    "viewer": Person("Vera Lind", "vera@example.com", Role.VIEWER),
    "operator": Person("Omar Haddad", "omar@example.com", Role.OPERATOR),
    "admin": Person("Ada Brandt", "ada@example.com", Role.ADMIN),
}


def identify(request: Request) -> Person | None:
    """Who sent this request; None when nobody is signed in. Any doubt is nobody, never a smaller role."""
    return DEMO_PEOPLE.get(str(request.session.get(_DEMO_KEY, "")))


def sign_in_demo(request: Request, role: str) -> Person:
    """Make `role` the signed-in demo person of this browser; KeyError for any other word."""
    person = DEMO_PEOPLE[role]
    request.session.cycle_key()
    request.session[_DEMO_KEY] = role
    return person


def sign_out_demo(request: Request) -> None:
    request.session.flush()
