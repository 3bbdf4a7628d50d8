"""Pictures as files: drawn on first request, encoded as asked, the last few kept."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from .scenes import draw_scene

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
_MAX_DRAWN_PIXELS = 1600
_MAX_PICTURES_KEPT = 256


@lru_cache(maxsize=_MAX_PICTURES_KEPT)
def make_picture(
    seed: str, width: int, height: int, kind: str, content_type: str, caption: str, largest: int
) -> bytes:
    """Return an image file of this size in pixels, coarser if it would exceed `largest` bytes."""
    picture = _draw(seed, width, height, kind, caption)
    for quality in (84, 68, 45):
        file = _encode(picture, content_type, quality)
        if len(file) <= largest:
            break
    return file


def _draw(seed: str, width: int, height: int, kind: str, caption: str) -> Image:
    """Draw small pictures at twice their size, large ones at most 1600 pixels long: smooth edges, quick."""
    from PIL.Image import Resampling

    scale = min(2.0, _MAX_DRAWN_PIXELS / max(width, height))
    if scale == 2.0:
        return draw_scene(seed, width * 2, height * 2, kind, caption).reduce(2)
    drawn = draw_scene(seed, round(width * scale), round(height * scale), kind, caption)
    return drawn if drawn.size == (width, height) else drawn.resize((width, height), Resampling.BICUBIC)


def _encode(picture: Image, content_type: str, quality: int) -> bytes:
    file, form = io.BytesIO(), _FORMATS.get(content_type, "JPEG")
    if form == "PNG":
        chosen = picture if quality > 80 else picture.quantize(64 if quality > 60 else 16)
        chosen.save(file, form, compress_level=4)
    elif form == "GIF":
        picture.quantize(96 if quality > 80 else 32).save(file, form)
    else:
        picture.save(file, form, quality=quality, **({"method": 2} if form == "WEBP" else {}))
    return file.getvalue()
