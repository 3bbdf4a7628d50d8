"""Records made ready to print: every string, address and flag that a row, card or strip needs."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from django.conf import settings
from msgspec import Struct

from dashboard.models import Connection
from dashboard.oddities import list_oddities, make_label_visible
from dashboard.units import format_age, format_length, format_second, format_size
from dashboard.vault import MOVING_STATUSES, MediaItem, MediaQuery, UnreadableItem, Variant, filter_media_link
from dashboard.web.addresses import reverse_url

SLOTS: Final[tuple[str, ...]] = ("thumb", "720", "1080", "full")
"""The labels that always have a place in the strip, absent or not, so that columns read downwards."""

STATUS_WORDS: Final = {
    "edge_only": "Edge only",
    "pending": "Waiting",
    "storing": "Storing",
    "stored": "Stored",
    "removed": "Removed",
}
TYPE_WORDS: Final = {"image": "Image", "video": "Video", "audio": "Audio"}


class Slot(NamedTuple):
    """A place of the variant strip. `state` is a css class and a glyph's name."""

    label: str
    state: str
    word: str
    matched: bool = False


ABSENT: Final = {label: Slot(label, "absent", "Not there") for label in SLOTS}


@lru_cache(maxsize=1024)
def get_slot(label: str, status: str, matched: bool) -> Slot:
    """Return the one Slot there is for these three: a page has hundreds, and few are different."""
    known = status in STATUS_WORDS
    word = STATUS_WORDS.get(status, status) or "No state"
    return Slot(make_label_visible(label), status if known else "unknown", word, matched)


class Row(Struct, frozen=True, gc=False):
    """An item of the list. `thumb` is a link good for `<img>`, or empty; `no_thumb_reason` says why not."""

    id: str
    href: str
    delete_href: str
    type: str
    type_word: str
    length: str
    size: str
    strip: tuple[Slot, ...]
    first_seen: str
    first_seen_at: int
    """Unix seconds; 0 where it is not known."""
    last_seen: str
    last_seen_at: int
    """Unix seconds; 0 for never."""
    moving: bool
    thumb: str
    no_thumb_reason: str
    variants: int
    size_bytes: int
    odd: str = ""
    """What is odd about it, in one line."""
    broken: ClassVar[bool] = False

    @property
    def first_seen_iso(self) -> str:
        """Return the second for machines, or ""."""
        return format_second(self.first_seen_at) if self.first_seen_at else ""

    @property
    def last_seen_iso(self) -> str:
        """Return the second for machines, or ""."""
        return format_second(self.last_seen_at) if self.last_seen_at else ""


class BrokenRow(Struct, frozen=True, gc=False):
    """An item that the service sent in an unknown shape; in its place stand its name and the reason."""

    id: str | None
    reason: str
    href: str = ""
    broken: ClassVar[bool] = True


class RowBuilder:
    """Turns the items of one connection into rows, with what is common to them worked out once."""

    def __init__(
        self, connection: Connection, query: MediaQuery | None = None, statuses: Collection[str] = ()
    ) -> None:
        self.now_ms = datetime.now(UTC).timestamp() * 1000
        self.base = connection.media_url
        self.hosts: Collection[str] = frozenset(settings.VAULTPLUS_MEDIA_HOSTS)
        self.statuses = statuses or ([query.status] if query and query.status else ())
        self.content_type = query.content_type if query else None
        self.strips: dict[tuple[tuple[str, str, str], ...], tuple[Slot, ...]] = {}  # few on a page differ
        self.highlights = bool(self.statuses) or self.content_type is not None

    def build_rows(self, items: Iterable[MediaItem | UnreadableItem]) -> list[Row | BrokenRow]:
        """Return a row an item. An id listed twice is said to be: two elements of one name would mislead."""
        rows: list[Row | BrokenRow] = []
        seen: set[str] = set()
        for item in items:
            if item.id is not None and item.id in seen:
                rows.append(
                    BrokenRow(None, f"{item.id} is on this page already: the service lists it twice.")
                )
                continue
            rows.append(self.build_row(item) if isinstance(item, MediaItem) else self.build_broken_row(item))
            seen.add(item.id or "")
        return rows

    def build_row(self, item: MediaItem) -> Row:
        """Return the row of one item. It goes once through the variants: a page has hundreds."""
        created = used = 0.0
        size_bytes, is_size_known, is_moving, is_odd = 0, False, False, bool(item.oddities)
        for variant in item.media.values():
            if variant.created_ms and (not created or variant.created_ms < created):
                created = variant.created_ms
            if variant.last_accessed_ms > used:
                used = variant.last_accessed_ms
            size_bytes += variant.size_bytes
            is_size_known = is_size_known or variant.size is not None
            is_moving = is_moving or variant.status in MOVING_STATUSES
            is_odd = is_odd or bool(variant.oddities)
        thumb, reason = self.find_thumb(item)
        href = f"{self.base}{item.id}/"
        return Row(
            id=item.id,
            href=href,
            delete_href=f"{href}delete/",
            type=item.type if item.is_known_type else "unknown",
            type_word=TYPE_WORDS.get(item.type, item.type) or "Type not known",
            length=format_length(item.duration),
            size=format_size(size_bytes if is_size_known else None),
            strip=self.build_strip(item),
            first_seen=format_age((self.now_ms - created) / 1000) if created else "—",
            first_seen_at=int(created // 1000),
            last_seen=format_age((self.now_ms - used) / 1000) if used else "never",
            last_seen_at=int(used // 1000),
            moving=is_moving,
            thumb=thumb,
            no_thumb_reason=reason,
            variants=len(item.media),
            size_bytes=size_bytes,
            odd="; ".join(list_oddities(item)) if is_odd else "",
        )

    def build_broken_row(self, item: UnreadableItem) -> BrokenRow:
        """Return the row of an item that cannot be read."""
        reason = f"cannot be shown: the service sent it in an unknown format. {item.reason}"
        return BrokenRow(item.id, reason, f"{self.base}{item.id}/" if item.id else "")

    def build_strip(self, item: MediaItem) -> tuple[Slot, ...]:
        """Return the fixed slots in their order, then whatever other labels the item has."""
        media = item.media
        kind = tuple([(label, variant.status, variant.content_type) for label, variant in media.items()])
        if (known := self.strips.get(kind)) is not None:
            return known
        fixed = [
            self.build_slot(label, variant) if (variant := media.get(label)) else ABSENT[label]
            for label in SLOTS
        ]
        others = [self.build_slot(label, variant) for label, variant in media.items() if label not in ABSENT]
        self.strips[kind] = (*fixed, *others)
        return self.strips[kind]

    def build_slot(self, label: str, variant: Variant) -> Slot:
        """Return the variant's place in the strip, marked if it matches the filters."""
        return get_slot(
            label,
            variant.status,
            self.highlights
            and (not self.statuses or variant.status in self.statuses)
            and self.content_type in (None, variant.content_type),
        )

    def find_thumb(self, item: MediaItem) -> tuple[str, str]:
        """Return the link of the item's thumb, loaded only if it is stored and ours to show."""
        variant = item.media.get("thumb")
        if variant is None:
            return "", "No thumb"
        if not variant.content_type.startswith("image/"):
            return "", "No picture"
        return self.find_picture(variant)

    def find_picture(self, variant: Variant) -> tuple[str, str]:
        """Return the variant's link if it may be loaded unasked; else "", and the reason in two words.

        A view can make the vendor store an `edge_only` variant, so what is not stored waits to be asked.
        `expiresAt` is when the upstream's link ends: nothing says that a stored copy is not served after it.
        """
        if variant.status == "removed":
            return "", "Removed"
        if not variant.is_stored and self.is_past(variant):
            return "", "Link end date passed"
        if filter_media_link(variant.url, self.hosts) is None:
            return "", "Foreign link" if variant.url else "No link"
        if not variant.is_stored:
            return "", "Not stored"
        return variant.url, ""

    def is_past(self, variant: Variant) -> bool:
        """Return whether the date on which the link ends has passed; False if no date is known."""
        return 0 < variant.expires_ms <= self.now_ms


def build_live_href(connection: Connection, query: MediaQuery) -> str:
    """Return where rows are read again, with the filters that mark their variants; a script adds the ids."""
    matching = MediaQuery(status=query.status, content_type=query.content_type).to_url()
    return f"{reverse_url('media-live', connection.slug)}{'?' if matching else ''}{matching}"
