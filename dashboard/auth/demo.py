"""The demo's sign-in: a picker of three made-up people, kept in the signed session cookie."""

from typing import Final

from dashboard.identity import Person, Role
from dashboard.request import Request

_KEY: Final = "demo_role"


def _make_person(name: str, role: Role, *groups: str) -> Person:
    subject = name.split()[0].lower()
    return Person(
        name,
        f"{subject}@example.com",
        role,
        issuer="demo",
        subject=subject,
        groups=groups,
        matched=groups[:1],
        mode="demo",
    )


DEMO_PEOPLE: Final = {
    "viewer": _make_person("Vera Lind", Role.VIEWER, "support"),
    "operator": _make_person("Omar Haddad", Role.OPERATOR, "trust-and-safety", "support"),
    "admin": _make_person("Ada Brandt", Role.ADMIN, "vault-admins", "trust-and-safety", "support"),
}


def identify(request: Request) -> Person | None:
    """Return the person that this browser picked, or None before that."""
    return DEMO_PEOPLE.get(str(request.session.get(_KEY, "")))


def sign_in_as(request: Request, role: str) -> Person:
    """Sign this browser in as the person with `role`. Raises KeyError for an unknown role."""
    person = DEMO_PEOPLE[role]
    request.session.cycle_key()
    request.session[_KEY] = role
    return person
