"""Finds headers that were sent more than once: gunicorn still sees them apart, WSGI joins them."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from dashboard.identity import Refused

_NAME: Final = "X-REPEATED-HEADERS"
_KEY: Final = "HTTP_X_REPEATED_HEADERS"


class _Repeated(str):
    """Names of headers that came twice, in gunicorn's own object: no client can send one of this class."""

    __slots__ = ()


def note_repeated(headers: list[tuple[str, str]], names: Collection[str]) -> list[tuple[str, str]]:
    """Return gunicorn's headers with a note of which of `names` are there more than once."""
    wanted = {name.upper() for name in names}
    counts = Counter(name for name, _ in headers if name in wanted)
    repeated = _Repeated(" ".join(sorted(name for name, count in counts.items() if count > 1)))
    return [*(header for header in headers if header[0] != _NAME), (_NAME, repeated)]


def are_repeats_noted(meta: Mapping[str, Any]) -> bool:
    """Return True if the server noted repeated headers, so that a comma in a value is just a comma."""
    return isinstance(meta.get(_KEY), _Repeated)


def refuse_repeated(meta: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise Refused if the server noted one of `names` as sent more than once."""
    if are_repeats_noted(meta):
        repeated = meta[_KEY].split()
        for name in names:
            if name.upper() in repeated:
                raise Refused(f"{name} was sent twice")
