"""One item looked for in every connection a person may see: a few at a time, answers as they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.encryption import Unsealable
from dashboard.models import Connection
from dashboard.service import Looked
from dashboard.vault import MediaItem, VaultError
from dashboard.web.presenters.media import Row, Shelf
from dashboard.web.ticket_links import TicketLink

from .media_ids import MAY_BE_ROUNDED, is_perhaps_rounded

BATCH: Final = 4
"""Connections asked by one request."""

MOST_FOUND: Final = 20
"""Places of the item that the address keeps; there is no choosing among more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one connection answered: the item as a row, or why it could not be asked, or neither. `href` is
    the item's page there, which asks again as well; `again_href` does so in place."""

    connection: Connection
    href: str
    again_href: str
    row: Row | None = None
    reason: str = ""


class Sweep:
    """How far it is. All of that travels in the address of the next batch, so that every batch is a link:
    how many connections were `asked`, where the item was `found`, and how many `failed` to answer."""

    def __init__(
        self,
        link: TicketLink,
        connections: Sequence[Connection],
        *,
        asked: int = 0,
        found: Sequence[Connection] = (),
        failed: int = 0,
        again: Connection | None = None,
    ) -> None:
        self.link = link
        self.connections = connections
        self.asked = min(asked, len(connections))
        self.found = list(found)
        self.failed = failed
        self.again = again
        self.answers: list[Answer] = []

    @property
    def batch(self) -> Sequence[Connection]:
        """Those to be asked now: the next few, or the one that is asked once more."""
        if self.again:
            return [self.again]
        return self.connections[self.asked : self.asked + BATCH]

    def take(self, results: Sequence[Looked]) -> None:
        """Keep what the batch answered, in its order. One asked once more does not change how far it is."""
        self.answers = [self._answer(*pair) for pair in zip(self.batch, results, strict=True)]
        if self.again:
            return
        self.found += [one.connection for one in self.answers if one.row]
        self.failed += sum(bool(one.reason) for one in self.answers)
        self.asked += len(self.answers)

    def _answer(self, connection: Connection, result: Looked) -> Answer:
        again = f"{reverse('go-answers')}?{urlencode({**self.link.asked, 'again': connection.slug})}"
        answer = Answer(connection, self.link.item_href(connection), again)
        match result:
            case MediaItem():
                return replace(answer, row=Shelf(connection).row(result))
            case VaultError():
                return replace(answer, reason=result.title)
            case Unsealable():
                return replace(answer, reason="Its ID cannot be opened by any key")
        return answer

    @property
    def hint(self) -> str:
        """Why the ID may not be whole, where it was found nowhere."""
        return MAY_BE_ROUNDED if not self.found and is_perhaps_rounded(self.link.media_id) else ""

    @property
    def total(self) -> int:
        return len(self.connections)

    @property
    def is_over(self) -> bool:
        return self.asked == self.total

    @property
    def only(self) -> Connection | None:
        """The one place of the item, once everybody has answered."""
        return self.found[0] if self.is_over and not self.failed and len(self.found) == 1 else None

    @property
    def next_href(self) -> str:
        """Where the next few are asked."""
        state = {
            **self.link.asked,
            "asked": self.asked,
            "found": [one.slug for one in self.found[:MOST_FOUND]],
            "failed": self.failed,
        }
        return f"{reverse('go-answers')}?{urlencode({k: v for k, v in state.items() if v}, doseq=True)}"
