"""The page of an item: its facts, its strip, and a card for each variant."""

from urllib.parse import urlencode

from dashboard.models import Connection
from dashboard.oddities import MAX_LABEL_LENGTH, list_oddities, make_label_visible
from dashboard.vault import MediaItem, UnreadableItem, Variant, filter_media_link
from dashboard.web.ticket_links import add_ticket

from .media import SLOTS, TYPE_WORDS, RowBuilder


class VariantCard:
    """A variant on the item's page: all its fields, and what may be loaded of it."""

    def __init__(self, builder: RowBuilder, label: str, variant: Variant, place: int) -> None:
        self.label = label
        self.name = make_label_visible(label)
        self.key = label[:MAX_LABEL_LENGTH]  # as far as links carry it
        self.anchor = f"variant-{place}"
        self.variant = variant
        self.slot = builder.build_slot(label, variant)
        kind = variant.content_type.partition("/")[0]
        self.kind = kind if kind in TYPE_WORDS else "file"
        _, self.no_picture_reason = builder.find_picture(variant)
        self.is_past = builder.is_past(variant)
        has_ended = variant.status == "removed" or (self.is_past and not variant.is_stored)
        self.link = "" if has_ended else filter_media_link(variant.url, builder.hosts) or ""
        self.may_ask = bool(self.link and self.no_picture_reason)  # a living link that is not loaded unasked


def build_variant_cards(builder: RowBuilder, item: MediaItem) -> list[VariantCard]:
    """Return the variants in the strip's order: fixed labels first, then the others as they came."""
    labels = [label for label in SLOTS if label in item.media]
    labels += [label for label in item.media if label not in SLOTS]
    return [VariantCard(builder, label, item.media[label], place) for place, label in enumerate(labels)]


class UnreadablePage:
    """Stands for an ItemPage before a removal of an item of which nothing but its id is known."""

    row = None
    in_flight = 0

    def __init__(self, connection: Connection, item: UnreadableItem, ticket: str) -> None:
        href = f"{connection.media_url}{item.id}/"
        self.href = add_ticket(href, ticket)
        self.delete_href = add_ticket(f"{href}delete/", ticket)
        self.odd = [item.reason]


class ItemPage:
    """An item whole: its facts, its strip, a card a variant. `reveal` names the one shown at once."""

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
        pictures = [card for card in self.cards if card.kind == "image"]
        thumbs = [card for card in pictures if card.label == "thumb"]
        stored = [card for card in pictures if card.variant.is_stored]
        self.lead = next(iter(thumbs + stored), None)  # the picture that stands for the item

    def reveal_href(self, card: VariantCard) -> str:
        """Return the address of this page with the variant shown, for a press without script."""
        return f"{self._with(self.row.href, reveal=card.key)}#{card.anchor}"

    def _with(self, href: str, **asked: str) -> str:
        query = urlencode({**asked, **self.carried})
        return f"{href}?{query}" if query else href
