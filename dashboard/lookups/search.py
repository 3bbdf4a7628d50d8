"""Search every connection that a person may see for one item: a few at a time, answers as they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.encryption import DecryptionError
from dashboard.models import Connection
from dashboard.service import FindResult
from dashboard.vault import MediaItem, VaultError

CONNECTIONS_PER_BATCH: Final = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of asking one connection: the item, None for nothing, or the error in place of an answer."""

    connection: Connection
    result: FindResult

    @property
    def has_item(self) -> bool:
        return isinstance(self.result, MediaItem)

    @property
    def has_failed(self) -> bool:
        return isinstance(self.result, VaultError | DecryptionError)


class CrossConnectionSearch:
    """A search: how many connections were `asked`, where the item was `found`, how many `failed`."""

    def __init__(
        self,
        connections: Sequence[Connection],
        *,
        asked: int = 0,
        found: Sequence[Connection] = (),
        failed: int = 0,
        again: Connection | None = None,
    ) -> None:
        self.connections = connections
        self.asked = min(asked, len(connections))
        self.found = list(found)
        self.failed = failed
        self.again = again
        self.answers: list[Answer] = []

    @property
    def batch(self) -> Sequence[Connection]:
        """Return the connections to ask now: the next few, or the one that is asked once more."""
        if self.again:
            return [self.again]
        return self.connections[self.asked : self.asked + CONNECTIONS_PER_BATCH]

    def add_results(self, results: Sequence[FindResult]) -> None:
        """Add the results of the batch, in its order. One asked once more does not change the progress."""
        self.answers = [Answer(*pair) for pair in zip(self.batch, results, strict=True)]
        if self.again:
            return
        self.found += [one.connection for one in self.answers if one.has_item]
        self.failed += sum(one.has_failed for one in self.answers)
        self.asked += len(self.answers)

    @property
    def is_over(self) -> bool:
        return self.asked == len(self.connections)

    @property
    def only(self) -> Connection | None:
        """Return the only connection with the item, once all have answered, or None."""
        return self.found[0] if self.is_over and not self.failed and len(self.found) == 1 else None
