"""Media items and variants exactly as the vendor writes them in JSON."""

import msgspec


class Variant(msgspec.Struct, rename="camel"):
    """One cached version of a media item. Times in Unix ms, sizes in bytes."""

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


class Item(msgspec.Struct):
    """A media item with all its variants, keyed by label. Duration in seconds."""

    id: str
    type: str
    duration: float | None
    media: dict[str, Variant]


class Fact(msgspec.Struct):
    """What is true of a variant at one moment, before links and access counts are worked out."""

    label: str
    status: str
    content_type: str
    size: int
    created: int
    stored: int | None
    width: int = 0
    height: int = 0
