"""The records that responses are decoded into. All are frozen.

Texts that are open or may grow (status, type, label, quality) stay as they came; whether they are known
is a question to the record. Numbers are checked for sense: the service's times are Unix milliseconds, so a
moment in the 1970s is a mistake (seconds, most likely), except 0, which reads as "never". What makes no sense
is marked in the record, and not known (tolerant.py).
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from .query import MEDIA_ID, TYPES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01; anything lower but 0 was not written in milliseconds."""
LATEST_MS: Final = 253_402_300_799_999
"""9999-12-31, the last that a datetime can hold."""
MOVING_STATUSES: Final = frozenset({"pending", "storing"})
"""Of a variant while the service is storing it."""

MAX_COUNT: Final = 2**53
MAX_DURATION_SECONDS: Final = 10_000_000

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
if TYPE_CHECKING:
    WholeNumber = int
else:  # the service may write 12 as 12.0: it is made an int once it is read
    WholeNumber = Count | Annotated[float, Meta(ge=0, le=MAX_COUNT)]
Milliseconds = Annotated[float, Meta(ge=0, le=LATEST_MS)]
Seconds = Annotated[float, Meta(ge=0, le=MAX_DURATION_SECONDS)]


def _to_datetime(ms: float | None) -> datetime | None:
    return _EPOCH + timedelta(milliseconds=int(ms)) if ms else None


class Oddity(Struct, frozen=True, gc=False):
    """A field whose value breaks the contract: its name in the API, the value as it came, and the reason.

    `name` is "variant" if something else stands in place of a variant, "label" for the label itself.
    """

    name: str
    raw: str
    reason: str

    @property
    def text(self) -> str:
        """The field, its value and the reason in one line: `sizeBytes 1024.5 (not a whole number)`."""
        return f"{self.name} {self.raw} ({self.reason})" if self.raw else f"{self.name} ({self.reason})"


class Variant(Struct, frozen=True, rename="camel", gc=False):
    """A stored or observed version of an item. Sizes are bytes; `size_bytes` is 0 until storing ends.

    A number or time that could not be read is 0, a text "", and is listed in `oddities`.
    """

    oddities: ClassVar[tuple[Oddity, ...]] = ()
    status: str
    quality: str
    size_bytes: WholeNumber
    content_type: str
    access_count: WholeNumber
    created_ms: Milliseconds = field(name="createdAt")
    expires_ms: Milliseconds = field(name="expiresAt")
    stored_ms: Milliseconds | None = field(name="storedAt")
    last_accessed_ms: Milliseconds = field(name="lastAccessedAt")
    url: str

    def __post_init__(self) -> None:
        for ms in (self.created_ms, self.expires_ms, self.stored_ms, self.last_accessed_ms):
            if ms and ms < EARLIEST_MS:
                raise ValueError("a time before the year 2000: seconds where milliseconds are due?")
        for name in ("size_bytes", "access_count"):
            if type(number := getattr(self, name)) is float:
                if not number.is_integer():
                    raise ValueError("not a whole number")
                force_setattr(self, name, int(number))

    @property
    def is_stored(self) -> bool:
        """True if the service holds a copy."""
        return self.status == "stored"

    @property
    def is_moving(self) -> bool:
        """True while the service is storing it: worth reading again soon."""
        return self.status in MOVING_STATUSES

    @property
    def size(self) -> int | None:
        """The size in bytes, or None if it is not known (yet)."""
        if self.size_bytes:
            return self.size_bytes
        return 0 if self.is_stored and self.find_oddity("sizeBytes") is None else None

    @property
    def accesses(self) -> int | None:
        """The number of accesses, or None if it is not known."""
        return self.access_count if self.access_count or self.find_oddity("accessCount") is None else None

    @property
    def created_at(self) -> datetime | None:
        """The time it was first seen, or None if it is not known."""
        return _to_datetime(self.created_ms)

    @property
    def expires_at(self) -> datetime | None:
        """The time the upstream *link* ends, not the stored copy; None if it is not known."""
        return _to_datetime(self.expires_ms)

    @property
    def stored_at(self) -> datetime | None:
        """The time it was stored, or None if it was not."""
        return _to_datetime(self.stored_ms)

    @property
    def last_accessed_at(self) -> datetime | None:
        """The time of the last access, or None if there was none."""
        return _to_datetime(self.last_accessed_ms)

    def find_oddity(self, name: str) -> Oddity | None:
        """Return the oddity of the field of this name, or None. An odd variant has one for all fields."""
        return next((odd for odd in self.oddities if odd.name in (name, "variant")), None)


class OddVariant(Variant, frozen=True, kw_only=True, gc=False):
    """A variant with fields that break the contract."""

    oddities: tuple[Oddity, ...]  # type: ignore[misc]


class MediaItem(Struct, frozen=True, gc=False):
    """A media item with all its cached variants by label. `duration` is seconds, None for images."""

    id: str
    type: str
    duration: Seconds | None
    media: dict[str, Variant]
    oddities: ClassVar[tuple[Oddity, ...]] = ()

    def __post_init__(self) -> None:
        if not MEDIA_ID.fullmatch(self.id):
            raise ValueError("an id that no media item can have")

    @property
    def is_known_type(self) -> bool:
        """True if the type is one that this program knows."""
        return self.type in TYPES

    @property
    def is_moving(self) -> bool:
        """True while the service is storing one of its variants."""
        return any(variant.is_moving for variant in self.media.values())

    @property
    def size_bytes(self) -> int:
        """The bytes known so far, over all variants."""
        return sum(variant.size_bytes for variant in self.media.values())


class OddMediaItem(MediaItem, frozen=True, kw_only=True, gc=False):
    """An item with fields that break the contract. Each variant has `oddities` of its own."""

    oddities: tuple[Oddity, ...]  # type: ignore[misc]


class UnreadableItem(Struct, frozen=True, gc=False):
    """A row without a usable id. `id` is the one that was asked for, if any."""

    id: str | None
    reason: str


class MediaPage(Struct, frozen=True, gc=False):
    """A page of a query, in the service's order. `next_cursor` is None at the end."""

    items: tuple[MediaItem | UnreadableItem, ...]
    next_cursor: str | None = None

    @property
    def readable(self) -> tuple[MediaItem, ...]:
        """The items without the unreadable ones."""
        return tuple(item for item in self.items if isinstance(item, MediaItem))
