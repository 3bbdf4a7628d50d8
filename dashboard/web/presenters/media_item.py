"""The page of an item: its facts, its strip, and a card for each variant."""

from dashboard import reveals
from dashboard.identity import Person
from dashboard.models import Connection
from dashboard.oddities import list_oddities, make_label_visible
from dashboard.vault import MediaItem, UnreadableItem, Variant, filter_media_link
from dashboard.web.ticket_links import add_ticket

from .media import SLOTS, TYPE_WORDS, RowBuilder


class VariantCard:
    """A variant on the item's page: all its fields, and what may be loaded of it.

    Its link stands in a page only where the mode shows thumbs, or after a reveal.
    """

    is_open = False
    """Whether its picture or clip was revealed for this page."""
    is_link_open = False
    """Whether its link was."""

    def __init__(self, builder: RowBuilder, label: str, variant: Variant, place: int) -> None:
        self.label = label
        self.name = make_label_visible(label)
        self.anchor = f"variant-{place}"
        self.variant = variant
        self.slot = builder.build_slot(label, variant)
        kind = variant.content_type.partition("/")[0]
        self.kind = kind if kind in TYPE_WORDS else "file"
        _, self.no_picture_reason = builder.find_picture(variant)
        self.is_past = builder.is_past(variant)
        has_ended = variant.status == "removed" or (self.is_past and not variant.is_stored)
        self.link = "" if has_ended else filter_media_link(variant.url, builder.hosts) or ""
        self.foreign = "" if self.link else "/".join(variant.url.split("/", 3)[:3])[:120]
        self.is_thumb = label == "thumb" and kind == "image" and not self.no_picture_reason
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
    """An item whole: its facts, its strip, a card a variant."""

    def __init__(self, connection: Connection, item: MediaItem, ticket: str = "") -> None:
        builder = RowBuilder(connection)
        self.connection, self.item = connection, item
        self.row = builder.build_row(item)
        self.cards = build_variant_cards(builder, item)
        self.odd = list_oddities(item)
        self.href = add_ticket(self.row.href, ticket)
        self.delete_href = add_ticket(self.row.delete_href, ticket)
        self.reveal_href = add_ticket(f"{self.row.href}reveal/", ticket)
        self.unknown_sizes = sum(v.size is None for v in item.media.values())
        self.in_flight = sum(v.is_moving for v in item.media.values())
        pictures = [card for card in self.cards if card.kind == "image"]
        thumbs = [card for card in pictures if card.label == "thumb"]
        stored = [card for card in pictures if card.variant.is_stored]
        self.lead = next(iter(thumbs + stored), None)  # the picture that stands for the item

    def find_card(self, digest: str) -> VariantCard | None:
        """Return the card of the variant whose label has this digest."""
        return next((card for card in self.cards if reveals.digest_label(card.label) == digest), None)

    def sign(self, person: Person, card: VariantCard) -> str:
        """Return what lets the person reveal the variant."""
        return reveals.sign_shown(person, self.connection, self.item.id, card.label)
