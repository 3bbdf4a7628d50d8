"""Items as the service writes them, whole or broken on purpose."""

from __future__ import annotations

import json

from dashboard.vault import MediaItem, Variant
from dashboard.vault.decode import decode_item


def variant(**changes: object) -> dict[str, object]:
    return {
        "status": "stored",
        "quality": "full",
        "sizeBytes": 1024000,
        "contentType": "image/jpeg",
        "accessCount": 12,
        "createdAt": 1715800000000,
        "expiresAt": 1715886400000,
        "storedAt": 1715800100000,
        "lastAccessedAt": 1715800500000,
        "url": "https://media.ofauth.com/v2/example-signed-media-url",
        **changes,
    }


def item(media_id: str = "4492994399", **changes: object) -> dict[str, object]:
    return {"id": media_id, "type": "image", "duration": None, "media": {"full": variant()}, **changes}


def read_item(body: bytes) -> MediaItem:
    """The item in an answer, which is one."""
    read = decode_item(body)
    assert isinstance(read, MediaItem)
    return read


def read_variant(**changes: object) -> Variant:
    return read_item(json.dumps(item(media={"full": variant(**changes)})).encode()).media["full"]


def page(*items: object, **rest: object) -> bytes:
    return json.dumps({"items": items, **rest}).encode()
