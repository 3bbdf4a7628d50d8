"""The page of an item: its facts, its strip, and a card for each variant."""

from dataclasses import dataclass
from urllib.parse import urlencode

from dashboard.models import Connection
from dashboard.oddities import MAX_LABEL_LENGTH, list_oddities, make_label_visible
from dashboard.vault import MediaItem, Variant, filter_media_link

from .media import SLOTS, TYPE_WORDS, RowBuilder, Slot


@dataclass(frozen=True, slots=True)
class VariantCard:
    """A variant on the item's page: all its fields, and what may be loaded of it."""

    label: str
    variant: Variant
    slot: Slot
    kind: str
    link: str
    why_no_picture: str
    is_past: bool
    anchor: str

    @property
    def name(self) -> str:
        """Return the label as it can be seen."""
        return make_label_visible(self.label)

    @property
    def key(self) -> str:
        """Return the label as far as links carry it."""
        return self.label[:MAX_LABEL_LENGTH]

    @property
    def may_ask(self) -> bool:
        """Return whether there is a living link that is only not loaded unasked."""
        return bool(self.link) and bool(self.why_no_picture)


def build_variant_cards(builder: RowBuilder, item: MediaItem) -> list[VariantCard]:
    """Return the item's variants in the strip's order: the fixed labels first, then the others as they
    came."""
    labels = [label for label in SLOTS if label in item.media]
    labels += [label for label in item.media if label not in SLOTS]
    return [_build_card(builder, label, item.media[label], place) for place, label in enumerate(labels)]


def _build_card(builder: RowBuilder, label: str, variant: Variant, place: int) -> VariantCard:
    _, why = builder.find_picture(variant)
    is_past = builder.is_past(variant)
    ended = variant.status == "removed" or (is_past and not variant.is_stored)
    link = None if ended else filter_media_link(variant.url, builder.hosts)
    kind = variant.content_type.partition("/")[0]
    return VariantCard(
        label=label,
        variant=variant,
        slot=builder.build_slot(label, variant),
        kind=kind if kind in TYPE_WORDS else "file",
        link=link or "",
        why_no_picture=why,
        is_past=is_past,
        anchor=f"variant-{place}",
    )


class ItemPage:
    """An item whole: its facts, its strip, and a card a variant. `reveal` names one shown at once; the
    ticket that led here goes along with every link."""

    def __init__(
        self, connection: Connection, item: MediaItem, reveal: str | None = None, ticket: str = ""
    ) -> None:
        builder = RowBuilder(connection)
        self.item = item
        self.row = builder.build_row(item)
        self.cards = build_variant_cards(builder, item)
        self.odd = list_oddities(item)
        self.reveal = reveal
        self.carried = {"ticket": ticket} if ticket else {}
        self.href = self._with(self.row.href)
        self.delete_href = self._with(self.row.delete_href)
        self.unknown_sizes = sum(v.size is None for v in item.media.values())
        self.in_flight = sum(v.is_moving for v in item.media.values())

    def reveal_href(self, card: VariantCard) -> str:
        """Return the address of this page with the variant shown, for a press without script."""
        return f"{self._with(self.row.href, reveal=card.key)}#{card.anchor}"

    def _with(self, href: str, **asked: str) -> str:
        query = urlencode({**asked, **self.carried})
        return f"{href}?{query}" if query else href

    @property
    def lead(self) -> VariantCard | None:
        """Return the picture that stands for the item: its thumb, else its first stored picture."""
        pictures = [card for card in self.cards if card.kind == "image"]
        stored = [card for card in pictures if card.variant.is_stored]
        return next((c for c in pictures if c.label == "thumb"), next(iter(stored), None))
