"""The query for media, and the one form a media id may have."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode

from .errors import MalformedMediaId

STATUSES: Final = ("edge_only", "pending", "storing", "stored", "removed")
TYPES: Final = ("image", "video", "audio")
SORTS: Final = (
    "createdAt_desc",
    "createdAt_asc",
    "cachedAt_desc",
    "cachedAt_asc",
    "duration_desc",
    "duration_asc",
)
MAX_ITEMS_PER_PAGE: Final = 100
DEFAULT_ITEMS_PER_PAGE: Final = 50
"""The default of our pages; the API's own is 100."""

# An id of "", ".", "..", "a/..", "#x" or "?x" would end as the purge address or higher up, quoted or not.
# What begins with `conn_` is a connection's id, which must not come to stand where items do.
MEDIA_ID: Final = re.compile(r"(?!conn_)[A-Za-z0-9_-]{1,128}")


def check_media_id(text: str) -> str:
    """Return `text` if it can name an item and nothing else; raise MalformedMediaId if not."""
    if not MEDIA_ID.fullmatch(text):
        raise MalformedMediaId("The ID has characters, a length or a start that no media ID has.")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaQuery:
    """A query to `GET /v2/vault-plus/media` with all its twelve parameters.

    Durations are seconds, times are aware datetimes. A cursor belongs to the exact filters and sort that gave
    it, so `replace` drops it whenever anything else changes.
    """

    status: str | None = None
    type: str | None = None
    content_type: str | None = None
    duration_min: float | None = None
    duration_max: float | None = None
    created_at_from: datetime | None = None
    created_at_to: datetime | None = None
    cached_at_from: datetime | None = None
    cached_at_to: datetime | None = None
    sort: str | None = None
    limit: int = DEFAULT_ITEMS_PER_PAGE
    cursor: str | None = None

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Return the query that `to_url` wrote as `text`; raise ValueError for anything else."""
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
        if len({parameter for parameter, _ in pairs}) < len(pairs):
            raise ValueError(f"a parameter stands there twice: {text}")
        values = {_OWN_NAMES.get(parameter, parameter): value for parameter, value in pairs}
        if unknown := values.keys() - API_PARAMETERS.keys():
            raise ValueError(f"unknown parameters: {', '.join(sorted(unknown))}")
        return cls(**{name: _parse_value(name, value) for name, value in values.items()})

    @property
    def is_scan(self) -> bool:
        """True if the service has to scan the whole cache, as any sort, date or duration makes it."""
        return any(getattr(self, name) is not None for name in SCAN_FIELDS)

    def replace(self, **changes: object) -> Self:
        """Return the query with `changes`, from its first page unless they include a cursor."""
        return replace(self, **{"cursor": None, **changes})  # type: ignore[arg-type]

    def to_api_params(self) -> dict[str, str]:
        """Return the parameters as the API spells them, without those that are not set."""
        return {API_PARAMETERS[name]: _format_value(value) for name, value in self._iterate_asked()}

    def to_url(self) -> str:
        """Return the query string of our own list page: the API's names, without the default limit."""
        return urlencode(
            {
                API_PARAMETERS[n]: _format_value(v)
                for n, v in self._iterate_asked()
                if (n, v) != ("limit", DEFAULT_ITEMS_PER_PAGE)
            }
        )

    def _iterate_asked(self) -> Iterator[tuple[str, object]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield field.name, value


def _to_camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


API_PARAMETERS: Final = {field.name: _to_camel_case(field.name) for field in fields(MediaQuery)}
"""Our names to the API's: `created_at_from` to `createdAtFrom`."""

_OWN_NAMES: Final = {parameter: name for name, parameter in API_PARAMETERS.items()}
_CHOICES: Final = {"status": STATUSES, "type": TYPES, "sort": SORTS}

FILTER_FIELDS: Final = tuple(name for name in API_PARAMETERS if name not in ("sort", "limit", "cursor"))
SCAN_FIELDS: Final = (
    "sort",
    *(name for name in FILTER_FIELDS if name.startswith(("duration", "created_at", "cached_at"))),
)


def _format_value(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _parse_value(name: str, text: str) -> Any:
    """Return the value that `_format_value` wrote; raise ValueError where this field cannot have it."""
    if name.startswith("duration"):
        seconds = float(text)
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{name} is no length: {text}")
        return seconds
    if "_at_" in name:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"{name} names no time zone: {text}")
        return moment
    if name == "limit":
        limit = int(text)
        if not 1 <= limit <= MAX_ITEMS_PER_PAGE:
            raise ValueError(f"limit is not from 1 to {MAX_ITEMS_PER_PAGE}: {text}")
        return limit
    if text not in _CHOICES.get(name, (text,)):
        raise ValueError(f"unknown {name}: {text}")
    return text
