"""The record to take away: its sealed lines as they are, or a table without a cell that acts as a formula."""

from collections.abc import Generator, Iterable, Iterator
from typing import Any, Final

from dashboard import spreadsheets
from dashboard.models import Event

from . import chain
from .queries import AuditReader

EVENT_COLUMNS: Final = (
    *("sequence", "at", "code"),
    *("actor_name", "actor_email", "actor_issuer", "actor_subject", "role", "groups", "mode", "signed_in_at"),
    *("address", "agent", "request_id", "connection", "connection_label", "connection_tail", "media_id"),
    *("ticket", "reason", "typed", "removal", "attempt", "job"),
)
RESULTS: Final = (
    *("status", "success", "freed_bytes", "purged_variants", "error", "service_request_id", "duration_ms"),
)
_PACKET: Final = 64_000


def lines(history: AuditReader, events: Iterable[Event], kind: str) -> Iterator[str]:
    """Yield the events in this format, one at a time, as far as the person may read them."""
    if kind == "csv":
        return as_csv(history, events)
    return (f"{history.write_line(event)}\n" for event in events)  # as signed: a key can verify it


def packets(lines: Iterable[str]) -> Generator[bytes]:
    """Yield the lines as UTF-8, joined into packets: a million small ones would be a million calls."""
    held, length = list[str](), 0
    for line in lines:
        held.append(line)
        length += len(line)
        if length >= _PACKET:
            yield "".join(held).encode()
            held, length = [], 0
    yield "".join(held).encode()


def as_csv(history: AuditReader, events: Iterable[Event]) -> Iterator[str]:
    """Yield a row of column names, then a row for each event."""
    yield spreadsheets.encode_head_row((*EVENT_COLUMNS, *RESULTS, "before", "hash"))
    for event in events:
        facts = history.read_facts(event)
        values = [facts[name] for name in EVENT_COLUMNS] + [facts["result"].get(name) for name in RESULTS]
        yield spreadsheets.encode_rows([[safe(value) for value in (*values, facts["before"], event.hash)]])


def safe(value: Any) -> str:
    """Return `value` as the text of a cell that no spreadsheet acts on."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case list():
            text = ", ".join(map(str, value))
        case dict():
            text = chain.write_canonical(value) if value else ""
        case _:
            text = str(value)
    return spreadsheets.escape_formula(text)
