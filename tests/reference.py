"""The example answers of the vendor's reference pages, as they stand there."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.wire import variant

_FULL: Final[dict[str, Any]] = variant()
_THUMB: Final[dict[str, Any]] = {
    **_FULL,
    "quality": "thumb",
    "sizeBytes": 32000,
    "accessCount": 8,
    "url": "https://media.ofauth.com/v2/example-signed-thumbnail-url",
}
ITEM: Final[dict[str, Any]] = {
    "id": "4492994399",
    "type": "image",
    "duration": None,
    "media": {"full": _FULL, "thumb": _THUMB},
}
PAGE: Final[dict[str, Any]] = {"items": [ITEM], "nextCursor": "100"}
BATCH: Final[dict[str, Any]] = {"items": [ITEM]}

LINKS: Final = (_FULL["url"], _THUMB["url"])


def text(answer: dict[str, Any]) -> str:
    return json.dumps(answer)
