"""The person a request is from, the role they have, and the address they sent it from."""

import getpass
import os
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

from .problems import Problem


class Role(IntEnum):
    """A role. Each role may do all that the ones below it may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The role in lower case, as settings and events name it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person, known by `issuer` and `subject`. Without a role they may do nothing.

    `groups` are all that the sign-on sent, spelled as it does, and `matched` those that gave the role.
    """

    name: str
    email: str
    role: Role | None
    issuer: str = ""
    subject: str = ""
    groups: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    mode: str = ""
    """How they signed in: `assertion`, `header` or `demo`; `command` for one who runs a command."""
    signed_in_at: datetime | None = None
    """When the sign-on last vouched for them, as far as it tells."""

    def may(self, role: Role) -> bool:
        """Return True if the person's role is this one or above it."""
        return self.role is not None and self.role >= role


@dataclass(frozen=True, slots=True)
class Caller:
    """The source of a request, as each event of the audit records it."""

    person: Person | None = None
    address: str = ""
    agent: str = field(default="", repr=False)
    request_id: str = ""


class Refused(Exception):
    """The request's claims about its person are not valid. The reason repeats nothing of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignInNotEnough(Refused):
    """The person is known, but not by the method, or not as lately, as the settings ask for."""


TOO_LONG_AGO: Final = "auth_time too long ago"
"""The reason of a refusal that a new sign-in by the same method ends."""


class KeysUnavailable(Problem):
    """Nobody can be believed for now: the keys of the sign-on are not to be had."""

    title = "Nobody can be signed in just now"
    advice = (
        "The dashboard cannot reach the keys by which it knows your company's sign-on, or can use none of "
        "them. That is not your mistake. Try again in a moment; if it lasts, tell your administrator."
    )
    status = 503
    retry = True
    retry_after = 10
    kind = "key"


class NotPermitted(Problem):
    """It takes a role that the person does not have."""

    title = "Not permitted"
    status = 403

    def __init__(self, person: Person | None, role: Role) -> None:
        super().__init__(role.word)
        who = f"You are {person.name}, {person.role.word}. " if person and person.role else ""
        self.advice = f"{who}This needs the role {role.word}. Ask your administrator if you should have it."


def make_local_caller() -> Caller:
    """Return the caller for a command on this machine, named as the system names its user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"user {os.getuid()}"
    return Caller(Person(name, "", None, issuer="command", subject=name, mode="command"))
