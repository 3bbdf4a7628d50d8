"""Who a request is from: a person with what they may do, and the place they sent it from."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from .problems import Problem


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
    """Somebody signed in. They are the same person as long as `issuer` and `subject` are the same.

    Name and email are what the sign-on said this time; they may change. `groups` are all it named, exactly
    as it wrote them, and `matched` those that gave the role. Without a role a person may do nothing.
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
        return self.role is not None and self.role >= role


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request came from: what every event of the audit says of whoever caused it."""

    person: Person | None = None
    address: str = ""
    agent: str = field(default="", repr=False)
    request_id: str = ""


class Refused(Exception):
    """What the request says of its person is not believed. The reason is one of our own phrases, never
    what was sent: it goes into the audit."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


def local_caller() -> Caller:
    """Whoever runs a command on this machine, by the name that the system knows them by."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"user {os.getuid()}"
    return Caller(Person(name, "", None, issuer="command", subject=name, mode="command"))
