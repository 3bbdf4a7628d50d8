"""What the service answers, decoded and checked in one step into frozen records.

Texts that are open or may grow (status, type, label, quality) stay as they came; whether they are known
is a question to the record. Numbers are checked for sense: the service's times are Unix milliseconds, so a
moment in the 1970s is a mistake (seconds, most likely), except 0, which reads as "never".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from .query import MEDIA_ID, STATUSES, TYPES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_MS = 946_684_800_000  # 2000-01-01; anything lower but 0 was not written in milliseconds
_LATEST_MS = 253_402_300_799_999  # 9999-12-31, the last a datetime can hold

Count = Annotated[int, Meta(ge=0, le=2**53)]
Bytes = Count
Milliseconds = Annotated[float, Meta(ge=0, le=_LATEST_MS)]
Seconds = Annotated[float, Meta(ge=0, le=10_000_000)]


def _moment(ms: float) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(ms))


class Variant(Struct, frozen=True, rename="camel", gc=False):
    """One stored or observed version of an item. `size_bytes` is 0 until storing ends: not known yet."""

    status: str
    quality: str
    size_bytes: Bytes
    content_type: str
    access_count: Count
    created_ms: Milliseconds = field(name="createdAt")
    expires_ms: Milliseconds = field(name="expiresAt")
    stored_ms: Milliseconds | None = field(name="storedAt")
    last_accessed_ms: Milliseconds = field(name="lastAccessedAt")
    url: str

    def __post_init__(self) -> None:
        for ms in (self.created_ms, self.expires_ms, self.stored_ms, self.last_accessed_ms):
            if ms and ms < _EARLIEST_MS:
                raise ValueError("a time before the year 2000: seconds where milliseconds are due?")

    @property
    def is_known(self) -> bool:
        return self.status in STATUSES

    @property
    def is_stored(self) -> bool:
        return self.status == "stored"

    @property
    def is_moving(self) -> bool:
        """True while the service is still at it: worth reading again soon."""
        return self.status in ("pending", "storing")

    @property
    def size(self) -> int | None:
        """Bytes, or None where the service does not know them yet."""
        return self.size_bytes if self.size_bytes or self.is_stored else None

    @property
    def created_at(self) -> datetime:
        return _moment(self.created_ms)

    @property
    def expires_at(self) -> datetime:
        """When the *link* ends, not the stored copy."""
        return _moment(self.expires_ms)

    @property
    def stored_at(self) -> datetime | None:
        return _moment(self.stored_ms) if self.stored_ms else None

    @property
    def last_accessed_at(self) -> datetime | None:
        return _moment(self.last_accessed_ms) if self.last_accessed_ms else None


class MediaItem(Struct, frozen=True, gc=False):
    """A media item with all its cached variants by label. `duration` is seconds, None for images."""

    id: str
    type: str
    duration: Seconds | None
    media: dict[str, Variant]

    def __post_init__(self) -> None:
        if not MEDIA_ID.fullmatch(self.id):
            raise ValueError("an id that no media item can have")

    @property
    def is_known_type(self) -> bool:
        return self.type in TYPES

    @property
    def is_moving(self) -> bool:
        return any(variant.is_moving for variant in self.media.values())

    @property
    def size_bytes(self) -> int:
        """Bytes known so far, over all variants."""
        return sum(variant.size_bytes for variant in self.media.values())


class UnreadableItem(Struct, frozen=True, gc=False):
    """A row of a page that is not what the service promises. `id` where at least that could be read."""

    id: str | None
    reason: str


class MediaPage(Struct, frozen=True, gc=False):
    """One page of a query, in the service's order. `next_cursor` is None at the end."""

    items: tuple[MediaItem | UnreadableItem, ...]
    next_cursor: str | None = None

    @property
    def readable(self) -> tuple[MediaItem, ...]:
        return tuple(item for item in self.items if isinstance(item, MediaItem))


class DeleteResult(Struct, frozen=True, rename="camel"):
    """What the service says of one deletion. `success` False: nothing was removed."""

    success: bool
    media_id: str
    freed_bytes: Bytes


class PurgeResult(Struct, frozen=True, rename="camel"):
    """What the service says of a purge. `purged_count` counts variants, not items."""

    success: bool
    purged_count: Count
    freed_bytes: Bytes


class _WirePage(Struct, rename="camel"):
    items: list[msgspec.Raw]
    next_cursor: str | None = None


class _WireId(Struct):
    id: str


_page = msgspec.json.Decoder(_WirePage)
_item = msgspec.json.Decoder(MediaItem)
_id = msgspec.json.Decoder(_WireId)

decode_item = _item.decode
decode_delete = msgspec.json.Decoder(DeleteResult).decode
decode_purge = msgspec.json.Decoder(PurgeResult).decode


def decode_page(body: bytes) -> MediaPage:
    """A page from its JSON. An item that breaks the promise becomes an UnreadableItem, not a lost page.

    Raises msgspec.DecodeError (and its ValidationError), UnicodeDecodeError or RecursionError when the
    page itself is not one.
    """
    wire = _page.decode(body)
    return MediaPage(tuple(_read(raw) for raw in wire.items), wire.next_cursor or None)


def _read(raw: msgspec.Raw) -> MediaItem | UnreadableItem:
    try:
        return _item.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as broken:
        try:
            media_id = _id.decode(raw).id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            media_id = ""
        return UnreadableItem(media_id if MEDIA_ID.fullmatch(media_id) else None, str(broken))
