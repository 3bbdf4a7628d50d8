"""A look-up made ready to print: found, not cached, malformed and failed, each in the order pasted."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.urls import reverse
from django.utils import timezone

from dashboard.lookups.media_ids import ROUNDED_ID_HINT, is_perhaps_rounded
from dashboard.models import Connection, Lookup, Removal
from dashboard.removals import actions
from dashboard.selection import Entry
from dashboard.spreadsheets import encode_head_row, encode_rows, escape_formula
from dashboard.units import format_iso, format_length, format_size, format_time_since
from dashboard.vault import KeyRefused
from dashboard.web.ticket_links import add_ticket

from .media import ABSENT, SLOTS, TYPE_WORDS, Slot, get_slot

MAX_ASKING_TIME: Final = timedelta(seconds=60)
"""A look-up without an answer for longer has lost whoever asked."""

NEVER_ASKED: Final = "Not asked yet"

LOOKUP_COLUMNS: Final = (
    "media_id",
    "times_pasted",
    "connection",
    "outcome",
    "why",
    "type",
    "length_s",
    "variants",
    "bytes",
    "states",
    "removed_at",
    "removed_by",
    "removed_for",
    "as_of",
)


class FoundRow:
    """An item in one of the connections, as it was when it was asked for."""

    def __init__(
        self, media_id: str, connection: Connection, payload: Mapping[str, Any], ticket: str
    ) -> None:
        self.id = media_id
        self.connection = connection
        self.href = add_ticket(reverse("media-item", args=[connection.slug, media_id]), ticket)
        self.unreadable: str = payload.get("unreadable", "")
        self.odd: str = "; ".join(payload.get("odd", ()))
        self.held: dict[str, tuple[str, int | None]] = payload.get("variants", {})
        kind = payload.get("type", "")
        self.type = kind if kind in TYPE_WORDS else "unknown"
        self.type_word = TYPE_WORDS.get(kind, kind) or ("" if self.unreadable else "Type not known")
        self.seconds: float | None = payload.get("duration")
        self.length = format_length(self.seconds)
        known = [size for _, size in self.held.values() if size is not None]
        self.size_bytes: int | None = sum(known) if known else None
        self.size = format_size(self.size_bytes)
        self.entry: Entry = media_id, len(self.held), self.size_bytes or 0  # as it is selected

    @property
    def strip(self) -> tuple[Slot, ...]:
        """Return the fixed slots in their order, then whatever other labels the item has."""
        there = {label: get_slot(label, status, False) for label, (status, _) in self.held.items()}
        fixed = [there.get(label, ABSENT[label]) for label in SLOTS]
        return (*fixed, *(slot for label, slot in there.items() if label not in ABSENT))


class MissingRow(NamedTuple):
    """An id that none of the connections has cached, and the removals of it from here."""

    id: str
    tombstones: list[Removal]

    @property
    def hint(self) -> str:
        """Return why the ID may not be whole, or "" if nothing says so, or if it was removed from here."""
        return ROUNDED_ID_HINT if not self.tombstones and is_perhaps_rounded(self.id) else ""


class LookupFailure(NamedTuple):
    """Ids that one connection did not answer for, all for the same reason."""

    connection: Connection
    reason: str
    ids: list[str]


class LookupResult:
    """The context of a look-up's page."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.connections = list(lookup.connections.all())
        self.answers = {one.pk: lookup.answers.get(str(one.pk), {}) for one in self.connections}
        self.found: list[FoundRow] = []
        absent: list[str] = []
        self.failed: list[str] = []
        self.left: list[str] = []
        """Ids that some connection has not answered for, found elsewhere or not."""
        for media_id in lookup.ids:
            rows = list(self._rows(media_id))
            self.found += rows
            is_left = any(media_id not in answers for answers in self.answers.values())
            if is_left:
                self.left.append(media_id)
            if not rows:
                (self.failed if is_left else absent).append(media_id)
        tombstones = [actions.find_tombstones(one, absent) for one in self.connections] if absent else []
        self.missing = [MissingRow(m, [each[m] for each in tombstones if m in each]) for m in absent]
        self.found_ids = len({row.id for row in self.found})
        self.repeats: int = sum(lookup.repeated.values())
        self.malformed: list[tuple[str, str, int]] = [tuple(one) for one in lookup.malformed]
        self.malformed_count = sum(times for _, _, times in self.malformed)
        is_young = timezone.now() - lookup.created_at < MAX_ASKING_TIME
        self.is_under_way = lookup.asked_at is None and is_young  # most likely, the person is still asking
        self.was_interrupted = lookup.asked_at is None and not is_young
        self.age = format_time_since(lookup.asked_at or lookup.created_at)
        self.to_select = [(one, found) for one in self.connections if (found := self.entries(one))]
        """The found items of each connection that could be read."""
        self.missing_text = "\n".join(row.id for row in self.missing)

    def _rows(self, media_id: str) -> Iterator[FoundRow]:
        for connection in self.connections:
            if payload := self.answers[connection.pk].get(media_id):
                yield FoundRow(media_id, connection, payload, self.lookup.ticket)

    @property
    def failures(self) -> list[LookupFailure]:
        """Return the unanswered ids, by connection and reason."""
        grouped: dict[tuple[int, str], LookupFailure] = {}
        for connection in self.connections:
            trouble = self.lookup.trouble.get(str(connection.pk), {})
            for media_id in self.left:
                if media_id not in self.answers[connection.pk]:
                    reason = trouble.get(media_id, NEVER_ASKED)
                    group = grouped.setdefault((connection.pk, reason), LookupFailure(connection, reason, []))
                    group.ids.append(media_id)
        return list(grouped.values())

    @property
    def key_refused(self) -> bool:
        """Return whether the service refused our key for any of it."""
        return any(one.reason.startswith(KeyRefused.title) for one in self.failures)

    def entries(self, connection: Connection) -> list[Entry]:
        """Return the found items of the connection, as they are selected."""
        return [r.entry for r in self.found if r.connection.pk == connection.pk and not r.unreadable]

    def write_csv(self) -> str:
        """Return a row for each id in each connection, in pasted order, then what is no id; never a link."""
        return encode_head_row(LOOKUP_COLUMNS) + encode_rows(
            [escape_formula(cell) for cell in row] for row in self._cells()
        )

    def _cells(self) -> Iterator[list[str]]:
        lookup = self.lookup
        as_of = format_iso(lookup.asked_at) if lookup.asked_at else ""
        found = {(row.id, row.connection.pk): row for row in self.found}
        removals = {(one.media_id, one.connection_id): one for m in self.missing for one in m.tombstones}
        hints = {row.id: row.hint for row in self.missing}
        for media_id in lookup.ids:
            times = str(lookup.repeated.get(media_id, 0) + 1)
            for one in self.connections:
                start = [media_id, times, one.label]
                if row := found.get((media_id, one.pk)):
                    yield [*start, *_write_found_cells(row), as_of]
                elif media_id in self.answers[one.pk]:
                    removed = _write_tombstone_cells(removals.get((media_id, one.pk)))
                    yield [*start, "not cached", hints.get(media_id, ""), *[""] * 5, *removed, as_of]
                else:
                    reason = lookup.trouble.get(str(one.pk), {}).get(media_id, NEVER_ASKED)
                    yield [*start, "failed", reason, *[""] * 8, as_of]
        for text, reason, count in self.malformed:
            yield [text, str(count), "", "malformed", reason, *[""] * 9]


def _write_found_cells(row: FoundRow) -> list[str]:
    if row.unreadable:
        return ["found", row.unreadable, *[""] * 8]
    states = "; ".join(f"{label} {status}" for label, (status, _) in row.held.items())
    length = "" if row.seconds is None else f"{row.seconds:g}"
    size = "" if row.size_bytes is None else str(row.size_bytes)
    odd = row.odd and f"Odd values: {row.odd}"
    return ["found", odd, row.type_word, length, str(len(row.held)), size, states, *[""] * 3]


def _write_tombstone_cells(removal: Removal | None) -> list[str]:
    return [format_iso(removal.sent_at), removal.person, removal.ticket] if removal else [""] * 3
