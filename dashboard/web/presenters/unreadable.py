"""The question before a removal of an item of which nothing but its id is known."""

from dashboard.models import Connection
from dashboard.vault import MediaItem, UnreadableItem
from dashboard.web.ticket_links import add_ticket

from .media_item import ItemPage


class UnreadablePage:
    """Stands for an ItemPage where there is nothing to show but links and the reason."""

    row = None

    def __init__(self, connection: Connection, item: UnreadableItem, ticket: str) -> None:
        href = f"{connection.media_url}{item.id}/"
        self.href = add_ticket(href, ticket)
        self.delete_href = add_ticket(f"{href}delete/", ticket)
        self.odd = [item.reason]
        self.in_flight = 0


def build_removal_page(
    connection: Connection, item: MediaItem | UnreadableItem, ticket: str
) -> ItemPage | UnreadablePage:
    """Return the context of the question about the item."""
    if isinstance(item, UnreadableItem):
        return UnreadablePage(connection, item, ticket)
    return ItemPage(connection, item, ticket=ticket)
