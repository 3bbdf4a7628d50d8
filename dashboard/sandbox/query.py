"""The query parameters of the listing, checked as strictly as the reference pages allow."""

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl

from .records import Fact

STATUSES = ("edge_only", "pending", "storing", "stored", "removed")
TYPES = ("image", "video", "audio")
SORTS = ("createdAt_desc", "createdAt_asc", "cachedAt_desc", "cachedAt_asc", "duration_desc", "duration_asc")
MAX_ITEMS_PER_PAGE = 100

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class BadParameterError(ValueError):
    """A parameter the API refuses; the text is the sentence of the 400."""


class ListingQuery(NamedTuple):
    """Filters and order of one listing. Durations in seconds, times in Unix ms, both ends included.

    An item is found when its type and duration fit and at least one of its variants meets every
    filter on variants (status, content type, creation and storing time) at once.
    """

    status: str | None = None
    type: str | None = None
    content_type: str | None = None
    duration_min: float | None = None
    duration_max: float | None = None
    created_from: int | None = None
    created_to: int | None = None
    cached_from: int | None = None
    cached_to: int | None = None
    sort: str | None = None

    @property
    def asks_cached(self) -> bool:
        """True if only variants with a storing time can match."""
        return self.cached_from is not None or self.cached_to is not None

    @property
    def asks_dates(self) -> bool:
        """True if the result depends on the exact times of variants."""
        return self.asks_cached or self.created_from is not None or self.created_to is not None

    @property
    def asks_variants(self) -> bool:
        """True if any filter concerns variants."""
        return self.asks_dates or self.status is not None or self.content_type is not None

    @property
    def is_scan(self) -> bool:
        """True if the vendor would scan. Otherwise it pages directly."""
        durations = self.duration_min is not None or self.duration_max is not None
        return self.sort is not None or self.asks_dates or durations

    def fits_item(self, kind: str, duration: float | None) -> bool:
        """Return True if type and duration match. An unknown duration never matches a duration filter."""
        if self.type is not None and kind != self.type:
            return False
        if self.duration_min is None and self.duration_max is None:
            return True
        return duration is not None and is_within(duration, self.duration_min, self.duration_max)

    def fits_variants(self, facts: list[Fact]) -> bool:
        """Return True if one variant meets every filter on variants."""
        if not self.asks_variants:
            return True
        return any(
            (self.status is None or fact.status == self.status)
            and (self.content_type is None or fact.content_type == self.content_type)
            and is_within(fact.created, self.created_from, self.created_to)
            and (
                not self.asks_cached
                or (fact.stored is not None and is_within(fact.stored, self.cached_from, self.cached_to))
            )
            for fact in facts
        )


class Asked(NamedTuple):
    """A listing as it was asked for: the query, and which part of it."""

    query: ListingQuery
    limit: int
    cursor: str | None


def is_within(value: float, low: float | None, high: float | None) -> bool:
    """Return True if the value lies between the ends, both included. None is no end."""
    return (low is None or value >= low) and (high is None or value <= high)


def parse_query(text: str) -> Asked:
    """Return the parsed query string; unknown parameters are ignored. Raises BadParameterError."""
    given = read_parameters(text, _PARAMETERS)
    query = ListingQuery(
        status=read_choice(given, "status", STATUSES),
        type=read_choice(given, "type", TYPES),
        content_type=given.get("contentType"),
        duration_min=_read_number(given, "durationMin"),
        duration_max=_read_number(given, "durationMax"),
        created_from=_read_time(given, "createdAtFrom", up=True),
        created_to=_read_time(given, "createdAtTo", up=False),
        cached_from=_read_time(given, "cachedAtFrom", up=True),
        cached_to=_read_time(given, "cachedAtTo", up=False),
        sort=read_choice(given, "sort", SORTS),
    )
    return Asked(
        query,
        read_whole_number(given, "limit", 1, MAX_ITEMS_PER_PAGE, usual=MAX_ITEMS_PER_PAGE),
        given.get("cursor"),
    )


_PARAMETERS = {
    *("status", "type", "contentType", "durationMin", "durationMax", "limit", "cursor", "sort"),
    *("createdAtFrom", "createdAtTo", "cachedAtFrom", "cachedAtTo"),
}


def read_parameters(text: str, names: Collection[str]) -> dict[str, str]:
    """Return the parameters of a query string. Raises BadParameterError if one of `names` is given twice."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise BadParameterError("The query string is not readable") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given and name in names:
            raise BadParameterError(f"{name} must be given once")
        given[name] = value
    return given


def read_whole_number(given: dict[str, str], name: str, low: int, high: int, *, usual: int) -> int:
    """Return a whole number between both ends, or `usual` if none is given. Raises BadParameterError."""
    number = _read_number(given, name)
    if number is None:
        return usual
    if not (number.is_integer() and low <= number <= high):
        raise BadParameterError(f"{name} must be a whole number between {low} and {high}")
    return int(number)


def read_choice(given: dict[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    """Return one of the allowed values, or None if none is given. Raises BadParameterError."""
    value = given.get(name)
    if value is not None and value not in allowed:
        raise BadParameterError(f"{name} must be one of {', '.join(allowed)}")
    return value


def _read_number(given: dict[str, str], name: str) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    number = float(value) if _NUMBER.fullmatch(value) else math.inf
    if not math.isfinite(number):
        raise BadParameterError(f"{name} must be a number")
    return number


def _read_time(given: dict[str, str], name: str, *, up: bool) -> int | None:
    """Return Unix ms of an ISO 8601 time (UTC by default), rounded into the requested range."""
    value = given.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    except (ValueError, OverflowError):
        raise BadParameterError(f"{name} must be an ISO 8601 date/time") from None
    return -(-since // _MS) if up else since // _MS
