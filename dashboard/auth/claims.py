"""What the sign-on says of a person, as text that may be shown and kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dashboard.identity import Refused

LONGEST_SUBJECT: Final = 255
LONGEST_NAME: Final = 200
TOO_LONG: Final = "longer than can be read, as when somebody is in very many groups"


def a_subject(text: object) -> str:
    """The text that tells one person from every other; Refused unless it is one that can be relied on."""
    if not isinstance(text, str) or not text.strip():
        raise Refused("without sub")
    if len(text) > LONGEST_SUBJECT or not text.isprintable():
        raise Refused("a subject that cannot be kept")
    return text


def shown(text: object) -> str:
    """A name or an email for people to read: only what can be seen, and not too much of it."""
    seen = "".join(c for c in text if c.isprintable()) if isinstance(text, str) else ""
    return seen.strip()[:LONGEST_NAME]


def nameable(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups that a setting could name; one that cannot be seen gives no role, nor can it be shown."""
    return tuple(group for group in groups if group and group.isprintable())
