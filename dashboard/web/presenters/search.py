"""The search through all connections as its page prints it: an answer a line, and where it goes on."""

from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.encryption import DecryptionError
from dashboard.lookups.media_ids import ROUNDED_ID_HINT, is_perhaps_rounded
from dashboard.lookups.search import Answer, CrossConnectionSearch
from dashboard.models import Connection
from dashboard.vault import MediaItem, VaultError
from dashboard.web.ticket_links import TicketLink

from .media import Row, RowBuilder

MAX_FOUND_IN_LINK: Final = 20
"""Places of the item that the address keeps; there is no choosing among more."""


class AnswerLine(NamedTuple):
    """The answer of one connection: a row, or the reason for none. `again_href` asks again in place."""

    connection: Connection
    href: str
    again_href: str
    row: Row | None = None
    reason: str = ""


class SearchPage:
    """A search's page. Its progress travels in the address of the next batch: every batch is a link."""

    def __init__(self, link: TicketLink, search: CrossConnectionSearch) -> None:
        self.link = link
        self.total = len(search.connections)
        self.asked, self.found, self.failed = search.asked, search.found, search.failed
        self.again, self.is_over, self.only = search.again, search.is_over, search.only
        self.answers = [self._build_answer_line(answer) for answer in search.answers]
        is_rounded = not self.found and is_perhaps_rounded(link.media_id)
        self.hint = ROUNDED_ID_HINT if is_rounded else ""
        state = {
            **link.asked,
            "asked": self.asked,
            "found": [one.slug for one in self.found[:MAX_FOUND_IN_LINK]],
            "failed": self.failed,
        }
        asked = urlencode({name: value for name, value in state.items() if value}, doseq=True)
        self.next_href = f"{reverse('go-answers')}?{asked}"

    def _build_answer_line(self, answer: Answer) -> AnswerLine:
        connection = answer.connection
        again = f"{reverse('go-answers')}?{urlencode({**self.link.asked, 'again': connection.slug})}"
        line = AnswerLine(connection, self.link.item_href(connection), again)
        match answer.result:
            case MediaItem() as item:
                return line._replace(row=RowBuilder(connection).build_row(item))
            case VaultError() as error:
                return line._replace(reason=error.title)
            case DecryptionError() as error:
                return line._replace(reason=error.reason)
        return line
