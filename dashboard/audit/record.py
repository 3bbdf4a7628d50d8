"""Writing an event: one committed row at the chain's end, one line on stdout for the company's log store."""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db import connection as database
from django.utils import timezone

from dashboard.identity import Caller, Person
from dashboard.logs import mask_ids
from dashboard.models import Connection, Event, Removal, insert
from dashboard.problems import Problem
from dashboard.units import format_iso

from . import chain
from .event_codes import CODES

lines: Final = logging.getLogger("dashboard.audit")
logger: Final = logging.getLogger(__name__)

_LOCK: Final = 0x7661756C74  # any number that no other program of this database uses
_SHORT: Final = {"actor_name": 255, "actor_email": 255, "media_id": 128, "ticket": 100}


class NotRecorded(Problem):
    """The event could not be committed, so the act that it would have told of must not happen."""

    title = "Nothing was done"
    advice = (
        "The record of this could not be written, and without one nothing is done: nothing was sent. "
        "Tell your administrator that the dashboard's database does not accept writes."
    )
    status = 503


class Throttle:
    """Admits one event of a kind and `most` of a code in `seconds`, and counts those held back.

    What anyone may cause without signing in must not fill the disk, nor pass unseen.
    """

    MAX_KINDS: Final = 10_000
    """Kinds that are remembered; the oldest are forgotten first."""

    def __init__(self, seconds: float = 60, most: int = 120) -> None:
        self.seconds, self.most = seconds, most
        self._kinds: dict[object, tuple[float, int]] = {}
        self._codes: dict[str, tuple[float, int, int]] = {}
        self._lock = threading.Lock()

    def admit(self, code: str, *kind: object) -> int | None:
        """Return the number held back since the last one admitted, or None to hold this one back."""
        now, never = time.monotonic(), -self.seconds
        with self._lock:
            since, held = self._kinds.pop((code, *kind), (never, 0))
            if now - since < self.seconds:
                self._kinds[code, *kind] = (since, held + 1)
                return None
            begun, admitted, over = self._codes.get(code, (never, 0, 0))
            if now - begun >= self.seconds:
                begun, admitted = now, 0
            if admitted >= self.most:
                self._codes[code] = (begun, admitted, over + held + 1)
                return None
            self._codes[code] = (begun, admitted + 1, 0)
            if len(self._kinds) >= self.MAX_KINDS:
                del self._kinds[next(iter(self._kinds))]
            self._kinds[code, *kind] = (now, 0)
            return held + over

    def clear(self) -> None:
        with self._lock:
            self._kinds.clear()
            self._codes.clear()


throttle: Final = Throttle()


def record(
    code: str,
    caller: Caller,
    *,
    connection: Connection | None = None,
    media_id: str = "",
    ticket: str = "",
    reason: str = "",
    removal: Removal | None = None,
    job: UUID | None = None,
    typed: str = "",
    before: Mapping[str, Any] | None = None,
    result: Mapping[str, Any] | None = None,
    row: Mapping[str, Any] | None = None,
) -> Event:
    """Append one event and return it; once committed it goes to stdout, too. Raise NotRecorded.

    `before` and `result` hold what JSON has, but no links. `job` is the bulk removal that it is within. `row`
    is how a row of the database stands after it, as far as the other facts do not tell.
    """
    facts = {
        "removal": str(removal.pk) if removal else None,
        "attempt": removal.attempt if removal else None,
        "job": str(job) if job else None,
        **_describe_actor(caller),
        "connection": connection.slug if connection else "",
        "connection_label": connection.label if connection else "",
        "connection_tail": connection.tail if connection else "",
        "media_id": media_id,
        "ticket": ticket,
        "reason": reason,
        "typed": typed,
        "before": before or {},
        "result": result or {},
        "row": row or {},
    }
    try:
        with transaction.atomic():
            event = _append(code, mask_ids(facts), removal.pk if removal else None, job)
    except DatabaseError as broken:
        raise NotRecorded(type(broken).__name__) from broken
    transaction.on_commit(lambda: lines.info("%s", chain.write_signed_line(event)))
    return event


def note(code: str, caller: Caller, *, reason: str = "", **facts: Any) -> None:
    """Record an event that must fail no request: one a minute, with the number of those held back."""
    person = caller.person  # behind a proxy everybody has the proxy's address
    missed = throttle.admit(code, caller.address, person and (person.issuer, person.subject), reason)
    if missed is None:
        return
    try:
        result = {**facts.pop("result", {}), "more": missed}
        record(code, caller, reason=reason, result=result, **facts)
    except NotRecorded as broken:
        logger.error("%s from %s could not be recorded: %s", code, caller.address, broken)


def lock_end_of_chain() -> None:
    """Let nobody else write an event until the transaction ends."""
    if database.vendor == "postgresql":  # SQLite lets one transaction write at a time anyway
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _append(code: str, facts: dict[str, Any], removal_id: UUID | None, job: UUID | None) -> Event:
    verb, outcome = CODES[code]
    lock_end_of_chain()
    sequence, previous = _read_end_of_chain() or (0, chain.GENESIS)
    at = timezone.now()
    head = {"sequence": sequence + 1, "at": chain.format_time(at), "code": code}
    line = chain.write_canonical({**head, **facts, "key": chain.name_current_key(), "previous": previous})
    event = Event(
        sequence=sequence + 1,
        at=at,
        code=code,
        verb=verb,
        outcome=outcome,
        removal_id=removal_id,
        job=job,
        begun_job=chain.find_begun_job({"code": code, **facts}),
        connection=facts["connection"],
        **{name: facts[name] for name in _SHORT},
        line=line,
        hash=chain.sign(line),
    )
    insert(event)
    return event


def _read_end_of_chain() -> tuple[int, str] | None:
    with database.cursor() as cursor:
        cursor.execute("SELECT sequence, hash FROM dashboard_event ORDER BY sequence DESC LIMIT 1")
        last: tuple[int, str] | None = cursor.fetchone()
    return last


def _describe_actor(caller: Caller) -> dict[str, Any]:
    person = caller.person or Person("", "", None)
    return {
        "actor_issuer": person.issuer,
        "actor_subject": person.subject,
        "actor_name": person.name,
        "actor_email": person.email.lower(),  # found by its index however it is written
        "role": person.role.word if person.role else "",
        "groups": list(person.matched),
        "mode": person.mode,
        "signed_in_at": format_iso(person.signed_in_at) if person.signed_in_at else None,
        "address": caller.address,
        "agent": caller.agent,
        "request_id": caller.request_id,
    }
