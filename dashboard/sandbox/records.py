"""Media items and variants exactly as the vendor writes them in JSON."""

import msgspec


class WireVariant(msgspec.Struct, rename="camel"):
    """A cached version of a media item. Times are Unix ms, sizes bytes."""

    status: str
    quality: str
    size_bytes: int
    content_type: str
    access_count: int
    created_at: int
    expires_at: int
    stored_at: int | None
    last_accessed_at: int
    url: str


class WireItem(msgspec.Struct):
    """A media item with all its variants by label. The duration is in seconds."""

    id: str
    type: str
    duration: float | None
    media: dict[str, WireVariant]


class Fact(msgspec.Struct):
    """The state of a variant at one moment, before links and access counts are worked out."""

    label: str
    status: str
    content_type: str
    size: int
    created: int
    stored: int | None
    width: int = 0
    height: int = 0
