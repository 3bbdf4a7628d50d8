"""Checks of the claims about a person, before they are shown or stored."""

from collections.abc import Iterable
from typing import Final

from dashboard.identity import Refused

MAX_SUBJECT_LENGTH: Final = 255
MAX_PERSON_NAME_LENGTH: Final = 200
TOO_LONG_REASON: Final = "longer than can be read, as when somebody is in very many groups"


def check_subject(text: object) -> str:
    """Return the text that identifies one person; raise Refused if it cannot be relied on."""
    if not isinstance(text, str) or not text.strip():
        raise Refused("without sub")
    if len(text) > MAX_SUBJECT_LENGTH or not text.isprintable():
        raise Refused("a subject that cannot be kept")
    return text


def clean_name(text: object) -> str:
    """Return a name or an email without invisible characters, at most MAX_PERSON_NAME_LENGTH of it."""
    seen = "".join(c for c in text if c.isprintable()) if isinstance(text, str) else ""
    return seen.strip()[:MAX_PERSON_NAME_LENGTH]


def filter_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Return the groups that a setting can name: those that are not empty and can be seen."""
    return tuple(group for group in groups if group and group.isprintable())
