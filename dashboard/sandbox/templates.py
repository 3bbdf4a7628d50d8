"""The kinds of media: 4093 templates that items repeat, computed once for a seed.

Item `i` follows the template of `i mod 4093`, so a filter on status, type, MIME type or duration
is a set of residues, and every item it matches can be walked to directly.
"""

from functools import lru_cache
from random import Random
from typing import NamedTuple

TEMPLATE_COUNT = 4093
"""A prime, so that neighbours in time are not neighbours in kind."""

CREATED_SPREAD_MS = 20_000
"""All variants of an item are first seen within this time of the first one."""

STORED_SPREAD_MS = 140_000
"""A stored variant was stored at most this long after its item was first seen."""

_SHAPES = ((3, 2), (3, 2), (4, 3), (16, 9), (16, 9), (1, 1), (4, 5), (4, 5), (2, 3), (3, 4), (9, 16))
_SHORT_SIDES = {"480": 480, "preview": 540, "720": 720, "1080": 1080}
_BITS_A_SECOND = {"480": 900_000, "720": 1_800_000, "1080": 3_600_000, "full": 5_500_000, "source": 7_500_000}


class VariantTemplate(NamedTuple):
    """A variant as its item's template has it; times are ms after the item was first seen."""

    label: str
    status: str
    content_type: str
    width: int
    height: int
    size: int
    """Bytes once stored (an item adds a little of its own)."""
    created_after: int
    stored_after: int

    @property
    def was_stored(self) -> bool:
        """True if this variant has a size and a storing time."""
        return self.status in ("stored", "removed")


class Template(NamedTuple):
    """A kind of media item."""

    type: str
    duration: float | None
    variants: tuple[VariantTemplate, ...]
    link_expired: bool

    @property
    def was_stored(self) -> bool:
        """True if at least one variant has a storing time."""
        return any(variant.was_stored for variant in self.variants)


def picture_size(shape: tuple[int, int], label: str, longest: int) -> tuple[int, int]:
    """Return the pixels of a picture or film with this label, in the item's aspect ratio."""
    across, down = shape
    if label == "thumb":
        scale = min(320 / across, 400 / down)
    elif label in _SHORT_SIDES:
        scale = _SHORT_SIDES[label] / min(across, down)
    else:
        scale = longest / max(across, down)
    return max(2, round(across * scale / 2) * 2), max(2, round(down * scale / 2) * 2)


@lru_cache(maxsize=4)
def make_templates(seed: int) -> tuple[Template, ...]:
    """Return all templates of a seed: about 70 % images, 25 % videos, 5 % audio."""
    random = Random(seed)  # noqa: S311 - reproducible on purpose, nothing secret
    return tuple(_make_template(random) for _ in range(TEMPLATE_COUNT))


def _make_template(random: Random) -> Template:
    kind = random.choices(("image", "video", "audio"), (70, 25, 5))[0]
    duration: float | None = None
    if kind == "image":
        labelled = _image_labels(random)
    elif kind == "video":
        duration = _duration(random, 45, 4, 1800)
        labelled = _video_labels(random)
    else:
        duration = _duration(random, 90, 8, 2400)
        labelled = _audio_labels(random)
    statuses = _statuses(random, len(labelled))
    shape, longest = random.choice(_SHAPES), random.choice((1600, 1800, 2000, 2400))
    variants = []
    for number, ((label, content_type), status) in enumerate(zip(labelled, statuses, strict=True)):
        width, height = (0, 0) if content_type.startswith("audio") else picture_size(shape, label, longest)
        created_after = 0 if number == 0 else random.randrange(0, CREATED_SPREAD_MS)
        stored_after = created_after + random.randrange(2_000, STORED_SPREAD_MS - CREATED_SPREAD_MS)
        size = _size(random, label, content_type, width * height, duration or 0)
        variants.append(
            VariantTemplate(label, status, content_type, width, height, size, created_after, stored_after)
        )
    return Template(kind, duration, tuple(variants), random.random() < 0.05)


def _duration(random: Random, middle: float, shortest: float, longest: float) -> float:
    seconds = min(longest, max(shortest, middle * random.lognormvariate(0, 1)))
    return round(seconds, 1) if random.random() < 0.4 else float(round(seconds))


def _image_labels(random: Random) -> list[tuple[str, str]]:
    full = random.choices(("image/jpeg", "image/png", "image/webp", "image/gif"), (80, 9, 10, 1))[0]
    small = "image/webp" if full == "image/webp" else "image/jpeg"
    labels = [("thumb", small), ("full", full)]
    if random.random() < 0.5:
        labels.append(("720", small))
    if random.random() < 0.3:
        labels.append(("1080", small))
    if random.random() < 0.05:
        labels.append((random.choice(("preview", "480")), small))
    if random.random() < 0.02:
        labels.append(("source", "image/png"))
    return labels


def _video_labels(random: Random) -> list[tuple[str, str]]:
    labels = [("thumb", "image/jpeg"), ("full", "video/mp4")]
    if random.random() < 0.85:
        labels.append(("720", "video/mp4"))
    if random.random() < 0.55:
        labels.append(("1080", "video/mp4"))
    if random.random() < 0.08:
        labels.append(("preview", "image/jpeg"))
    if random.random() < 0.06:
        labels.append(("480", "video/mp4"))
    if random.random() < 0.04:
        labels.append(("source", "video/mp4"))
    return labels


def _audio_labels(random: Random) -> list[tuple[str, str]]:
    labels = [("full", random.choices(("audio/mpeg", "audio/mp4"), (70, 30))[0])]
    if random.random() < 0.3:
        labels.append(("source", "audio/wav"))
    if random.random() < 0.15:
        labels.insert(0, ("thumb", "image/jpeg"))
    return labels


def _statuses(random: Random, count: int) -> list[str]:
    if random.random() < 0.74:
        return ["stored"] * count
    mixed = random.choices(
        ("stored", "edge_only", "removed", "pending", "storing"), (55, 28, 12, 3, 2), k=count
    )
    return list(mixed)


def _size(random: Random, label: str, content_type: str, pixels: int, duration: float) -> int:
    kind = content_type.partition("/")[0]
    if kind == "video":
        bits = _BITS_A_SECOND.get(label, 1_800_000) * random.uniform(0.7, 1.2)
        return min(205_000_000, max(400_000, int(bits * duration / 8)))
    if kind == "audio":
        bits = {"audio/mpeg": 128_000, "audio/mp4": 96_000}.get(content_type, 705_600)
        return max(90_000, int(bits * duration / 8))
    if label == "thumb":
        return random.randrange(14_000, 40_000)
    per_pixel = (
        random.uniform(0.9, 1.5) if content_type in ("image/png", "image/gif") else random.uniform(0.16, 0.4)
    )
    return int(pixels * per_pixel)
