"""The hash chain: each event's line names the hash before it, and its own hash needs a key to make.

The key stands in DASHBOARD_AUDIT_KEYS, so whoever can write to the database cannot forge its events.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from dashboard.models import Event

from .event_codes import BULK_BEGINS, CODES

GENESIS: Final = "0" * 64
CHECKPOINT: Final = "audit.checkpoint"
_EVENTS_PER_READ: Final = 2000
_SEALED_BY_OLDER: Final = "was sealed by an older key than an event before it"

_USUAL: Final[dict[str, Any]] = {
    **dict.fromkeys(("actor_issuer", "actor_subject", "actor_name", "actor_email", "role", "mode"), ""),
    **dict.fromkeys(("address", "agent", "request_id", "connection", "connection_label"), ""),
    **dict.fromkeys(("connection_tail", "media_id", "ticket", "reason", "typed", "key", "previous"), ""),
    **dict.fromkeys(("sequence", "at", "code", "removal", "attempt", "job", "signed_in_at")),
    "groups": [],
    "before": {},
    "result": {},
    "row": {},
}
"""The facts of a line, with the value of each that is missing."""

PRIVATE: Final = (
    *("actor_email", "actor_issuer", "actor_subject", "groups", "mode", "signed_in_at"),
    *("address", "agent"),
)
"""Facts of a person's sign-in and screen, which colleagues have no need of."""

_COLUMNS: Final = ("actor_name", "actor_email", "connection", "media_id", "ticket", "code")


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold: the event's number and the reason."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of reading the whole chain, with the last event's number and hash, and a break if any."""

    events: int
    head: int
    hash: str
    broken: Break | None


def write_canonical(facts: Mapping[str, Any]) -> str:
    """Return canonical JSON: sorted, without spaces, in ASCII. Raise ValueError for what JSON has not."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def format_time(at: datetime) -> str:
    """Return an aware time as lines spell it: ISO 8601 in UTC, with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def name_current_key() -> str:
    """Return the name of the key that signs now: eight digits, from which the key cannot be told."""
    return _name_key(settings.DASHBOARD_AUDIT_KEYS[0])


def sign(line: str, key: str | None = None) -> str:
    """Return the hash of a line by this key, or by the key that signs now."""
    secret = key or settings.DASHBOARD_AUDIT_KEYS[0]
    return hmac.new(secret.encode(), line.encode(), hashlib.sha256).hexdigest()


def write_signed_line(event: Event) -> str:
    """Return the event as one line for a log store: its canonical line with its hash put in at the end."""
    return f'{event.line[:-1]},"hash":"{event.hash}"}}'


def read_facts(event: Event) -> dict[str, Any]:
    """Return the facts in the event's line, or what can still be read of one that was tampered with."""
    try:
        line = json.loads(event.line)
    except ValueError:
        line = None
    said = line if isinstance(line, dict) else {}
    return _USUAL | {
        name: value
        for name, value in said.items()
        if _USUAL.get(name) is None or isinstance(value, type(_USUAL[name]))
    }


def leave_out_private(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts, with those that are private as if they were missing."""
    return {**facts, **{name: _USUAL[name] for name in PRIVATE}}


def find_job(facts: Mapping[str, Any]) -> UUID | None:
    """Return the job that the result of these facts names, or None where it names none."""
    try:
        return UUID(str(facts["result"].get("job")))
    except ValueError:
        return None


def find_begun_job(facts: Mapping[str, Any]) -> UUID | None:
    """Return the bulk removal that an event of these facts begins, or None where it begins none."""
    return find_job(facts) if facts["code"] == BULK_BEGINS else None


def verify(*, seen: tuple[int, str] | None = None, since: datetime | None = None) -> Verdict:
    """Read every event up to the first that was changed, moved, added or taken away; return the verdict.

    `seen` is a number and hash noted earlier: the chain cannot know by itself that its end was cut off. With
    `since` only the events from then on are read, and the one before them is taken as it stands.
    """
    count, head, last, newest = 0, 0, GENESIS, len(settings.DASHBOARD_AUDIT_KEYS)
    before = _find_last_before(since) if since else 0
    try:
        for event in _iterate_from(before or -(2**63)):
            if count == 0:
                start = (before - 1, str(read_facts(event)["previous"]))
                head, last = start if before else _find_start(event)
            wrong = _find_fault(event, head + 1, last)
            place = _find_place_of_key(event)
            if wrong is None and place > newest:  # whoever has an old key could add to the end
                wrong = _SEALED_BY_OLDER
            newest = min(newest, place)
            if wrong is None and seen and seen[0] == event.sequence and seen[1] != event.hash:
                wrong = "is another event than the one that was noted"
            if wrong:
                return Verdict(count, head, last, Break(event.sequence, wrong))
            count, head, last = count + 1, event.sequence, event.hash
    except (ValueError, TypeError, AttributeError):  # a column holds what it has no type for
        return Verdict(count, head, last, Break(head + 1, "cannot be read: it was changed"))
    if seen and seen[0] > head:
        return Verdict(
            count, head, last, Break(head + 1, f"is missing: {seen[0]} was there when it was noted")
        )
    return Verdict(count, head, last, None)


def _iterate_from(sequence: int) -> Iterator[Event]:
    """Yield the events from this number on, some at a time, so that no long query stands in anybody's way."""
    events, read = Event.objects.order_by("sequence"), _EVENTS_PER_READ
    while read == _EVENTS_PER_READ:
        read = 0
        for event in events.filter(sequence__gte=sequence)[:_EVENTS_PER_READ].iterator(_EVENTS_PER_READ):
            yield event
            sequence, read = event.sequence + 1, read + 1


def _find_last_before(since: datetime) -> int:
    """Return the number of the event before the first one since then; 0 if there is none before it."""
    first = Event.objects.filter(at__gte=since).order_by("at", "sequence").first()
    first = first or Event.objects.order_by("sequence").last()
    before = first.sequence - 1 if first else 0
    return before if Event.objects.filter(sequence=before).exists() else 0


def _find_start(event: Event) -> tuple[int, str]:
    """Return the number and hash before the chain's first event, which may follow a checkpoint."""
    if event.sequence == 1:
        return 0, GENESIS
    for checkpoint in Event.objects.filter(code=CHECKPOINT).order_by("-sequence"):
        result = json.loads(checkpoint.line)["result"] if is_signature_valid(checkpoint) else {}
        if result.get("last_sequence") == event.sequence - 1:
            return event.sequence - 1, str(result.get("last_hash"))
    return 0, GENESIS


def is_signature_valid(event: Event) -> bool:
    """Return True if one of the keys made this event's hash."""
    keys, place = settings.DASHBOARD_AUDIT_KEYS, _find_place_of_key(event)
    return place < len(keys) and hmac.compare_digest(
        sign(event.line, keys[place]).encode(), event.hash.encode()
    )


def find_event_fault(event: Event, *earlier: Event) -> str | None:
    """Return what is wrong with this event itself, or beside these earlier ones, or None."""
    if any(_find_place_of_key(event) > _find_place_of_key(one) for one in earlier):
        return _SEALED_BY_OLDER
    return _find_fault(event, event.sequence, read_facts(event)["previous"])


def _find_fault(event: Event, expected: int, last: str) -> str | None:
    if event.sequence != expected:
        return f"follows {expected - 1}: what stood between them is missing"
    if not is_signature_valid(event):
        if _find_place_of_key(event) == len(settings.DASHBOARD_AUDIT_KEYS):
            return "was sealed by a key that is not among DASHBOARD_AUDIT_KEYS"
        return "was changed after it was written"
    facts = json.loads(event.line)
    if facts["sequence"] != event.sequence:
        return f"is a copy of {facts['sequence']}"
    if facts["previous"] != last:
        return "does not follow the event before it"
    return _find_differing_column(event, facts)


def _find_differing_column(event: Event, facts: Mapping[str, Any]) -> str | None:
    pairs = {
        **{name: (getattr(event, name), facts[name]) for name in _COLUMNS},
        "time": (format_time(event.at), facts["at"]),
        "removal": (str(event.removal_id) if event.removal_id else None, facts["removal"]),
        "job": (str(event.job) if event.job else None, facts.get("job")),  # older events name none
        "begun_job": (event.begun_job, find_begun_job(facts)),
    }
    for name, (in_column, in_line) in pairs.items():
        if in_column != in_line:
            return f"has another {name} in its column than in its line"
    if (event.verb, event.outcome) != CODES.get(event.code):
        return "has another verb or outcome than its code"
    return None


def _find_place_of_key(event: Event) -> int:
    """Return the place in DASHBOARD_AUDIT_KEYS of the key that signed, 0 for the newest; or their number."""
    return _find_place(event.line, tuple(settings.DASHBOARD_AUDIT_KEYS))


@lru_cache(maxsize=4)  # who verifies an event asks twice
def _find_place(line: str, keys: tuple[str, ...]) -> int:
    try:
        return [_name_key(key) for key in keys].index(json.loads(line)["key"])
    except (ValueError, TypeError, KeyError):
        return len(keys)


@lru_cache(maxsize=16)
def _name_key(key: str) -> str:
    return hashlib.sha256(b"name of an audit key " + key.encode()).hexdigest()[:8]
